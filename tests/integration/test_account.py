"""The account of a target against the real API, over reloads and over the life of its tokens."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import pytest
from aiohttp.test_utils import TestServer
from msgspec.structs import replace

from exporter.auth.backoff import account_of
from exporter.auth.renewal import RenewingToken
from exporter.catalog import CATALOG
from exporter.client.client import Client
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Auth, Config, Connection, Latency, Slo, Target, Timeouts, Tls
from exporter.config.values import Duration, Secret
from exporter.model.observation import GrantKind, Observation, Renewal, Run
from exporter.model.trace_context import Mint
from exporter.planning.job import Job, Plan
from exporter.planning.plan import plan
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.session import Means, TargetSession, files_for, sessions_for
from exporter.simulator.server import Simulator
from exporter.system.file_watcher import FileWatcher
from tests.support.jobs import jobs
from tests.support.sessions import session
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import SURFACE, Hand

KINDS: Final[tuple[GrantKind, ...]] = ("login", "refresh")
RIGHT: Final = Auth(type="login", username="demo", password=Secret("demo"))
WRONG: Final = Auth(type="login", username="demo", password=Secret("no such password"))


@asynccontextmanager
async def api(
    clock: Callable[[], float] = time.time, **knobs: object
) -> AsyncIterator[tuple[str, Callable[[], dict[str, int]]]]:
    """The simulator on loopback: its URL, and how many requests it saw of each surface."""
    simulator = Simulator({"name": "healthy", "latency_factor": 0, **knobs}, clock=clock)
    server = TestServer(simulator.application())
    await server.start_server(shutdown_timeout=0.1)

    def seen() -> dict[str, int]:
        counted: dict[str, int] = {}
        for row in simulator.gateway.seen.report(0)["counts"]:
            counted[row["surface"]] = counted.get(row["surface"], 0) + row["requests"]
        return counted

    try:
        yield str(server.make_url("/v1")), seen
    finally:
        await server.close()


def planned(target: Target) -> Plan:
    return plan(CATALOG, Config((target,)))


class Reloads:
    """One target over many configurations, as the process holds it."""

    def __init__(self) -> None:
        self.observed: list[Observation] = []
        self.sessions: dict[str, TargetSession] = {}

    async def apply(self, target: Target) -> TargetSession:
        """Go over to this one."""
        before, of = self.sessions, planned(target)
        files = files_for(of)
        means = Means(self.observed.append, Mint(), FileWatcher(), DiscoveredIds())
        self.sessions = sessions_for(of, files, before, means)
        session = self.sessions["lab"]
        for former in before.values():
            if former is not session:
                await former.retire(())
        session.apply(of.targets[0], files["lab"])
        return session

    async def headers(self) -> object:
        """Ask for a token as a run does, with time for a login."""
        return await self.sessions["lab"].identity.headers(SURFACE, 5)

    async def close(self) -> None:
        """End."""
        for each in self.sessions.values():
            await each.close()


def edits(target: Target) -> list[Target]:
    """What people change while they look for what is wrong; none is the account."""
    return [
        replace(target, latency=Latency(Duration(1), Duration(3))),
        replace(target, slo=(Slo(availability=0.5),)),
        replace(target, headers={"X-Tenant": Secret("noc")}),
        replace(target, tls=Tls(server_name="mano")),
        replace(target, connection=Connection(concurrency=3)),
        replace(target, timeouts=Timeouts(total=Duration(20))),
        target,
    ]


async def test_a_wrong_password_is_sent_once_however_often_the_rest_is_edited() -> None:
    reloads = Reloads()
    async with api() as (url, seen):
        target = Target("lab", url, auth=WRONG)
        for edited in (target, *edits(target)):
            await reloads.apply(edited)
            assert await reloads.headers() is None
        assert seen()["auth.login"] == 1
        await reloads.apply(replace(target, auth=replace(WRONG, username="another")))
        assert await reloads.headers() is None
        assert seen()["auth.login"] == 2
        await reloads.apply(replace(target, auth=RIGHT))
        assert await reloads.headers() is not None
        await reloads.close()


async def test_what_no_token_is_made_of_may_change_under_it_and_is_followed() -> None:
    reloads = Reloads()
    async with api(delay={"auth.login": 0.05}) as (url, seen):
        target = Target("lab", url, auth=RIGHT)
        first = await reloads.apply(target)
        hurried = replace(target, latency=Latency(Duration(0.001), Duration(0.002)))
        assert await reloads.apply(hurried) is first
        token = await reloads.headers()
        assert await reloads.apply(target) is first
        assert await reloads.headers() is token
        assert seen()["auth.login"] == 1
        await reloads.close()
    assert [each.reason for each in reloads.observed if isinstance(each, Run)] == ["slow"]


async def test_a_token_outlives_its_connection_also_where_no_other_can_be_had() -> None:
    reloads = Reloads()
    async with api() as (url, seen):
        target = Target("lab", url, auth=RIGHT)
        await reloads.apply(target)
        assert seen() == {}
        token = await reloads.headers()
        assert token is not None
    for edited in edits(target):
        await reloads.apply(edited)
        assert await reloads.headers() is token
    await reloads.close()
    assert [each.reason for each in reloads.observed if isinstance(each, Renewal)] == [None]


@pytest.mark.parametrize("rotation", ["overlap", "strict", "none", "unsaid"])
async def test_one_login_lasts_however_refresh_tokens_are_told(rotation: str) -> None:
    clock, observed = Hand(), list[Observation]()
    async with api(clock.wall, token_seconds=600, refresh_rotation=rotation) as (url, seen):
        settings = connection_settings(lab := Target("lab", url, auth=RIGHT))
        client = Client(settings, files_of(settings))
        line = session(client.send, observed.append, lab)
        grants: dict[GrantKind, Job] = {kind: jobs()[f"auth.{kind}"] for kind in KINDS}
        account = account_of(url, RIGHT)
        secrets = secrets_of(RIGHT)
        owner = RenewingToken(grants, RIGHT, line, account, secrets, clock)
        tokens = []
        for clock.now in range(0, 7000, 700):
            tokens.append(await owner.headers(SURFACE, 5))
        await owner.close()
        await client.close()
        assert seen() == {"auth.login": 1, "auth.refresh": 9}
    assert None not in tokens
    assert len({str(each) for each in tokens}) == 10
    assert all(each.reason is None for each in observed if isinstance(each, Renewal))
