"""The series of one surface, component, endpoint or quota, kept by whoever counts in them.

Each class here is one scope: its series begin with it or when first counted in, and end together.
"""

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Final

from exporter.metrics.counted import Counter, Counters, Histogram, Histograms
from exporter.metrics.families import TABLE
from exporter.metrics.families.row import FAULTS, ODDITIES, SURFACE
from exporter.model.observation import Call, GrantKind, Key, Oddity, Renewal, Run, Skip
from exporter.model.reasons import Reason, SkipReason
from exporter.model.trace_context import TraceContext
from exporter.status.snapshot import QuotaKey

_KINDS: Final = frozenset(FAULTS)
_OPEN_FILES: Final = "too many open files"
_STATUS: Final[dict[int | None, str]] = {status: str(status) for status in range(100, 600)}
_OURS: Final = [row for row in TABLE if row.name.startswith("oran_mano_")]
_OF_SURFACES: Final = [row.name for row in _OURS if (row.kind, row.labels) == ("counter", SURFACE)]
_OF_SPANS: Final = [row.name for row in _OURS if row.name.startswith("oran_mano_exporter_spans_")]


class Families:
    """The families that are counted in."""

    def __init__(self) -> None:
        """Begin them, without series where there are labels."""
        self.counters = {row.name: Counters(row) for row in _OURS if row.kind == "counter"}
        self.histograms = {row.name: Histograms(row) for row in _OURS if row.kind == "histogram"}

    @property
    def every(self) -> Iterator[Counters | Histograms]:
        """All of them."""
        yield from self.counters.values()
        yield from self.histograms.values()


