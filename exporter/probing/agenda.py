"""What is due next, of all jobs: a heap of their instants, told the time by who asks."""

import heapq
import itertools
import math
from collections.abc import Container, Iterable
from typing import Final

from exporter.model.observation import Key
from exporter.planning.job import Job
from exporter.probing.grid import Grid, phase_of

_EARLY: Final = 0.001
"""Seconds: the timers of some event loops count whole milliseconds."""
_STARTS_PER_SECOND: Final = 200


class DueJob:
    """A job with its instants; ``number`` is of no other entry."""

    __slots__ = ("grid", "job", "number")

    def __init__(self, number: int, job: Job, grid: Grid) -> None:
        """Hold them."""
        self.number = number
        self.job = job
        self.grid = grid

    @property
    def hangs_on(self) -> tuple[str, str] | None:
        """The target, and which of its ids have to be known."""
        ids = self.job.surface.ids
        return None if ids is None else (self.job.key.target, ids.kind)


class Agenda:
    """The entries of all jobs, and which of them is due first.

    All instants are in seconds on one clock. An entry's place in the heap is at the instant that
    it is planned for. What is brought forward leaves a former place behind, once: what is found
    there is passed over, and gone with the next plan.
    """

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self._entries: dict[Key, DueJob] = {}
        self._heap: list[tuple[float, int, DueJob]] = []
        self._waiting: dict[tuple[str, str], dict[Key, DueJob]] = {}
        self._numbers = itertools.count()

    def __len__(self) -> int:
        """How many places there are: at most two for each job."""
        return len(self._heap)

    @property
    def first(self) -> float:
        """The instant to wait for; infinite where there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def due(self, now: float) -> DueJob | None:
        """Take out what is due first, if anything; it goes ``back`` with its next instant known."""
        while self._heap and self._heap[0][0] <= now + _EARLY:
            instant, _, entry = heapq.heappop(self._heap)
            if instant == entry.grid.planned:
                return entry
        return None

    def back(self, entry: DueJob) -> None:
        """Give an entry that was taken out its place at the instant that is planned now."""
        heapq.heappush(self._heap, (entry.grid.planned, entry.number, entry))

    def apply(self, jobs: Iterable[Job], now: float, offset: float) -> None:
        """Hold these from now on: what stays keeps its instants.

        What comes has its phase by the wall clock, which all processes share and which is ahead by
        ``offset`` seconds. Before that it is due at once, spread a little, unless it needs ids.
        """
        wanted = {job.key: job for job in jobs}
        for key, entry in list(self._entries.items()):
            if (job := wanted.pop(key, None)) is not None:
                _change(entry, job, now, offset)
            else:
                self.ran(key)
                del self._entries[key]
        spread = len(wanted) / _STARTS_PER_SECOND
        for key, job in wanted.items():
            grid = _grid(job, now, offset, None if job.surface.ids else spread)
            entry = self._entries[key] = DueJob(next(self._numbers), job, grid)
            if (ids := entry.hangs_on) is not None:
                self._waiting.setdefault(ids, {})[key] = entry
        self._heap = [(each.grid.planned, each.number, each) for each in self._entries.values()]
        heapq.heapify(self._heap)

    def clear(self) -> None:
        """Have nothing to do any more."""
        for room in (self._entries, self._heap, self._waiting):
            room.clear()

    def known(self, target: str, kind: str, now: float, running: Container[Key]) -> None:
        """Ids of a target are known: what waits for them, and is not running, is due now."""
        for key, entry in self._waiting.pop((target, kind), {}).items():
            if key not in running:
                entry.grid.planned = now
                self.back(entry)

    def ran(self, key: Key) -> None:
        """It had its run: no ids bring it forward any more."""
        if not self._waiting:
            return
        entry = self._entries.get(key)
        if entry is None or (ids := entry.hangs_on) is None:
            return
        waiting = self._waiting.get(ids, {})
        waiting.pop(key, None)
        if not waiting:
            self._waiting.pop(ids, None)


def _grid(job: Job, now: float, offset: float, spread: float | None = None) -> Grid:
    """Its phase is the same for ever; it begins within the spread, if that is given."""
    share = phase_of(job.key.target, job.key.surface)
    since = (now + offset - share * job.interval) % job.interval
    first = None if spread is None else now + share * min(spread, job.interval)
    return Grid(job.interval, now - since + job.interval, first)


def _change(entry: DueJob, job: Job, now: float, offset: float) -> None:
    entry.job = job
    if job.interval != entry.grid.interval:
        grid = _grid(job, now, offset)
        grid.succeed(entry.grid)
        entry.grid = grid
