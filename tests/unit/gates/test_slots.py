"""Places for requests in flight."""

import asyncio
from typing import Final

import pytest

from exporter.gates.gate import Entry, Refusal
from exporter.gates.slots import ESSENTIAL_SLOTS
from tests.support.jobs import jobs
from tests.support.sessions import leave, slots, taken

JOBS: Final = jobs()
ORDINARY: Final = JOBS["tn-manager.agents.status"]
ESSENTIAL: Final = JOBS["monitoring.health"]


async def test_ordinary_and_essential_places_are_apart() -> None:
    gate = slots(1)
    assert await taken(gate, ORDINARY)
    assert not await taken(gate, ORDINARY)
    for _ in range(ESSENTIAL_SLOTS):
        assert await taken(gate, ESSENTIAL)
    assert not await taken(gate, ESSENTIAL)


async def test_a_full_one_says_why() -> None:
    gate = slots(1)
    await taken(gate, ORDINARY)
    assert await gate.admit(Entry(ORDINARY, 1, 0)) == Refusal("overrun")
    assert gate.refuses == {"overrun"}


async def test_whoever_waits_gets_the_place_that_is_given_back() -> None:
    gate = slots(1)
    first = await taken(gate, ORDINARY)
    assert first is not None
    waiting = asyncio.create_task(taken(gate, ORDINARY, patience=5))
    await asyncio.sleep(0)
    leave(gate, first)
    assert await waiting


async def test_a_place_not_had_in_time_is_not_lost() -> None:
    gate = slots(1)
    first = await taken(gate, ORDINARY)
    assert first is not None
    assert not await taken(gate, ORDINARY, patience=0.01)
    leave(gate, first)
    assert await taken(gate, ORDINARY)


@pytest.mark.parametrize(
    ("concurrency", "wanted", "lanes"), [(10, 20, 3), (10, 2, 2), (10, 1, 1), (2, 20, 1), (1, 9, 1)]
)
async def test_a_fan_out_has_at_most_a_third(concurrency: int, wanted: int, lanes: int) -> None:
    entry = await taken(slots(concurrency), ORDINARY, wanted)
    assert entry is not None
    assert entry.lanes == lanes


async def test_a_fan_out_takes_only_what_is_free() -> None:
    gate = slots(9)
    for _ in range(7):
        await taken(gate, ORDINARY)
    entry = await taken(gate, ORDINARY, 20)
    assert entry is not None
    assert entry.lanes == 2
    assert not await taken(gate, ORDINARY, 20)


async def test_an_essential_fan_out_stays_in_one_lane() -> None:
    entry = await taken(slots(10), ESSENTIAL, 20)
    assert entry is not None
    assert entry.lanes == 1
