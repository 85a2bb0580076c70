"""A token that is answered 401: who goes on with it, who waits for another, what that costs."""

import asyncio
from typing import Final

import pytest

from exporter.auth.identity import Headers
from exporter.model.observation import Key
from tests.support.jobs import answer, fault
from tests.support.sessions import accepted, refused
from tests.unit.auth.stage import SURFACE, Hand, Server, Stage, stage

OTHER: Final = Key("lab", "orchestrator", "orchestrator.intents.list")
THIRD: Final = Key("lab", "tn-manager", "tn-manager.agents.list")
LOGIN, REFRESH = "/auth/login", "/auth/refresh"
DOWN: Final = answer({}, status=503)
WRONG: Final = answer({}, status=401)


async def held(api: Stage) -> Headers:
    """A token that is a minute old."""
    headers = await api.owner.headers(SURFACE, 1)
    assert headers is not None
    api.clock.now += 60
    return headers


async def test_a_rejected_token_is_renewed_once_for_all_who_sent_it() -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await api.owner.headers(SURFACE, 1)
        assert old is not None
        clock.now = 60
        found = await asyncio.gather(*(api.owner.renewed(old, SURFACE, 1) for _ in range(20)))
    assert all(headers is not None and headers is not old for headers in found)
    assert len({id(headers) for headers in found}) == 1
    assert (server.logins, server.refreshes) == (1, 1)
    assert len(api.rejections()) == 20


async def test_a_surface_that_rejects_fresh_tokens_costs_one_renewal_in_five_minutes() -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        for clock.now in range(0, 600, 10):
            headers = await api.owner.headers(SURFACE, 1)
            assert headers is not None
            if await api.owner.renewed(headers, SURFACE, 1) is not None:
                refused(api.owner, SURFACE)
    assert server.logins + server.refreshes <= 4


async def test_a_rejection_while_a_renewal_is_in_flight_waits_for_it() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        old = await api.owner.headers(SURFACE, 1)
        assert old is not None
        clock.now = 500
        api.open.clear()
        assert await api.owner.headers(SURFACE, 1) is old
        waiting = asyncio.create_task(api.owner.renewed(old, SURFACE, 5))
        await api.settle()
        api.open.set()
        assert await waiting not in (None, old)
    assert server.refreshes == 1


@pytest.mark.parametrize("answers", [DOWN, WRONG, fault("connect_refused")])
async def test_the_others_go_on_with_it_where_no_other_can_be_had(answers: object) -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {LOGIN: answers, REFRESH: answers}  # type: ignore[dict-item]  # each is one
        for clock.now in range(60, 3500, 30):
            headers = await api.owner.headers(SURFACE, 1)
            assert headers is old
            accepted(api.owner, OTHER)
            assert await api.owner.renewed(headers, SURFACE, 1) is None
        assert not any(each.dropped for each in api.rejections())
        assert len(api.rejections()) == len(range(60, 3500, 30))
        clock.now = 3600
        assert await api.owner.headers(SURFACE, 1) is None


async def test_the_others_do_not_wait_for_the_renewal() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        old = await held(api)
        api.open.clear()
        assert await api.owner.renewed(old, SURFACE, 0.01) is None
        assert await api.owner.headers(SURFACE, 0) is old
        assert not api.owner.over(old, SURFACE)
        api.open.set()
        await api.settle()
        assert api.owner.over(old, SURFACE)
        assert await api.owner.headers(SURFACE, 0) not in (None, old)


async def test_a_component_that_rejects_a_token_takes_it_from_no_other() -> None:
    sibling = Key("lab", SURFACE.component, "vnf-operator.vnfs.get")
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        for key in (SURFACE, sibling):
            assert await api.owner.renewed(old, key, 1) is None
        assert await api.owner.headers(SURFACE, 0) is old
        assert not any(each.dropped for each in api.rejections())


async def test_what_a_token_before_was_accepted_for_is_no_word_for_this_one() -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await held(api)
        new = await api.owner.renewed(old, SURFACE, 1)
        assert new not in (None, old)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        clock.now += 60
        assert new is not None
        assert await api.owner.renewed(new, SURFACE, 1) is None
        accepted(api.owner, THIRD, api.owner.proof - 1)
        assert await api.owner.renewed(new, OTHER, 1) is None
        assert await api.owner.headers(THIRD, 0) is None
        assert api.rejections()[-1].dropped


