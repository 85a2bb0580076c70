"""What bounds a request does what asyncio's own time-out does, for less."""

import asyncio
from asyncio import timeout
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

import pytest

from exporter.client import deadlines
from exporter.client.deadlines import Deadline

LONG: Final = 3600.0
SHORT: Final = 0.01

Bound = Callable[[float], AbstractAsyncContextManager[Any]]


@asynccontextmanager
async def ours(seconds: float) -> Any:  # noqa: ANN401  # what a decorator makes of it
    with Deadline(seconds):
        yield


@pytest.fixture(params=[ours, timeout], ids=["ours", "asyncio's"])
def bound(request: pytest.FixtureRequest) -> Bound:
    chosen: Bound = request.param
    return chosen


def entries() -> int:
    return len(deadlines._known[asyncio.get_running_loop()]._heap)  # noqa: SLF001  # what is bounded


async def test_what_is_in_time_is_left_alone(bound: Bound) -> None:
    async with bound(LONG):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seconds", [SHORT, 0, -1])
async def test_what_is_late_has_timed_out(bound: Bound, seconds: float) -> None:
    with pytest.raises(TimeoutError):
        async with bound(seconds):
            await asyncio.Event().wait()


async def test_the_sooner_of_two_ends_what_is_under_both(bound: Bound) -> None:
    for outer, inner in ((LONG, SHORT), (SHORT, LONG)):
        with pytest.raises(TimeoutError):
            async with bound(outer), bound(inner):
                await asyncio.Event().wait()


async def test_an_error_of_what_is_bounded_stays_what_it_is(bound: Bound) -> None:
    with pytest.raises(KeyError):
        async with bound(LONG):
            raise KeyError


async def test_who_is_cancelled_by_others_has_not_timed_out(bound: Bound) -> None:
    async def work() -> None:
        async with bound(LONG):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_by_others_too_is_cancelled(bound: Bound) -> None:
    async def work() -> None:
        async with bound(SHORT):
            try:
                await asyncio.Event().wait()
            finally:
                task.cancel()

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_each_of_many_has_its_own() -> None:
    late: list[int] = []

    async def work(number: int) -> None:
        try:
            with Deadline(LONG if number % 2 else SHORT * (1 + number % 7)):
                await asyncio.sleep(SHORT / 10 if number % 2 else LONG)
        except TimeoutError:
            late.append(number)

    await asyncio.gather(*map(work, range(300)))
    assert sorted(late) == [*range(0, 300, 2)]


async def test_it_may_be_ended_sooner_and_only_once() -> None:
    async def work() -> None:
        with deadline:
            await asyncio.Event().wait()

    deadline = Deadline(LONG)
    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    deadline.end(KeyError)
    deadline.end(ValueError)
    with pytest.raises(KeyError):
        await task
    deadline.end(ValueError)
    await asyncio.sleep(0)


async def test_those_that_are_over_do_not_pile_up() -> None:
    with Deadline(LONG):
        for _ in range(10_000):
            with Deadline(LONG):
                pass
        assert entries() < 200
    with pytest.raises(TimeoutError), Deadline(SHORT):
        await asyncio.Event().wait()


async def test_a_loops_timer_ends_with_what_it_was_for() -> None:
    with pytest.raises(TimeoutError), Deadline(SHORT):
        await asyncio.Event().wait()
    assert entries() == 0
    assert deadlines._known[asyncio.get_running_loop()]._timer is None  # noqa: SLF001  # it is all
