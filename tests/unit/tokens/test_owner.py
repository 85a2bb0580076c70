"""Which owner does what by itself: by what is planned, and no more once it is replaced."""

import asyncio

import pytest

from exporter.api.client import Client
from exporter.catalog import CATALOG
from exporter.config.schema import Config, SurfaceOptions, Target
from exporter.gates.slots import Slots
from exporter.links import Link, Valve, retire
from exporter.plan import plan
from exporter.runner import Access
from exporter.tokens import follow
from exporter.tokens.attempts import Wire
from tests.support.jobs import ACCOUNT
from tests.unit.tokens.stage import Hand, Server, stage


@pytest.mark.parametrize(("surface", "renewals"), [("vnf-operator.vnfs.list", 3), ("", 0)])
async def test_a_token_is_renewed_by_itself_while_a_planned_surface_needs_it(
    surface: str, renewals: int
) -> None:
    wanted = {"*": SurfaceOptions(mode="off"), "monitoring.health": SurfaceOptions(mode="read")}
    if surface:
        wanted[surface] = SurfaceOptions(mode="read")
    target = Target("lab", "http://lab", auth=ACCOUNT, surfaces=wanted)
    clock = Hand()
    async with stage(Server(clock, 300), clock) as api:
        follow(api.owner, plan(CATALOG, Config((target,))).targets[0])
        await api.owner.headers(1)
        for clock.now in (241, 482, 723):
            await api.settle()
    assert len(api.requests) == 1 + renewals


async def test_a_link_that_is_replaced_renews_no_more_while_its_runs_end() -> None:
    clock, ended = Hand(), asyncio.Event()
    async with stage(Server(clock, 300), clock) as api:
        client = Client(Target("lab", "http://lab"))
        access = Access(Wire(client.send, Slots(1)), lambda _: None, api.owner)
        link = Link((), client, access, Valve(lambda _: None))
        await api.owner.headers(1)
        run: asyncio.Task[object] = asyncio.create_task(ended.wait())
        retiring = asyncio.create_task(retire(link, [run]))
        await api.settle()
        clock.now = 241
        await api.settle()
        ended.set()
        await retiring
    assert len(api.requests) == 1
