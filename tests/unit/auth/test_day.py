"""A day in the life of a token, minute by minute and clock by clock."""

import itertools

import jwt
import pytest

from tests.support.jobs import answer
from tests.unit.auth.stage import SECRET, SURFACE, Hand, Server, Stage, stage

DAY = 86400
LIFETIMES = (30, 300, 3600, 86400)
SKEWS = (0, 3600, -3600)


async def day(api: Stage, server: Server, interval: int = 15, step: int = 15) -> int:
    """Ask for a day, or until the clock says so; how many asked in vain."""
    vain = 0
    for now in range(0, DAY, step):
        api.clock.now = now
        if now % interval == 0:
            headers = await api.owner.headers(SURFACE, 1)
            assert headers is None or server.accepts(headers), f"over at {now}"
            vain += headers is None
        await api.settle()
    return vain


@pytest.mark.parametrize(
    ("lifetime", "ahead", "refresh_works"),
    list(itertools.product(LIFETIMES, SKEWS, (True, False))),
)
async def test_no_expired_token_is_sent_and_no_renewal_is_wasted(
    lifetime: float, ahead: float, refresh_works: object
) -> None:
    clock = Hand()
    server = Server(clock, lifetime, ahead)
    server.refresh_works = bool(refresh_works)
    early = min(300, lifetime / 5)
    async with stage(server, clock) as api:
        vain = await day(api, server)
    renewals = server.logins if not refresh_works else server.refreshes + 1
    least = DAY / lifetime
    most = DAY / (lifetime - early) + 2
    assert least * 0.9 - 1 <= renewals <= most
    assert server.logins == (1 if refresh_works else renewals)
    assert vain <= DAY / 15 * 0.02


@pytest.mark.parametrize("interval", [15, 600, 7200])
async def test_a_target_that_is_seldom_probed_has_a_token_all_the_same(interval: int) -> None:
    clock = Hand()
    server = Server(clock, 300)
    async with stage(server, clock) as api:
        assert await day(api, server, interval) == 0
        assert api.renewals()[-1].at >= clock.wall() - 240
    assert (server.logins, server.refreshes) == (1, DAY / 240 - 1)


async def test_a_server_that_tells_the_refresh_token_only_once_is_refreshed_by_it() -> None:
    clock = Hand()
    server = Server(clock, 600)
    server.tells_refresh_token = False
    async with stage(server, clock) as api:
        assert await day(api, server) == 0
    assert (server.logins, server.refreshes) == (1, DAY / 480 - 1)


@pytest.mark.parametrize("ahead", SKEWS)
async def test_servers_that_tell_no_time(ahead: float) -> None:
    clock = Hand()
    server = Server(clock, 3600, ahead)
    server.tells_date = False
    async with stage(server, clock) as api:
        assert await day(api, server) == 0
    assert server.logins == 1
    assert server.refreshes <= DAY / 3300


async def test_where_a_login_is_slow_only_the_first_of_rare_probes_is_without_a_token() -> None:
    clock = Hand()
    server = Server(clock, 300)
    server.takes = 1.5
    without = []
    async with stage(server, clock) as api:
        for clock.now in range(7200):
            if clock.now % 600 == 0 and await api.owner.headers(SURFACE, 0) is None:
                without.append(clock.now)
            await api.settle()
    assert without == [0]
    assert server.logins == 1


@pytest.mark.parametrize("takes", [0, 9])
async def test_the_time_an_answer_takes_is_no_part_of_a_token_s_life(takes: float) -> None:
    clock = Hand()
    server = Server(clock, 30)
    server.takes = takes
    server.refresh_works = False
    sent = 0
    async with stage(server, clock) as api:
        for clock.now in range(600):
            headers = await api.owner.headers(SURFACE, 0)
            assert headers is None or server.accepts(headers), f"over at {clock.now}"
            sent += headers is not None
            await api.settle()
        lifetimes = [each.lifetime for each in api.renewals() if each.reason is None]
    assert lifetimes == [pytest.approx(30 - takes, abs=0.01)] * len(lifetimes)
    assert sent > 600 * 0.5


@pytest.mark.parametrize("takes", [0, 9])
@pytest.mark.parametrize(
    ("issued", "expires_in", "waited"), [(None, None, 0), (-100, None, 0), (None, 30, 1)]
)
async def test_a_life_by_our_clock_begins_with_the_answer(
    issued: float | None, expires_in: float | None, waited: int, takes: float
) -> None:
    """An end is at a time, however long the answer took; a span may have begun before it."""
    clock = Hand()
    claims = {"exp": clock.wall() + 30} | ({"iat": clock.wall() + issued} if issued else {})
    grant = {"access_token": jwt.encode(claims, SECRET), "expires_in": expires_in}
    told = answer(grant, duration=takes, at=clock.wall())
    async with stage(lambda _: told, clock) as api:
        await api.owner.headers(SURFACE, 1)
    (renewal,) = api.renewals()
    assert renewal.lifetime == pytest.approx(30 - waited * takes, abs=0.01)


async def test_an_answer_that_takes_longer_than_its_token_lives_gives_none() -> None:
    clock = Hand()
    server = Server(clock, 5)
    server.takes = 6
    async with stage(server, clock) as api:
        for clock.now in (0, 6):
            assert await api.owner.headers(SURFACE, 0) is None
            await api.settle()
    assert api.runs() == [each.reason for each in api.renewals()] == ["body_invalid"]


@pytest.mark.parametrize("needed", [True, False])
async def test_nobody_renews_for_surfaces_that_are_off(needed: object) -> None:
    clock = Hand()
    server = Server(clock, 300)
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
        api.need(needed=needed)
        for clock.now in range(0, 3600, 15):
            await api.settle()
    assert len(api.requests) == (15 if needed else 1)


async def test_at_the_end_nothing_is_left_to_be_done() -> None:
    clock = Hand()
    async with stage(Server(clock, 300), clock) as api:
        await api.owner.headers(SURFACE, 1)
    clock.now = DAY
    await api.settle()
    assert len(api.requests) == 1


@pytest.mark.parametrize("step", [3600.0, -3600.0])
async def test_a_step_of_our_own_clock_changes_nothing(step: float) -> None:
    clock = Hand()
    server = Server(clock, 3600)
    async with stage(server, clock) as api:
        first = await api.owner.headers(SURFACE, 1)
        clock.now, clock.step = 60, step
        assert await api.owner.headers(SURFACE, 1) is first
        clock.now = 3301
        await api.owner.headers(SURFACE, 1)
        await api.settle()
    assert (server.logins, server.refreshes) == (1, 1)


@pytest.mark.parametrize("ahead", [3600.0, -3600.0, 0.0])
async def test_opaque_tokens_and_servers_without_a_date_work_too(ahead: float) -> None:
    clock = Hand()
    server = Server(clock, 600, ahead)
    server.opaque = True
    server.tells_date = False
    async with stage(server, clock) as api:
        for clock.now in range(0, 3600, 15):
            assert await api.owner.headers(SURFACE, 1) is not None
            await api.settle()
    assert (server.logins, server.refreshes) == (1, 7)