class _Series:
    """Those of one scope, each looked up once: that costs several times what counting does."""

    __slots__ = ("_counters", "_families", "_histograms", "_labels")

    def __init__(self, families: Families, *labels: str) -> None:
        self._families = families
        self._labels = labels
        self._counters: dict[tuple[str, tuple[str, ...]], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def _counter(self, name: str, *further: str) -> Counter:
        """That of the scope's labels and further ones, from now on where it is new."""
        found = self._counters.get((name, further))
        if found is None:
            labels = (*self._labels, *further) if further else self._labels  # all share these
            found = self._counters[name, further] = self._families.counters[name].labels(labels)
        return found

    def _histogram(self, name: str) -> Histogram:
        if name not in self._histograms:
            self._histograms[name] = self._families.histograms[name].labels(self._labels)
        return self._histograms[name]

    def freeze(self) -> None:
        """Have the page in the making show what is counted now."""
        for counter in self._counters.values():
            counter.frozen = counter.value
        for histogram in self._histograms.values():
            histogram.freeze()

    def remove(self) -> None:
        """End them."""
        for name, further in self._counters:
            self._families.counters[name].remove((*self._labels, *further))
        for name in self._histograms:
            self._families.histograms[name].remove(self._labels)


class SurfaceSeries(_Series):
    """Runs and skips of one surface, all from 0 on: that scheduled = runs + skips holds here."""

    __slots__ = ("_duration", "_runs", "_scheduled")

    def __init__(self, families: Families, key: Key) -> None:
        """Begin them; those that every run counts in are at hand."""
        super().__init__(families, key.target, key.component, key.surface)
        for name in _OF_SURFACES:
            self._counter(name)
        self._duration = self._histogram("oran_mano_probe_duration_seconds")
        self._runs = self._counter("oran_mano_probe_runs_total")
        self._scheduled = self._counter("oran_mano_probe_scheduled_total")

    def expect(self, reasons: Iterable[SkipReason]) -> None:
        """Begin the skips that may occur."""
        for reason in reasons:
            self._counter("oran_mano_probe_skipped_total", reason)

    def ran(self, run: Run, span: TraceContext | None = None) -> None:
        """Count a run; ``span`` is its exported one."""
        self._scheduled.inc()
        self._runs.inc()
        if run.reason != "internal":
            self._duration.observe(run.duration, span)
        if run.reason is not None:
            self._counter("oran_mano_probe_failures_total").inc()
            if run.reason == "throttled":
                self._counter("oran_mano_probe_throttled_total").inc()
            elif run.reason == "internal":
                self._counter("oran_mano_probe_internal_total").inc()
                self._counter("oran_mano_exporter_faults_total", _kind(run.detail)).inc()
        elif run.slow:
            self._counter("oran_mano_probe_slow_total").inc()
        if run.delayed:
            self._counter("oran_mano_probe_delayed_total").inc()

    def skip(self, skip: Skip) -> None:
        """Count a skip, or several in a row."""
        self._scheduled.inc(skip.count)
        self._counter("oran_mano_probe_skipped_total", skip.reason).inc(skip.count)


def _kind(detail: str) -> str:
    """What a fault of our own was, of a closed set."""
    if detail.endswith(_OPEN_FILES):
        return "open_files"
    return detail if detail in _KINDS else "other"


class ComponentSeries(_Series):
    """Why runs of one component failed: most reasons never occur, so each begins when it does.

    What was odd in its answers begins at 0.
    """

    __slots__ = ()

    def __init__(self, families: Families, of: tuple[str, str]) -> None:
        """Begin them."""
        super().__init__(families, *of)
        for kind in ODDITIES:
            self._counter("oran_mano_body_oddities_total", kind)

    def odd(self, oddities: Iterable[Oddity]) -> None:
        """Count what was odd in one answer."""
        for kind in oddities:
            self._counter("oran_mano_body_oddities_total", kind).inc()

    def failed(self, reason: Reason) -> None:
        """Count a failed run."""
        self._counter("oran_mano_probe_failure_reasons_total", reason).inc()


class TokenSeries(_Series):
    """Renewals of one target's token, by how it was tried, and the rejections of it."""

    __slots__ = ("_grants",)

    def __init__(self, families: Families, of: tuple[str, tuple[GrantKind, ...]]) -> None:
        """Begin them at 0 for those ways that its ``auth`` has."""
        target, self._grants = of
        super().__init__(families, target)
        self._counter("oran_mano_token_rejections_total")
        for grant in self._grants:
            self._counter("oran_mano_token_renewals_total", grant)

    def renewed(self, renewal: Renewal) -> None:
        """Count an attempt."""
        if renewal.grant not in self._grants:
            return
        self._counter("oran_mano_token_renewals_total", renewal.grant).inc()
        if renewal.reason is not None:
            failed = (renewal.grant, renewal.reason)
            self._counter("oran_mano_token_renewal_failures_total", *failed).inc()

    def rejected(self) -> None:
        """Count a rejection."""
        self._counter("oran_mano_token_rejections_total").inc()


class EndpointSeries(_Series):
    """Requests to one endpoint: their durations from 0 on, each status when it first comes."""

    __slots__ = ()

    def __init__(self, families: Families, of: tuple[str, str, str]) -> None:
        """Begin the histogram; ``of`` are target, method and endpoint."""
        super().__init__(families, *of)
        self._histogram("oran_mano_api_request_duration_seconds")

    def called(self, call: Call, span: TraceContext | None = None) -> None:
        """Count a request; the head of an answer whose rest never came is no answer."""
        durations = self._histogram("oran_mano_api_request_duration_seconds")
        durations.observe(call.duration, span)
        answered = call.fault is None and call.status is not None
        status = _STATUS.get(call.status, "other") if answered else "error"
        self._counter("oran_mano_api_requests_total", status).inc()


class QuotaSeries(_Series):
    """Answers 429 against one quota."""

    __slots__ = ()

    def __init__(self, families: Families, of: QuotaKey) -> None:
        """Begin them at 0."""
        super().__init__(families, of.target, of.rate_class, of.credential)
        self._counter("oran_mano_rate_limit_throttled_responses_total")

    def throttled(self) -> None:
        """Count one."""
        self._counter("oran_mano_rate_limit_throttled_responses_total").inc()


class OwnSeries(_Series):
    """What the exporter counts of itself."""

    __slots__ = ("lag", "lateness", "scrapes")

    def __init__(self, families: Families) -> None:
        """Begin them."""
        super().__init__(families)
        self.lateness = self._histogram("oran_mano_exporter_schedule_lateness_seconds")
        self.lag = self._histogram("oran_mano_exporter_event_loop_lag_seconds")
        self.scrapes = self._histogram("oran_mano_exporter_scrape_duration_seconds")

    def expect(self, sink: str) -> None:
        """Begin the failures of a sink."""
        self._counter("oran_mano_exporter_sink_failures_total", sink)

    def sink_failed(self, sink: str) -> None:
        """Count an observation that a sink could not take."""
        self._counter("oran_mano_exporter_sink_failures_total", sink).inc()


class SpanSeries(_Series):
    """What became of spans. They are counted from the thread that sends them, too."""

    __slots__ = ("_lock",)

    def __init__(self, families: Families) -> None:
        """Begin at 0."""
        super().__init__(families)
        self._lock = Lock()
        for name in _OF_SPANS:
            self._counter(name)

    def made(self) -> None:
        """One was made."""
        self._count("oran_mano_exporter_spans_total", 1)

    def failed(self, count: int) -> None:
        """So many were sent and did not arrive."""
        self._count("oran_mano_exporter_spans_failed_total", count)

    def dropped(self, count: int) -> None:
        """So many were never sent."""
        self._count("oran_mano_exporter_spans_dropped_total", count)

    def _count(self, name: str, by: int) -> None:
        with self._lock:
            self._counter(name).inc(by)
