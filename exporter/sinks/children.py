"""The series of one surface, component, endpoint or quota, kept by whoever counts in them.

Looking a child up by its labels costs several times what counting in it does, so it is done once.
Each class here is one scope: its series begin with it and end together by ``remove``.
"""

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from exporter.gates import GATES
from exporter.gates.skips import skip_reasons
from exporter.job import Job
from exporter.observation import Call, GrantKind, Oddity, Reason, Renewal, Run, Skip
from exporter.sinks.direct import counter, histogram
from exporter.sinks.families.row import FAULTS, ODDITIES
from exporter.sinks.snapshot import QuotaKey

DELAYED_OVER: Final = 0.010
"""Seconds: a run that begins later than this says as much of the exporter as of the API."""

_KINDS: Final = frozenset(FAULTS)
_OPEN_FILES: Final = "too many open files"
_STATUS: Final[dict[int | None, str]] = {status: str(status) for status in range(100, 600)}


class Families:
    """The families with labels that are counted in directly, each registered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them, without series."""
        self.scheduled = counter(registry, "oran_mano_probe_scheduled_total")
        self.runs = counter(registry, "oran_mano_probe_runs_total")
        self.failures = counter(registry, "oran_mano_probe_failures_total")
        self.throttled = counter(registry, "oran_mano_probe_throttled_total")
        self.internal = counter(registry, "oran_mano_probe_internal_total")
        self.faults = counter(registry, "oran_mano_exporter_faults_total")
        self.slow = counter(registry, "oran_mano_probe_slow_total")
        self.delayed = counter(registry, "oran_mano_probe_delayed_total")
        self.skipped = counter(registry, "oran_mano_probe_skipped_total")
        self.durations = histogram(registry, "oran_mano_probe_duration_seconds")
        self.reasons = counter(registry, "oran_mano_probe_failure_reasons_total")
        self.oddities = counter(registry, "oran_mano_body_oddities_total")
        self.renewals = counter(registry, "oran_mano_token_renewals_total")
        self.renewal_failures = counter(registry, "oran_mano_token_renewal_failures_total")
        self.rejections = counter(registry, "oran_mano_token_rejections_total")
        self.requests = counter(registry, "oran_mano_api_requests_total")
        self.request_durations = histogram(registry, "oran_mano_api_request_duration_seconds")
        self.throttled_responses = counter(
            registry, "oran_mano_rate_limit_throttled_responses_total"
        )


class _Varying:
    """The counters of one scope that differ in their last labels; each begins when it counts.

    Those of ``begun`` begin at 0 with the scope.
    """

    __slots__ = ("_counters", "_family", "_labels")

    def __init__(self, family: Counter, labels: tuple[str, ...], begun: Iterable[str] = ()) -> None:
        self._family = family
        self._labels = labels
        self._counters: dict[tuple[str, ...], Counter] = {
            (value,): family.labels(*labels, value) for value in begun
        }

    def inc(self, *values: str, by: int = 1) -> None:
        if values not in self._counters:
            self._counters[values] = self._family.labels(*self._labels, *values)
        self._counters[values].inc(by)

    def remove(self) -> None:
        for values in self._counters:
            self._family.remove(*self._labels, *values)


class SurfaceSeries:
    """Runs and skips of one surface, from 0 on: that scheduled = runs + skips holds here.

    Of skips those that can occur on it.
    """

    __slots__ = (
        "_delayed",
        "_duration",
        "_failures",
        "_families",
        "_faults",
        "_internal",
        "_labels",
        "_runs",
        "_scheduled",
        "_skipped",
        "_slow",
        "_throttled",
    )

    def __init__(self, families: Families, job: Job) -> None:
        """Begin them."""
        key = job.key
        labels = (key.target, key.component, key.surface)
        self._families = families
        self._labels = labels
        self._scheduled = families.scheduled.labels(*labels)
        self._runs = families.runs.labels(*labels)
        self._failures = families.failures.labels(*labels)
        self._throttled = families.throttled.labels(*labels)
        self._internal = families.internal.labels(*labels)
        self._faults = _Varying(families.faults, labels)
        self._slow = families.slow.labels(*labels)
        self._delayed = families.delayed.labels(*labels)
        self._duration = families.durations.labels(*labels)
        self._skipped = _Varying(families.skipped, labels, skip_reasons(job, GATES))

    def ran(self, run: Run, exemplar: dict[str, str] | None = None) -> None:
        """Count a run; ``exemplar`` leads to its span."""
        self._scheduled.inc()
        self._runs.inc()
        if run.reason != "internal":
            self._duration.observe(run.duration, exemplar)
        if run.reason is not None:
            self._failures.inc()
            if run.reason == "throttled":
                self._throttled.inc()
            elif run.reason == "internal":
                self._internal.inc()
                self._faults.inc(_kind(run.detail))
        elif run.slow:
            self._slow.inc()
        if run.lateness is not None and run.lateness > DELAYED_OVER:
            self._delayed.inc()

    def skip(self, skip: Skip) -> None:
        """Count a skip, or several in a row."""
        self._scheduled.inc(skip.count)
        self._skipped.inc(skip.reason, by=skip.count)

    def remove(self) -> None:
        """End them."""
        families = self._families
        for family in (
            families.internal,
            families.scheduled,
            families.runs,
            families.failures,
            families.throttled,
            families.slow,
            families.delayed,
            families.durations,
        ):
            family.remove(*self._labels)
        self._skipped.remove()
        self._faults.remove()


