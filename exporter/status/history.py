"""The sink that keeps the last runs of each surface, failed ones longer, for who asks what was.

It keeps what was observed as it is, and nothing is formatted before somebody looks.
"""

from collections.abc import Iterator
from itertools import chain, count
from operator import itemgetter
from typing import Final, TypeAlias

from msgspec import Struct, field

from exporter.model.observation import Key, OnDemandRun, Run, Skip
from exporter.model.reasons import SkipReason
from exporter.planning.job import Plan
from exporter.status.fanout import Sink

DEEPEST: Final = 10
"""Runs of each kind, well and failed, that are kept of a surface at most."""
BUDGET: Final = 1000
"""Runs of each kind that are kept of all surfaces, as far as each has at least one."""

HistoryEntry: TypeAlias = Run | OnDemandRun
_Numbered: TypeAlias = tuple[int, HistoryEntry]
"""With its place in the order in which they came: the time of day may have been set back since."""


class Skipped(Struct, frozen=True):
    """How often a surface was skipped for a reason, and when last; ``number`` orders these."""

    count: int
    at: float
    number: int = 0


_NEVER: Final = Skipped(0, 0.0)


class _KeptRuns(Struct):
    """What is kept of one surface: apart, so that well runs never push a failed one out.

    Nor do those that somebody asks for, however often, push out what the schedule saw. Few are
    kept, and of most surfaces only well ones: a tuple takes a tenth of what a deque does.
    """

    depth: int
    well: tuple[_Numbered, ...] = ()
    failed: tuple[_Numbered, ...] = ()
    asked: tuple[_Numbered, ...] = ()
    skipped: dict[SkipReason, Skipped] = field(default_factory=dict)

    def take(self, numbered: _Numbered) -> None:
        """Keep one, and as many of its kind before it as have room."""
        _, entry = numbered
        if isinstance(entry, OnDemandRun):
            self.asked = (*self.asked, numbered)[-max(1, self.depth // 2) :]
        elif entry.reason is None:
            self.well = (*self.well, numbered)[-self.depth :]
        else:
            self.failed = (*self.failed, numbered)[-self.depth :]

    def deep(self, depth: int) -> "_KeptRuns":
        """The same for another number of runs."""
        asked = self.asked[-max(1, depth // 2) :]
        return _KeptRuns(depth, self.well[-depth:], self.failed[-depth:], asked, self.skipped)


class History(Sink):
    """Sink that keeps the last runs and inquiries of what is planned."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._surfaces: dict[Key, _KeptRuns] = {}
        self._numbers = count()

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan; the more surfaces there are, the less is kept of each."""
        keys = [job.key for target in plan.targets for job in target.every]
        depth = max(1, min(DEEPEST, BUDGET // max(1, len(keys))))
        before = self._surfaces
        self._surfaces = {
            key: before[key].deep(depth) if key in before else _KeptRuns(depth) for key in keys
        }

    def ran(self, run: Run) -> None:
        """Keep it; one of a surface that is not planned is dropped, as all else of it is."""
        if (kept := self._surfaces.get(run.key)) is not None:
            kept.take((next(self._numbers), run))

    def asked(self, asked: OnDemandRun) -> None:
        """Keep it."""
        if (kept := self._surfaces.get(asked.key)) is not None:
            kept.take((next(self._numbers), asked))

    def skipped(self, skip: Skip) -> None:
        """Count it."""
        if (kept := self._surfaces.get(skip.key)) is not None:
            before = kept.skipped.get(skip.reason, _NEVER).count
            number = next(self._numbers)
            kept.skipped[skip.reason] = Skipped(before + skip.count, skip.at, number)

    def entries(self, target: str, surface: str, *, failed: bool) -> list[HistoryEntry]:
        """What is kept, newest first: of one target or surface alone where it is not empty."""
        found = [
            numbered
            for _, kept in self._of(target, surface)
            for numbered in chain(kept.failed, kept.asked, kept.well)
            if not failed or run_of(numbered[1]).reason is not None
        ]
        return [entry for _, entry in sorted(found, key=itemgetter(0), reverse=True)]

    def skips(self, target: str, surface: str) -> list[tuple[Key, SkipReason, Skipped]]:
        """What was skipped since the start, each surface with each reason, the latest first.

        Of one target or surface alone, where it is not empty.
        """
        found = [
            (key, reason, skipped)
            for key, kept in self._of(target, surface)
            for reason, skipped in kept.skipped.items()
        ]
        return sorted(found, key=lambda skip: skip[2].number, reverse=True)

    def _of(self, target: str, surface: str) -> Iterator[tuple[Key, _KeptRuns]]:
        for key, kept in self._surfaces.items():
            if target in ("", key.target) and surface in ("", key.surface):
                yield key, kept


def run_of(entry: HistoryEntry) -> Run:
    """The run that is kept, whoever wanted it."""
    return entry.run if isinstance(entry, OnDemandRun) else entry
