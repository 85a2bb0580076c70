"""Families that show what is now: gauges, written from a snapshot."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import is_
from typing import Final

from msgspec.structs import astuple
from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from exporter.metrics.families.row import Family
from exporter.metrics.gauges import VIEWS, Labels, OfPlan, OfSurfaces, Passing
from exporter.metrics.lines import BLOCK, blocks, filled, labelled, number
from exporter.model.observation import Key
from exporter.status.snapshot import Snapshot

_AT_ONCE: Final = BLOCK // 4
"""Of those that have to be found first."""
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


class _Surfaces:
    """The labels of all surfaces as text, which is the same in all families."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._texts: dict[tuple[Labels, tuple[Labels, ...]], list[list[str]]] = {}

    def texts(
        self, keys: list[Key], names: Labels, further: tuple[Labels, ...]
    ) -> Generator[None, None, list[list[str]]]:
        """Block by block, those of each surface; they are called ``names`` with the further ones.

        Not more than one page is made at a time: these are of its surfaces.
        """
        if keys != self._keys:
            self._keys, self._texts = keys, {}
        if (names, further) not in self._texts:
            made: list[list[str]] = []
            for block in blocks(keys, len(further)):
                each = ((*astuple(key), *more) for key in block for more in further)
                made.append([labelled(dict(zip(names, of, strict=True))) for of in each])
                yield
            self._texts[names, further] = made
        return self._texts[names, further]


class _OfSurfaces(Shown):
    """A line for each surface, in which nothing but the number changes."""

    def __init__(self, row: Family, view: OfSurfaces, surfaces: _Surfaces) -> None:
        super().__init__(row)
        self._view = view
        self._surfaces = surfaces

    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        keys = [surface.job.key for surface in snapshot.surfaces]
        labels = ((*astuple(key), *more) for key in keys for more in self._view.further)
        for of, value in zip(labels, self._view.read(snapshot.surfaces), strict=True):
            if value is not None:
                yield self._named(of), value

    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        view, surfaces = self._view, snapshot.surfaces
        keys = [surface.job.key for surface in surfaces]
        labels = yield from self._surfaces.texts(keys, self.row.labels, view.further)
        for of, block in zip(labels, blocks(surfaces, len(view.further)), strict=True):
            yield filled(self.row.name, of, view.read(block), view.text)


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
            labels = [labelled(of) for of, _ in block]
            made.append(filled(self.row.name, labels, [value for _, value in block], number))
            yield None
        self._of, self._texts = of, made


class _Passing(Shown):
    """Lines that come and go; the text of their labels is kept for when they come again."""

    def __init__(self, row: Family, view: Passing) -> None:
        super().__init__(row)
        self._view = view
        self._known: dict[Labels, str] = {}

    def samples(self, snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
        for labels, value in self._view(snapshot):
            yield self._named(labels), value

    def texts(self, snapshot: Snapshot) -> Iterator[str | None]:
        found, all_of_it = 0, iter(self._view(snapshot))
        while block := [*islice(all_of_it, _AT_ONCE)]:
            found += len(block)
            labels = [self._labelled(of) for of, _ in block]
            yield filled(self.row.name, labels, [value for _, value in block], number)
        if len(self._known) > 2 * found + _FEW:
            self._known.clear()

    def _labelled(self, labels: Labels) -> str:
        if labels not in self._known:
            self._known[labels] = labelled(self._named(labels))
        return self._known[labels]


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


def shown(rows: Iterable[Family]) -> list[Shown]:
    """The families of rows, as their views have it."""
    surfaces = _Surfaces()
    return [_shown(row, surfaces) for row in rows]


def _shown(row: Family, surfaces: _Surfaces) -> Shown:
    match VIEWS[row.name]:
        case OfSurfaces() as view:
            return _OfSurfaces(row, view, surfaces)
        case OfPlan() as view:
            return _OfPlan(row, view)
        case view:
            return _Passing(row, view)