def _kind(detail: str) -> str:
    """What a fault of our own was, of a closed set."""
    if detail.endswith(_OPEN_FILES):
        return "open_files"
    return detail if detail in _KINDS else "other"


class ComponentSeries:
    """Why runs of one component failed: most reasons never occur, so each begins when it does.

    What was odd in its answers begins at 0.
    """

    def __init__(self, families: Families, of: tuple[str, str]) -> None:
        """Begin them."""
        self._reasons = _Varying(families.reasons, of)
        self._oddities = _Varying(families.oddities, of, ODDITIES)

    def odd(self, oddities: Iterable[Oddity]) -> None:
        """Count what was odd in one answer."""
        for kind in oddities:
            self._oddities.inc(kind)

    def failed(self, reason: Reason) -> None:
        """Count a failed run."""
        self._reasons.inc(reason)

    def remove(self) -> None:
        """End them."""
        self._reasons.remove()
        self._oddities.remove()


class TokenSeries:
    """Renewals of one target's token, by how it was tried, and the rejections of it."""

    def __init__(self, families: Families, of: tuple[str, tuple[GrantKind, ...]]) -> None:
        """Begin them at 0 for those ways that its ``auth`` has."""
        target, self._grants = of
        self._family = families.rejections
        self._labels = (target,)
        self._rejections = self._family.labels(target)
        self._renewals = _Varying(families.renewals, self._labels, self._grants)
        self._failures = _Varying(families.renewal_failures, self._labels)

    def renewed(self, renewal: Renewal) -> None:
        """Count an attempt."""
        if renewal.grant not in self._grants:
            return
        self._renewals.inc(renewal.grant)
        if renewal.reason is not None:
            self._failures.inc(renewal.grant, renewal.reason)

    def rejected(self) -> None:
        """Count a rejection."""
        self._rejections.inc()

    def remove(self) -> None:
        """End them."""
        self._family.remove(*self._labels)
        self._renewals.remove()
        self._failures.remove()


class EndpointSeries:
    """Requests to one endpoint: their durations from 0 on, each status when it first comes."""

    def __init__(self, families: Families, of: tuple[str, str, str]) -> None:
        """Begin the histogram; ``of`` are target, method and endpoint."""
        self._family = families.request_durations
        self._labels = of
        self._duration = self._family.labels(*of)
        self._requests = _Varying(families.requests, of)

    def called(self, call: Call, exemplar: dict[str, str] | None = None) -> None:
        """Count a request; the head of an answer whose rest never came is no answer."""
        self._duration.observe(call.duration, exemplar)
        answered = call.fault is None and call.status is not None
        self._requests.inc(_STATUS.get(call.status, "other") if answered else "error")

    def remove(self) -> None:
        """End them."""
        self._family.remove(*self._labels)
        self._requests.remove()


class QuotaSeries:
    """Answers 429 against one quota."""

    def __init__(self, families: Families, of: QuotaKey) -> None:
        """Begin them at 0."""
        self._family = families.throttled_responses
        self._labels = (of.target, of.rate_class, of.credential)
        self._throttled = self._family.labels(*self._labels)

    def throttled(self) -> None:
        """Count one."""
        self._throttled.inc()

    def remove(self) -> None:
        """End them."""
        self._family.remove(*self._labels)


class SpanSeries:
    """What became of spans. They are counted from the thread that sends them, too."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin at 0."""
        self._made = counter(registry, "oran_mano_exporter_spans_total")
        self._failed = counter(registry, "oran_mano_exporter_spans_failed_total")
        self._dropped = counter(registry, "oran_mano_exporter_spans_dropped_total")

    def made(self) -> None:
        """One was made."""
        self._made.inc()

    def failed(self, count: int) -> None:
        """So many were sent and did not arrive."""
        self._failed.inc(count)

    def dropped(self, count: int) -> None:
        """So many were never sent."""
        self._dropped.inc(count)
