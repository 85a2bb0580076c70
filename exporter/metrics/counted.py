"""Families that are counted in: our own, as a page of 1000 surfaces has 60 000 of their samples.

The library's registry, metric types and formats work on them, and are what tests hold them against.
All is counted on the event loop: no lock is taken.
"""

import time
from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final, Generic, TypeVar

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString

from exporter.metrics.families.row import Family
from exporter.metrics.lines import SHORT, blocks, number, repeated, series, template
from exporter.model.trace_context import TraceContext

_NONE: Final[Mapping[int, "_Exemplar"]] = {}


class Counter:
    """One counter. ``frozen`` is what the page in the making shows, ``None`` if it is not on it."""

    __slots__ = ("frozen", "value")

    def __init__(self) -> None:
        """Begin at 0."""
        self.value = 0
        self.frozen: int | None = None

    def inc(self, by: int = 1) -> None:
        """Count."""
        self.value += by


class _Exemplar:
    """The exported span of a value, and when that was in Unix seconds; written when first shown."""

    __slots__ = ("_at", "_span", "_text", "_value")

    def __init__(self, span: TraceContext, value: float, at: float) -> None:
        self._span, self._value, self._at = span, value, at
        self._text = ""

    @property
    def text(self) -> str:
        """What follows the line of its bucket (OpenMetrics 1.0, "Exemplars")."""
        if not self._text:
            span = self._span
            ids = f'span_id="{span.span_id:016x}",trace_id="{span.trace_id:032x}"'
            self._text = f" # {{{ids}}} {number(self._value)} {self._at}"
        return self._text

    @property
    def sample(self) -> Exemplar:
        """The same as the library has it."""
        span = self._span
        ids = {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}
        return Exemplar(ids, self._value, self._at)


class Histogram:
    """One histogram: counts by bucket, not cumulated, the last of them without an upper bound."""

    __slots__ = (
        "_bounds",
        "counts",
        "exemplars",
        "frozen",
        "frozen_exemplars",
        "frozen_sum",
        "sum",
    )

    def __init__(self, bounds: Sequence[float]) -> None:
        """Begin at 0."""
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0
        self.exemplars: dict[int, _Exemplar] = {}
        """By bucket."""
        self.frozen: list[int] | None = None
        """Cumulated; with it what belongs to it is frozen."""
        self.frozen_sum = 0.0
        self.frozen_exemplars: Mapping[int, _Exemplar] = _NONE

    def observe(self, value: float, span: TraceContext | None = None) -> None:
        """Count a value; ``span`` is the exported one that tells more of it."""
        bucket = bisect_left(self._bounds, value)
        self.counts[bucket] += 1
        self.sum += value
        if span is not None:
            self.exemplars[bucket] = _Exemplar(span, value, time.time())

    @property
    def samples(self) -> list[Exemplar | None]:
        """The exemplars as the library has them, a place for each bucket."""
        found = map(self.exemplars.get, range(len(self.counts)))
        return [None if each is None else each.sample for each in found]

    def freeze(self) -> None:
        """Have the page show what is counted now."""
        if self.frozen is None:
            self.frozen = []
        self.frozen[:] = accumulate(self.counts)  # no new object: the collector counts them
        self.frozen_sum = self.sum
        self.frozen_exemplars = self.exemplars.copy() if self.exemplars else _NONE


_One = TypeVar("_One", bound=Counter | Histogram)


