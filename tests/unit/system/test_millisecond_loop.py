"""Timers on uvloop: never early, and they never spin."""

import asyncio

import pytest

from exporter.system.millisecond_loop import MillisecondLoop


def run_in_it(waits: list[float], *, later: bool) -> list[float]:
    """How late each of these waits ended, in seconds."""

    async def late() -> list[float]:
        loop, found = asyncio.get_running_loop(), []
        for wait in waits:
            done, until = loop.create_future(), loop.time() + wait
            if later:
                loop.call_later(wait, done.set_result, None)
            else:
                loop.call_at(until, done.set_result, None)
            await done
            found.append(loop.time() - until)
        return found

    with asyncio.Runner(loop_factory=MillisecondLoop) as runner:
        return runner.run(late())


@pytest.mark.parametrize("later", [False, True])
def test_no_timer_is_early(later: bool) -> None:  # noqa: FBT001  # a case
    waits = [number * 0.0003 for number in range(-1, 30)]
    assert min(run_in_it(waits, later=later)) >= 0


def test_a_timer_that_sets_itself_again_for_now_does_not_spin() -> None:
    async def turns() -> tuple[int, float]:
        loop, count = asyncio.get_running_loop(), 0
        began, done = loop.time(), loop.create_future()

        def turn() -> None:
            nonlocal count
            count += 1
            if count == 20:
                done.set_result(None)
            else:
                loop.call_at(began, turn)

        turn()
        await done
        return count, loop.time() - began

    with asyncio.Runner(loop_factory=MillisecondLoop) as runner:
        count, seconds = runner.run(turns())
    assert seconds >= (count - 1) * 0.001 * 0.9  # libuv counts whole milliseconds
