"""The instants at which a job is planned to run, as pure arithmetic."""

import hashlib
import math
from typing import Final

EARLY: Final = 0.05
"""A fire this much before its instant is that instant: wall clock and loop clock drift apart."""


def phase_of(*names: str) -> float:
    """Where in its interval something has its place: a ratio from 0 up to 1, the same for ever.

    A hash spreads the load evenly and keeps each probe's distance from the last one over
    restarts; random jitter does neither.
    """
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


class Grid:
    """The planned instants of one job on one clock, in seconds, each taken exactly once.

    They lie ``interval`` seconds apart, but for the first, which may lie anywhere; the second is
    then the next of the grid that is at least half an interval later.
    """

    def __init__(self, interval: float, origin: float, first: float | None) -> None:
        """Begin at ``first``, or at ``origin``, an instant of the grid."""
        self.interval = interval
        self._origin = origin
        self.planned = origin if first is None else first
        self.taken: float | None = None

    def after(self, instant: float) -> float:
        """The first instant of the grid after the given one."""
        steps = math.floor((instant - self._origin) / self.interval) + 1
        return self._origin + steps * self.interval

    def following(self) -> float:
        """The instant after the planned one."""
        return self.after(self.planned + self.interval / 2)

    def upcoming(self, now: float) -> float:
        """The instant to wait for; not the planned one where that is due and about to be taken."""
        return self.planned if self.planned > now + EARLY else self.after(now + EARLY)

    def take(self) -> float:
        """Run at the planned instant, which is the answer, and plan the one after it."""
        self.taken, self.planned = self.planned, self.following()
        return self.taken

    def succeed(self, former: "Grid") -> None:
        """Go on from a grid with another interval.

        What was planned there stays, unless this grid has an earlier instant, at least half an
        interval after the one that was taken last.
        """
        self.taken = former.taken
        own = self.planned
        if self.taken is not None:
            own = max(own, self.after(self.taken + self.interval / 2))
        self.planned = min(own, former.planned)

    def missed(self, now: float) -> int:
        """Leave behind, and count, the instants that a later one has overtaken, or that are stale.

        The planned instant is then less than half an interval old, or still to come, so that two
        runs are never closer than half an interval.
        """
        stale = now - self.interval / 2
        return self._leave(stale) if self.planned < stale else 0

    def overrun(self, now: float) -> int:
        """Leave behind every instant that is due, and count them."""
        return self._leave(now) if self.planned <= now else 0

    def _leave(self, instant: float) -> int:
        """Leave the planned instant behind, and all up to the given one: in one step."""
        first = self.following()
        self.planned = max(first, self.after(instant))
        return 1 + round((self.planned - first) / self.interval)
