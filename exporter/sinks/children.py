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
from exporter.observation import Call, GrantKind, Oddity, Reason, Renewal, Run, Skip, SkipReason
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
        self._faults: set[str] = set()
        self._slow = families.slow.labels(*labels)
        self._delayed = families.delayed.labels(*labels)
        self._duration = families.durations.labels(*labels)
        self._skipped: dict[SkipReason, Counter] = {
            reason: families.skipped.labels(*labels, reason) for reason in skip_reasons(job, GATES)
        }

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
                self._fault(_kind(run.detail))
        elif run.slow:
            self._slow.inc()
        if run.lateness is not None and run.lateness > DELAYED_OVER:
            self._delayed.inc()

    def skip(self, skip: Skip) -> None:
        """Count a skip, or several in a row."""
        self._scheduled.inc(skip.count)
        if skip.reason not in self._skipped:
            self._skipped[skip.reason] = self._families.skipped.labels(*self._labels, skip.reason)
        self._skipped[skip.reason].inc(skip.count)

    def _fault(self, kind: str) -> None:
        self._internal.inc()
        self._faults.add(kind)
        self._families.faults.labels(*self._labels, kind).inc()

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
        for reason in self._skipped:
            families.skipped.remove(*self._labels, reason)
        for kind in self._faults:
            families.faults.remove(*self._labels, kind)


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
        self._family = families.reasons
        self._labels = of
        self._reasons: dict[Reason, Counter] = {}
        self._all_oddities = families.oddities
        self._oddities = {kind: families.oddities.labels(*of, kind) for kind in ODDITIES}

    def odd(self, oddities: Iterable[Oddity]) -> None:
        """Count what was odd in one answer."""
        for kind in oddities:
            self._oddities[kind].inc()

    def failed(self, reason: Reason) -> None:
        """Count a failed run."""
        if reason not in self._reasons:
            self._reasons[reason] = self._family.labels(*self._labels, reason)
        self._reasons[reason].inc()

    def remove(self) -> None:
        """End them."""
        for reason in self._reasons:
            self._family.remove(*self._labels, reason)
        for kind in self._oddities:
            self._all_oddities.remove(*self._labels, kind)


class TokenSeries:
    """Renewals of one target's token, by how it was tried, and the rejections of it."""

    def __init__(self, families: Families, of: tuple[str, tuple[GrantKind, ...]]) -> None:
        """Begin them at 0 for those ways that its ``auth`` has."""
        self._families = families
        self._target, grants = of
        self._rejections = families.rejections.labels(self._target)
        self._renewals = {grant: families.renewals.labels(self._target, grant) for grant in grants}
        self._failures: set[tuple[GrantKind, Reason]] = set()

    def renewed(self, renewal: Renewal) -> None:
        """Count an attempt."""
        if renewal.grant not in self._renewals:
            return
        self._renewals[renewal.grant].inc()
        if renewal.reason is not None:
            self._failures.add((renewal.grant, renewal.reason))
            labels = (self._target, renewal.grant, renewal.reason)
            self._families.renewal_failures.labels(*labels).inc()

    def rejected(self) -> None:
        """Count a rejection."""
        self._rejections.inc()

    def remove(self) -> None:
        """End them."""
        self._families.rejections.remove(self._target)
        for grant in self._renewals:
            self._families.renewals.remove(self._target, grant)
        for grant, reason in self._failures:
            self._families.renewal_failures.remove(self._target, grant, reason)


class EndpointSeries:
    """Requests to one endpoint: their durations from 0 on, each status when it first comes."""

    def __init__(self, families: Families, of: tuple[str, str, str]) -> None:
        """Begin the histogram; ``of`` are target, method and endpoint."""
        self._families = families
        self._labels = of
        self._duration = families.request_durations.labels(*of)
        self._requests: dict[str, Counter] = {}

    def called(self, call: Call, exemplar: dict[str, str] | None = None) -> None:
        """Count a request; the head of an answer whose rest never came is no answer."""
        self._duration.observe(call.duration, exemplar)
        answered = call.fault is None and call.status is not None
        status = _STATUS.get(call.status, "other") if answered else "error"
        if status not in self._requests:
            self._requests[status] = self._families.requests.labels(*self._labels, status)
        self._requests[status].inc()

    def remove(self) -> None:
        """End them."""
        self._families.request_durations.remove(*self._labels)
        for status in self._requests:
            self._families.requests.remove(*self._labels, status)


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