class _Counted(Collector, Generic[_One]):
    """One family: its series by the values of their labels, in the order in which they began."""

    def __init__(self, row: Family) -> None:
        """Begin without series, or with the only one where there are no labels."""
        self.row = row
        self._series: dict[tuple[str, ...], _One] = {}
        self._blocks: list[tuple[list[str], list[_One]]] = []
        self._version = self._prepared = 0
        if not row.labels:
            self.labels()

    def labels(self, values: tuple[str, ...] = ()) -> _One:
        """Find the series with these values of the row's labels; it begins where it is new."""
        found = self._series.get(values)
        if found is None:
            found = self._series[values] = self._begin()
            self._version += 1
        return found

    def remove(self, values: tuple[str, ...]) -> None:
        """End a series, if there is such a one."""
        if self._series.pop(values, None) is not None:
            self._version += 1

    @property
    def described(self) -> Metric:
        """The family without samples."""
        row = self.row
        return Metric(row.name.removesuffix("_total"), row.help, row.kind, row.unit)

    def describe(self) -> Iterable[Metric]:
        """The same, for the registry."""
        return [self.described]

    def collect(self) -> Iterable[Metric]:
        """The family with what is counted now: what the library's formats are made of."""
        metric = self.described
        for values, one in self._series.items():
            metric.samples += self._samples(self._named(values), one)
        return [metric]

    def texts(self, *, exemplars: bool) -> Iterator[str | None]:
        """The lines of what is frozen, a block at a time; nothing where others may have a turn."""
        if self._prepared != self._version:
            yield from self._prepare(self._version)
        for templates, ones in self._blocks:
            yield self._text(templates, ones, exemplars=exemplars)

    def _prepare(self, version: int) -> Iterator[None]:
        """For the series that there are now; others may begin and end meanwhile."""
        made: list[tuple[list[str], list[_One]]] = []
        for block in blocks([*self._series.items()], self._height):
            lines = [self._lines(self._named(values)) for values, _ in block]
            made.append((self._templates(lines), [one for _, one in block]))
            yield None
        self._blocks, self._prepared = made, version

    def _named(self, values: tuple[str, ...]) -> dict[str, str]:
        return dict(zip(self.row.labels, values, strict=True))

    @property
    def _height(self) -> int:
        """How many lines a series has."""
        return 1

    @abstractmethod
    def _begin(self) -> _One: ...

    @abstractmethod
    def _samples(self, labels: dict[str, str], one: _One) -> list[Sample]: ...

    @abstractmethod
    def _lines(self, labels: dict[str, str]) -> str:
        """The template of the lines of one series."""

    @abstractmethod
    def _templates(self, lines: list[str]) -> list[str]:
        """Those of a block, of as many series as are filled in at once."""

    @abstractmethod
    def _text(self, templates: list[str], ones: list[_One], *, exemplars: bool) -> str: ...


class Counters(_Counted[Counter]):
    """A family of counters."""

    def _begin(self) -> Counter:
        return Counter()

    def _samples(self, labels: dict[str, str], one: Counter) -> list[Sample]:
        return [Sample(self.row.name, labels, one.value)]

    def _lines(self, labels: dict[str, str]) -> str:
        return template(series(self.row.name, labels), "%d.0")

    def _templates(self, lines: list[str]) -> list[str]:
        return ["".join(lines)]

    def _text(self, templates: list[str], ones: list[Counter], *, exemplars: bool) -> str:
        del exemplars
        (form,) = templates
        known = tuple([one.frozen for one in ones if one.frozen is not None])
        if len(known) == len(ones) and max(known) < SHORT:
            return form % known
        lines = zip(_long(form).split("\n"), ones, strict=False)
        texts = [(line, one.frozen) for line, one in lines if one.frozen is not None]
        return "".join([f"{line}\n" % repeated(value) for line, value in texts])


class Histograms(_Counted[Histogram]):
    """A family of histograms."""

    def _begin(self) -> Histogram:
        return Histogram(self.row.buckets)

    @property
    def _height(self) -> int:
        return len(self._bounds) + 2

    def _samples(self, labels: dict[str, str], one: Histogram) -> list[Sample]:
        name, cumulated = self.row.name, list(accumulate(one.counts))
        return [
            *(
                Sample(f"{name}_bucket", {**labels, "le": bound}, n, None, exemplar)
                for bound, n, exemplar in zip(self._bounds, cumulated, one.samples, strict=True)
            ),
            Sample(f"{name}_count", labels, cumulated[-1]),
            Sample(f"{name}_sum", labels, one.sum),
        ]

    @property
    def _bounds(self) -> list[str]:
        return [*map(floatToGoString, self.row.buckets), "+Inf"]

    def _lines(self, labels: dict[str, str]) -> str:
        name = self.row.name
        counts = [
            *(series(f"{name}_bucket", {**labels, "le": bound}) for bound in self._bounds),
            series(f"{name}_count", labels),
        ]
        last = template(series(f"{name}_sum", labels), "%s")
        return "".join(template(start, "%d.0") for start in counts) + last

    def _templates(self, lines: list[str]) -> list[str]:
        return lines

    def _text(self, templates: list[str], ones: list[Histogram], *, exemplars: bool) -> str:
        texts: list[str] = []
        for form, one in zip(templates, ones, strict=True):
            cumulated, told = one.frozen, one.frozen_exemplars
            if cumulated is None:
                continue
            if cumulated[-1] < SHORT:
                text = form % (*cumulated, cumulated[-1], number(one.frozen_sum))
            else:
                counts = map(repeated, (*cumulated, cumulated[-1]))
                text = _long(form) % (*counts, number(one.frozen_sum))
            texts.append(_with(told, text) if exemplars and told else text)
        return "".join(texts)


def _long(form: str) -> str:
    """A template whose counts are texts: no label has an end of a line in it."""
    return form.replace(" %d.0\n", " %s\n")


def _with(exemplars: Mapping[int, _Exemplar], text: str) -> str:
    """The lines of a histogram, with what leads on from some of its buckets."""
    lines = text.split("\n")
    for bucket, exemplar in exemplars.items():
        lines[bucket] += exemplar.text
    return "\n".join(lines)
