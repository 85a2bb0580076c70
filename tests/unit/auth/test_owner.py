"""Which owner does what by itself: by what is planned, and no more once it is replaced."""

import asyncio

import pytest
from msgspec.structs import replace

from exporter.config.schema import SurfaceOptions, Target
from exporter.config.values import Secret
from exporter.model.exchange import Exchange
from tests.support.jobs import ACCOUNT, answer, fault
from tests.support.sessions import planned, session
from tests.unit.auth.stage import SURFACE, Hand, Server, stage


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
        api.owner.apply(planned(target), api.secrets)
        await api.owner.headers(SURFACE, 1)
        for clock.now in (241, 482, 723):
            await api.settle()
    assert len(api.requests) == 1 + renewals


async def test_an_owner_that_is_replaced_renews_no_more_while_its_runs_end() -> None:
    clock, ended = Hand(), asyncio.Event()
    async with stage(Server(clock, 300), clock) as api:
        replaced = session(api.send, lambda _: None, Target("lab", "http://lab"))
        replaced.identity = api.owner
        await api.owner.headers(SURFACE, 1)
        run: asyncio.Task[object] = asyncio.create_task(ended.wait())
        retiring = asyncio.create_task(replaced.retire([run]))
        await api.settle()
        clock.now = 241
        await api.settle()
        ended.set()
        await retiring
    assert len(api.requests) == 1


async def test_a_token_is_the_account_s_and_outlives_the_connection() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as before:
        token = await before.owner.headers(SURFACE, 1)
        clock.now = 60
        async with stage(server, clock, former=before.owner) as after:
            before.owner.rest()
            assert token is not None
            assert await after.owner.headers(SURFACE, 0) is token
            clock.now = 481  # nobody asks
            await after.settle()
    assert (server.logins, server.refreshes) == (1, 1)
    assert len(before.requests) == 1


@pytest.mark.parametrize("changed", [{"username": "another"}, {"password": Secret("other")}])
async def test_a_token_of_other_settings_is_not_taken_over(changed: dict[str, object]) -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as before:
        token = await before.owner.headers(SURFACE, 1)
        assert token is not None
        auth = replace(ACCOUNT, **changed)
        async with stage(Server(clock), clock, auth, before.owner) as after:
            assert await after.owner.headers(SURFACE, 0) is not token


@pytest.mark.parametrize(
    ("told", "least"),
    [
        (answer({"access_token": "t", "expires_in": 1}), 10),
        (answer({}, status=503), 1),
        (answer({}, status=429, headers={"Retry-After": "40"}), 40),
    ],
)
async def test_the_next_login_is_no_sooner_however_often_the_connection_is_replaced(
    told: Exchange, least: int
) -> None:
    clock, former = Hand(), None
    server = Server(clock)
    server.answers["/auth/login"] = told
    for tenth in range(0, 10 * least, 5):
        clock.now = tenth / 10
        async with stage(server, clock, former=former) as api:
            former = api.owner
            await former.headers(SURFACE, 1)
    assert server.logins + server.refreshes == 1


async def test_an_owner_that_rests_asks_for_nothing_whoever_still_goes_by_it() -> None:
    clock = Hand()
    async with stage(Server(clock, 300), clock) as api:
        token = await api.owner.headers(SURFACE, 1)
        assert token is not None
        clock.now = 60
        api.owner.rest()
        assert await api.owner.headers(SURFACE, 1) is token
        assert await api.owner.renewed(token, SURFACE, 1) is None
        clock.now = 301
        assert await api.owner.headers(SURFACE, 1) is None
    assert len(api.requests) == 1


async def test_an_owner_that_rests_tells_its_follower_nothing() -> None:
    """Its login that fails late would make a refused password worth another attempt."""
    clock = Hand()
    server = Server(clock)
    async with stage(lambda _: fault("read_timeout"), clock) as before:
        before.open.clear()
        assert await before.owner.headers(SURFACE, 0.01) is None
        clock.now = 10
        server.password = "another"
        async with stage(server, clock, former=before.owner) as after:
            before.owner.rest()
            assert await after.owner.headers(SURFACE, 1) is None
            before.open.set()
            await before.settle()
            assert await before.owner.headers(SURFACE, 1) is None
            for clock.now in range(11, 900, 20):
                assert await after.owner.headers(SURFACE, 1) is None
    assert server.logins == len(before.requests) == 1
