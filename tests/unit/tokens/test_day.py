"""A day in the life of a token, minute by minute and clock by clock."""

import itertools

import pytest

from tests.unit.tokens.stage import Hand, Server, stage

DAY = 86400
LIFETIMES = (30, 300, 3600, 86400)
SKEWS = (0, 3600, -3600)


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
    sent = 0
    async with stage(server, clock) as api:
        for clock.now in range(0, DAY, 15):
            headers = await api.owner.headers(1)
            await api.settle()
            if headers is not None:
                sent += 1
                assert server.accepts(dict(headers))
    renewals = server.logins if not refresh_works else server.refreshes + 1
    least = DAY / lifetime
    most = DAY / (lifetime - early) + 2
    assert least * 0.9 - 1 <= renewals <= most
    assert server.logins == (1 if refresh_works else renewals)
    assert sent >= DAY / 15 * 0.98


@pytest.mark.parametrize("step", [3600.0, -3600.0])
async def test_a_step_of_our_own_clock_changes_nothing(step: float) -> None:
    clock = Hand()
    server = Server(clock, 3600)
    async with stage(server, clock) as api:
        first = await api.owner.headers(1)
        clock.now, clock.step = 60, step
        assert await api.owner.headers(1) is first
        clock.now = 3301
        await api.owner.headers(1)
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
            assert await api.owner.headers(1) is not None
            await api.settle()
    assert (server.logins, server.refreshes) == (1, 7)
