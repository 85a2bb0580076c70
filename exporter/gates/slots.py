"""How many requests of a target may be in flight: a place is taken before, given back after."""

import asyncio
from typing import ClassVar, Final

from exporter.observation import SkipReason

ESSENTIAL_SLOTS: Final = 2
"""What health and login have to themselves, whatever hangs."""
_ROUND_SHARE: Final = 3
"""A fan-out takes at most a third of the slots, so that one that hangs starves nobody."""


def lanes(concurrency: int) -> int:
    """How many places a fan-out may have.

    Args:
        concurrency: of its target.

    Returns:
        The most.
    """
    return max(1, concurrency // _ROUND_SHARE)


class Slots:
    """The places of one target: its ``connection.concurrency``, and the essential ones."""

    refuses: ClassVar[frozenset[SkipReason]] = frozenset(("overrun",))
    """For what a run may be refused."""

    def __init__(self, concurrency: int) -> None:
        """Make that many ordinary places."""
        self._ordinary = asyncio.Semaphore(concurrency)
        self._essential = asyncio.Semaphore(ESSENTIAL_SLOTS)
        self._lanes = lanes(concurrency)

    async def acquire(self, *, essential: bool, patience: float) -> bool:
        """Take a place.

        Args:
            essential: from the essential ones.
            patience: how long to wait for it, in seconds.

        Returns:
            Whether there was one.
        """
        semaphore = self._semaphore(essential=essential)
        if not semaphore.locked():
            return await semaphore.acquire()
        try:
            async with asyncio.timeout(patience):
                return await semaphore.acquire()
        except TimeoutError:
            return False

    def release(self, *, essential: bool, count: int = 1) -> None:
        """Give places back."""
        semaphore = self._semaphore(essential=essential)
        for _ in range(count):
            semaphore.release()

    async def widen(self, *, essential: bool, wanted: int) -> int:
        """Take further places for a fan-out that has one, without waiting.

        Args:
            essential: from the essential ones.
            wanted: how many requests the fan-out has.

        Returns:
            How many were taken besides.
        """
        semaphore = self._semaphore(essential=essential)
        most = 1 if essential else self._lanes
        taken = 0
        while taken + 1 < min(wanted, most) and not semaphore.locked():
            await semaphore.acquire()
            taken += 1
        return taken

    def _semaphore(self, *, essential: bool) -> asyncio.Semaphore:
        return self._essential if essential else self._ordinary