async def test_a_token_that_a_second_component_rejects_is_given_up() -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        assert await api.owner.renewed(old, SURFACE, 1) is None
        assert await api.owner.renewed(old, SURFACE, 1) is None
        assert await api.owner.headers(SURFACE, 0) is old
        assert await api.owner.renewed(old, OTHER, 1) is None
        assert await api.owner.headers(SURFACE, 0) is None
        assert [each.dropped for each in api.rejections()] == [False, False, True]
        server.answers = {}
        clock.now += 5  # nobody asks: it is tried again all the same
        await api.settle()
        assert await api.owner.headers(SURFACE, 0) is not None


@pytest.mark.parametrize("needed", [True, False])
async def test_a_renewal_that_failed_is_tried_again_while_the_doubt_lasts(needed: object) -> None:
    clock = Hand()
    server = Server(clock, 86400)
    async with stage(server, clock) as api:
        api.need(needed=needed)
        old = await held(api)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        await api.owner.renewed(old, SURFACE, 1)
        server.answers = {}
        clock.now += 5
        if not needed:
            assert await api.owner.headers(SURFACE, 0) is old  # by the way of somebody who asks
        await api.settle()
        assert await api.owner.headers(SURFACE, 0) not in (None, old)


async def test_a_token_that_another_surface_accepts_meanwhile_is_kept() -> None:
    clock = Hand()
    server = Server(clock)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        await api.owner.renewed(old, SURFACE, 1)
        accepted(api.owner, THIRD)
        clock.now += 20
        await api.owner.renewed(old, OTHER, 1)
        assert await api.owner.headers(SURFACE, 0) is old
        assert not any(each.dropped for each in api.rejections())


async def test_a_surface_that_rejects_every_token_takes_none_from_others() -> None:
    clock = Hand()
    async with stage(Server(clock), clock) as api:
        for key in (SURFACE, OTHER):
            old = await held(api)
            assert await api.owner.renewed(old, key, 1) is not None
            refused(api.owner, key)
        new = await held(api)
        assert await api.owner.renewed(new, SURFACE, 1) is None
        assert await api.owner.renewed(new, OTHER, 1) is None
        assert await api.owner.headers(SURFACE, 0) is new
    assert len(api.requests) == 3


@pytest.mark.parametrize("patience", [1, 0])
async def test_an_api_that_accepts_no_token_costs_fifteen_renewals_an_hour(patience: float) -> None:
    clock = Hand()
    server = Server(clock, 86400)
    keys = [Key("lab", "c", str(number)) for number in range(22)]
    async with stage(server, clock) as api:
        for clock.now in range(0, 7200, 2):
            await api.settle()
            key = keys[clock.now // 2 % len(keys)]
            headers = await api.owner.headers(SURFACE, 1)
            if headers and await api.owner.renewed(headers, key, patience):
                refused(api.owner, key)
            if clock.now == 3600:
                assert 3 <= len(api.requests) - 1 <= 15
    assert len(api.requests) - 1 <= 27


async def test_a_token_that_is_revoked_is_renewed_at_once_beside_stubborn_surfaces() -> None:
    clock = Hand()
    server = Server(clock, 86400)
    stubborn = [Key("lab", "c", str(number)) for number in range(3)]
    async with stage(server, clock) as api:
        for clock.now in range(0, 7230, 30):
            headers = await held(api)
            for key in stubborn:
                accepted(api.owner, OTHER)
                if await api.owner.renewed(headers, key, 1):
                    refused(api.owner, key)
        headers = await held(api)
        assert await api.owner.renewed(headers, OTHER, 1) not in (None, headers)


async def test_the_rejected_token_is_not_given_back_when_the_renewal_in_flight_fails() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {LOGIN: DOWN, REFRESH: DOWN}
        api.open.clear()
        clock.now = 481
        assert await api.owner.headers(SURFACE, 0) is old
        waiting = asyncio.create_task(api.owner.renewed(old, SURFACE, 5))
        await api.settle()
        api.open.set()
        assert await waiting is None
        assert await api.owner.headers(SURFACE, 0) is old


async def test_a_401_to_a_token_that_was_over_is_no_rejection() -> None:
    clock = Hand()
    server = Server(clock, 600)
    async with stage(server, clock) as api:
        old = await held(api)
        server.answers = {REFRESH: DOWN, LOGIN: DOWN}
        clock.now = 590
        await api.settle()
        server.answers = {}
        clock.now = 601
        assert await api.owner.renewed(old, SURFACE, 1) not in (None, old)
        assert api.rejections() == []
