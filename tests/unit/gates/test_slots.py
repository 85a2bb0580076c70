"""Places for requests in flight."""

import asyncio

import pytest

from exporter.gates.slots import ESSENTIAL_SLOTS, Slots


async def test_ordinary_and_essential_places_are_apart() -> None:
    slots = Slots(1)
    assert await slots.acquire(essential=False, patience=0)
    assert not await slots.acquire(essential=False, patience=0)
    for _ in range(ESSENTIAL_SLOTS):
        assert await slots.acquire(essential=True, patience=0)
    assert not await slots.acquire(essential=True, patience=0)


async def test_whoever_waits_gets_the_place_that_is_given_back() -> None:
    slots = Slots(1)
    await slots.acquire(essential=False, patience=0)
    waiting = asyncio.create_task(slots.acquire(essential=False, patience=5))
    await asyncio.sleep(0)
    slots.release(essential=False)
    assert await waiting


async def test_a_place_not_had_in_time_is_not_lost() -> None:
    slots = Slots(1)
    await slots.acquire(essential=False, patience=0)
    assert not await slots.acquire(essential=False, patience=0.01)
    slots.release(essential=False)
    assert await slots.acquire(essential=False, patience=0)


@pytest.mark.parametrize(
    ("concurrency", "wanted", "lanes"), [(10, 20, 3), (10, 2, 2), (10, 1, 1), (2, 20, 1), (1, 9, 1)]
)
async def test_a_fan_out_has_at_most_a_third(concurrency: int, wanted: int, lanes: int) -> None:
    slots = Slots(concurrency)
    await slots.acquire(essential=False, patience=0)
    assert 1 + await slots.widen(essential=False, wanted=wanted) == lanes


async def test_a_fan_out_takes_only_what_is_free() -> None:
    slots = Slots(9)
    for _ in range(8):
        await slots.acquire(essential=False, patience=0)
    assert await slots.widen(essential=False, wanted=20) == 1
    assert await slots.widen(essential=False, wanted=20) == 0


async def test_an_essential_fan_out_stays_in_one_lane() -> None:
    slots = Slots(10)
    await slots.acquire(essential=True, patience=0)
    assert await slots.widen(essential=True, wanted=20) == 0
