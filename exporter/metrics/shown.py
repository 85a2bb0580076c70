"""Families that show what is now: gauges, written from a snapshot."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import is_
from typing import Final

from msgspec.structs import astuple
from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from exporter.metrics.families.row import Family
from exporter.metrics.gauges import VIEWS, Labels, OfPlan, OfSurfaces, Passing
from exporter.metrics.lines import BLOCK, blocks, filled, number, series
from exporter.model.observation import Key
from exporter.status.snapshot import Snapshot

_FEW: Final = 1000
"""Lines that are kept though they were not on the last page."""


class Shown(ABC):
    """One family of gauges, of what it was told last."""

    def __init__(self, row: Family) -> None:
        """Begin with nothing to show."""
        self.row = row

    @property
    def described(self) -> Metric:
        """The family without samples."""
        row = self.row
        return Metric(row.name, row.help, row.kind, row.unit)

    @abstractmethod
    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        """What there is, with all labels: what the library's formats are made of."""

    @abstractmethod
    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        """The lines of that, a block at a time."""

    def _named(self, labels: Labels) -> dict[str, str]:
        return dict(zip(self.row.labels, labels, strict=True))


class _OfSurfaces(Shown):
    """A line for each surface, in which nothing but the number changes."""

    def __init__(self, row: Family, view: OfSurfaces) -> None:
        super().__init__(row)
        self._view = view
        self._keys: list[Key] = []
        self._starts: list[list[str]] = []

    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        labels = self._labels([surface.job.key for surface in snapshot.surfaces])
        for of, value in zip(labels, self._view.read(snapshot.surfaces), strict=True):
            if value is not None:
                yield of, value

    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        view, surfaces = self._view, snapshot.surfaces
        keys = [surface.job.key for surface in surfaces]
        if keys != self._keys:
            yield from self._prepare(keys)
        for starts, block in zip(self._starts, blocks(surfaces), strict=True):
            yield filled(starts, view.read(block), view.text)

    def _prepare(self, keys: list[Key]) -> Iterator[None]:
        made: list[list[str]] = []
        for block in blocks(keys):
            made.append([series(self.row.name, of) for of in self._labels(block)])
            yield None
        self._keys, self._starts = keys, made

    def _labels(self, keys: Sequence[Key]) -> Iterator[dict[str, str]]:
        for key in keys:
            for further in self._view.further:
                yield self._named((*astuple(key), *further))


class _OfPlan(Shown):
    """Lines that stay as they are for as long as the plan does."""

    def __init__(self, row: Family, view: OfPlan) -> None:
        super().__init__(row)
        self._view = view
        self._of: tuple[object, ...] = ()
        self._texts: list[str] = []

    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        yield from self._view.samples(snapshot)

    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        of = (*snapshot.targets, *(surface.job for surface in snapshot.surfaces))
        if len(of) != len(self._of) or not all(map(is_, of, self._of)):
            yield from self._prepare(snapshot, of)
        yield from self._texts

    def _prepare(self, snapshot: Snapshot, of: tuple[object, ...]) -> Iterator[None]:
        made: list[str] = []
        for block in blocks([*self._view.samples(snapshot)]):
            starts = [series(self.row.name, labels) for labels, _ in block]
            made.append(filled(starts, [value for _, value in block], number))
            yield None
        self._of, self._texts = of, made


class _Passing(Shown):
    """Lines that come and go; what they begin with is kept for when they come again."""

    def __init__(self, row: Family, view: Passing) -> None:
        super().__init__(row)
        self._view = view
        self._starts: dict[Labels, str] = {}

    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        for labels, value in self._view(snapshot):
            yield self._named(labels), value

    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        found, all_of_it = 0, iter(self._view(snapshot))
        while block := [*islice(all_of_it, BLOCK)]:
            found += len(block)
            starts = [self._start(labels) for labels, _ in block]
            yield filled(starts, [value for _, value in block], number)
        if len(self._starts) > 2 * found + _FEW:
            self._starts.clear()

    def _start(self, labels: Labels) -> str:
        if labels not in self._starts:
            self._starts[labels] = series(self.row.name, self._named(labels))
        return self._starts[labels]


class Gauges(Collector):
    """All gauges for the library, of one snapshot."""

    def __init__(self, families: Sequence[Shown], snapshot: Callable[[], Snapshot]) -> None:
        """Read nothing before it is asked for."""
        self._families = families
        self._snapshot = snapshot

    def describe(self) -> Iterable[Metric]:
        """The families without samples, for the registry."""
        return [family.described for family in self._families]

    def collect(self) -> Iterable[Metric]:
        """The families with what is now."""
        snapshot = self._snapshot()
        for family in self._families:
            metric = family.described
            metric.samples = [
                Sample(family.row.name, dict(labels), value)
                for labels, value in family.samples(snapshot)
            ]
            yield metric


def shown(row: Family) -> Shown:
    """The family of a row, as its view has it."""
    match VIEWS[row.name]:
        case OfSurfaces() as view:
            return _OfSurfaces(row, view)
        case OfPlan() as view:
            return _OfPlan(row, view)
        case view:
            return _Passing(row, view)
