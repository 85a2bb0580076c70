"""What came for a callback is dated no later than it came, however busy the loop was."""

import asyncio
import itertools
import socket
import time
from time import perf_counter
from typing import NamedTuple

import pytest

from exporter.system import event_loop
from exporter.system.event_loop import EventLoop, turns_of

PAUSES = (0, 0.0005, 0.003, 0.02)


class Arrival(NamedTuple):
    """Something that came for a callback, and when it is said to have come."""

    since: float
    began: float
    seen: float


async def sent_in_a_long_turn(before: float, after: float) -> tuple[float, float, Arrival]:
    """Bytes that come so long before the end of a turn, and so long after its begin."""
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    arrived: asyncio.Future[Arrival] = loop.create_future()

    def take() -> None:
        arrived.set_result(_now())
        loop.remove_reader(ours)

    loop.add_reader(ours, take)
    with ours, theirs:
        time.sleep(before)  # noqa: ASYNC251  # that is what it is about
        asked = perf_counter()
        theirs.send(b"x")
        sent = perf_counter()
        time.sleep(after)  # noqa: ASYNC251  # that is what it is about
        return asked, sent, await arrived


def _now() -> Arrival:
    turns = turns_of(asyncio.get_running_loop())
    return Arrival(turns.since, turns.began, perf_counter())


@pytest.mark.parametrize(("before", "after"), [*itertools.product(PAUSES, PAUSES)])
def test_what_came_in_a_turn_of_the_loop_came_between_its_begin_and_its_end(
    before: float, after: float
) -> None:
    asked, sent, arrival = event_loop.run(sent_in_a_long_turn(before, after))
    assert arrival.since <= asked - before
    assert sent + after <= arrival.began <= arrival.seen


def test_where_the_loop_waited_there_is_nothing_to_doubt() -> None:
    loop = EventLoop()
    began = loop.turns.began
    assert loop.turns.select(0.001) == []
    assert began < loop.turns.since == loop.turns.began <= perf_counter()
    loop.close()


def test_a_turn_that_keeps_others_waiting_is_busy() -> None:
    async def working() -> tuple[float, float, float]:
        turns = turns_of(asyncio.get_running_loop())
        before = turns.busy()
        time.sleep(0.02)  # noqa: ASYNC251  # that is what it is about
        within = turns.busy()
        await asyncio.sleep(0)
        return before, within, turns.busy()

    before, within, after = event_loop.run(working())
    assert before + 0.02 <= within <= after


def test_of_another_loop_nothing_is_known() -> None:
    loop = asyncio.new_event_loop()
    turns = turns_of(loop)
    before = perf_counter()
    assert before <= turns.since <= turns.began <= perf_counter()
    assert turns.busy() == 0
    loop.close()


def test_a_loop_of_ours_is_told_by_its_turns() -> None:
    loop = EventLoop()
    assert turns_of(loop) is loop.turns
    loop.close()
