"""How many requests of a target may be in flight: a place is taken before, given back after."""

import asyncio
from typing import ClassVar, Final

from exporter.gates.gate import Entry, Gate, Refusal
from exporter.model.reasons import SkipReason
from exporter.planning.job import TargetPlan

ESSENTIAL_SLOTS: Final = 2
"""What health and login have to themselves, whatever hangs."""
_ROUND_SHARE: Final = 3
"""A fan-out takes at most a third of the slots, so that one that hangs starves nobody."""
_FULL: Final = Refusal("overrun")


def lanes(concurrency: int) -> int:
    """How many places a fan-out may have at most, of its target's concurrency."""
    return max(1, concurrency // _ROUND_SHARE)


class Slots(Gate):
    """Gate of one target: its ``connection.concurrency`` places, and the essential ones.

    A run waits for one place. A fan-out is given further ones where they are free.
    """

    refuses: ClassVar[frozenset[SkipReason]] = frozenset({"overrun"})

    def __init__(self, plan: TargetPlan) -> None:
        """See ``Gate``."""
        concurrency = plan.target.connection.concurrency
        self._ordinary = asyncio.Semaphore(concurrency)
        self._essential = asyncio.Semaphore(ESSENTIAL_SLOTS)
        self._lanes = lanes(concurrency)

    async def admit(self, entry: Entry) -> Refusal | None:
        """See ``Gate``."""
        places = self._places(entry)
        if not places.locked():
            await places.acquire()
        elif not await _taken(places, entry.patience):
            return _FULL
        most = min(entry.lanes, 1 if entry.job.essential else self._lanes)
        entry.lanes = 1
        while entry.lanes < most and not places.locked():
            await places.acquire()
            entry.lanes += 1
        return None

    def leave(self, entry: Entry) -> None:
        """See ``Gate``."""
        self._places(entry).release()

    def _places(self, entry: Entry) -> asyncio.Semaphore:
        return self._essential if entry.job.essential else self._ordinary


async def _taken(places: asyncio.Semaphore, patience: float) -> bool:
    try:
        async with asyncio.timeout(patience):
            return await places.acquire()
    except TimeoutError:
        return False
