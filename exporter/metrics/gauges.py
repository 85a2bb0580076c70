"""Gauges: what each of them reads from the snapshot at the moment of the scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias, TypeVar

from prometheus_client import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from exporter.config.schema import Target
from exporter.metrics.families import BY_NAME
from exporter.metrics.families.row import LIFECYCLE_PROBLEMS, PHASES
from exporter.model.observation import Call, Phases
from exporter.status.snapshot import LifecycleNow, QuotaNow, Snapshot, SurfaceNow, TokenNow
from exporter.status.target_health import health_samples

Labels: TypeAlias = Mapping[str, str]
Carried: TypeAlias = Literal["https", "https_unverified", "http"]
View: TypeAlias = Callable[[Snapshot], Iterable[tuple[Labels, float]]]
_Now = TypeVar("_Now")


class Gauges(Collector):
    """All gauges of the table, evaluated together: one scrape shows one moment."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        """Read nothing before the first scrape."""
        self._snapshot = snapshot

    def describe(self) -> Iterable[Metric]:
        """The families without samples, for the registry."""
        return [_metric(name) for name in VIEWS]

    def collect(self) -> Iterable[Metric]:
        """The families with what is now."""
        snapshot = self._snapshot()
        for name, view in VIEWS.items():
            metric = _metric(name)
            metric.samples = [
                # The library only reads the labels, so surfaces share theirs between families.
                Sample(name, labels if isinstance(labels, dict) else dict(labels), value)
                for labels, value in view(snapshot)
            ]
            yield metric


def _metric(name: str) -> Metric:
    row = BY_NAME[name]
    return Metric(row.name, row.help, row.kind, row.unit)


def _each(
    every: Callable[[Snapshot], Iterable[_Now]],
    labels: Callable[[_Now], Labels],
    read: Callable[[_Now], float | None],
) -> View:
    """One value of each of them that has one."""

    def view(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
        for now in every(snapshot):
            if (value := read(now)) is not None:
                yield labels(now), value

    return view


def _per_surface(read: Callable[[SurfaceNow], float | None]) -> View:
    """One value of each surface whose last run holds."""
    return _each(
        lambda now: (surface for surface in now.surfaces if surface.run is not None),
        lambda surface: surface.labels,
        read,
    )


def _per_call(read: Callable[[Call], float | None]) -> View:
    """One value of the call that decided the last run."""

    def from_call(surface: SurfaceNow) -> float | None:
        call = None if surface.run is None else surface.run.deciding
        return None if call is None else read(call)

    return _per_surface(from_call)


def _per_quota(read: Callable[[QuotaNow], float | None]) -> View:
    return _each(lambda now: now.quotas, lambda quota: quota.labels, read)


def _failure_reasons(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        if surface.run is not None and surface.run.reason is not None:
            yield {**surface.labels, "reason": surface.run.reason}, 1.0


def _success(surface: SurfaceNow) -> float | None:
    """A 0 stays; who was not asked for too long is not known to be well any more."""
    if surface.last_result == "failing":
        return 0.0
    return None if surface.lapsed else 1.0


def _phases(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        call = None if surface.run is None else surface.run.deciding
        for phase, seconds in _reached(Phases() if call is None else call.phases):
            yield {**surface.labels, "phase": phase}, seconds


def _reached(phases: Phases) -> Iterator[tuple[str, float]]:
    for phase in PHASES:
        seconds: float | None = getattr(phases, phase)
        if seconds is not None:
            yield phase, seconds


def _surface_info(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        job, row = surface.job, surface.job.surface
        yield (
            {
                **surface.labels,
                "method": row.method,
                "endpoint": job.endpoint,
                "rate_class": row.rate_class,
                "safety": row.safety,
                "mode": job.mode,
            },
            1.0,
        )


def _intervals(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        if not surface.job.surface.passive:
            yield surface.labels, surface.job.interval


def _objectives(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        job = surface.job
        of = {"target": job.key.target, "surface": job.key.surface}
        if job.availability is not None:
            yield {**of, "slo": "availability"}, job.availability
        if job.latency is not None:
            yield {**of, "slo": "latency"}, job.latency.ratio


def _latency_thresholds(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        if (objective := surface.job.latency) is not None:
            key = surface.key
            yield {"target": key.target, "surface": key.surface}, objective.under


def _target_info(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for target in snapshot.targets:
        yield {**target.labels, "target": target.name, "transport": transport_of(target)}, 1.0


def transport_of(target: Target) -> Carried:
    """How well what crosses the network is kept from others."""
    if target.url.startswith("http:"):
        return "http"
    return "https_unverified" if target.tls.insecure_skip_verify else "https"


def _connections(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    planned = {target.name for target in snapshot.targets}
    for target, count in snapshot.connections.items():
        if target in planned:
            yield {"target": target}, count


def _certificates(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for certificate in snapshot.certificates:
        labels = {"target": certificate.target, "component": certificate.component}
        yield labels, certificate.expiry


def _component(now: LifecycleNow) -> Labels:
    return {"target": now.target, "component": now.component}


def _per_component(read: Callable[[LifecycleNow], float | None]) -> View:
    """One value of each component that told something of its life cycle."""
    return _each(lambda now: now.lifecycles, _component, read)


def _versions(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for now in snapshot.lifecycles:
        if now.version is not None:
            yield {**_component(now), "api_version": now.version}, 1.0


def _lifecycle_problems(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for now in snapshot.lifecycles:
        for reason in LIFECYCLE_PROBLEMS:
            yield {**_component(now), "reason": reason}, float(reason in now.problems)


def _per_token(read: Callable[[TokenNow], float | None]) -> View:
    """One value of each target that is probed with a token."""
    return _each(lambda now: now.tokens, lambda token: {"target": token.target}, read)


def _unfollowed(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for (target, kind), count in snapshot.unfollowed.items():
        yield {"target": target, "kind": kind}, count


def _next_attempts(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    planned = {target.name for target in snapshot.targets}
    for target, put_off in snapshot.put_off.items():
        if target in planned:
            yield {"target": target}, put_off.until


def _heartbeat(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    if snapshot.heartbeat is not None:
        yield {}, snapshot.heartbeat


_PROBE: Final = "oran_mano_probe_"
_RATE_LIMIT: Final = "oran_mano_rate_limit_"
_RENEWED: Final = "oran_mano_token_"

VIEWS: Final[Mapping[str, View]] = {
    _PROBE + "success": _per_surface(_success),
    _PROBE + "failure_reason": _failure_reasons,
    _PROBE + "consecutive_failures": _per_surface(lambda now: now.consecutive_failures),
    _PROBE + "state_since_timestamp_seconds": _per_surface(lambda now: now.run_since),
    _PROBE + "last_run_timestamp_seconds": _per_surface(lambda now: now.last_run),
    _PROBE + "last_success_timestamp_seconds": _per_surface(lambda now: now.success_at),
    _PROBE + "http_status_code": _per_call(lambda call: call.status),
    _PROBE + "response_bytes": _per_call(lambda call: call.response_bytes),
    _PROBE + "connection_reused": _per_call(lambda call: call.reused),
    _PROBE + "phase_duration_seconds": _phases,
    "oran_mano_surface_info": _surface_info,
    "oran_mano_surface_interval_seconds": _intervals,
    "oran_mano_target_info": _target_info,
    "oran_mano_resources_unfollowed": _unfollowed,
    "oran_mano_target_healthy": health_samples,
    "oran_mano_slo_objective_ratio": _objectives,
    "oran_mano_slo_latency_threshold_seconds": _latency_thresholds,
    "oran_mano_active_connections": _connections,
    "oran_mano_tls_certificate_expiry_timestamp_seconds": _certificates,
    _RATE_LIMIT + "limit_requests": _per_quota(lambda quota: quota.limit),
    _RATE_LIMIT + "remaining_requests": _per_quota(lambda quota: quota.remaining),
    _RATE_LIMIT + "reset_timestamp_seconds": _per_quota(lambda quota: quota.reset),
    _RATE_LIMIT + "last_sample_timestamp_seconds": _per_quota(lambda quota: quota.at),
    _RATE_LIMIT + "documented_requests": _per_quota(lambda quota: quota.documented),
    "oran_mano_api_version_info": _versions,
    "oran_mano_api_deprecation_timestamp_seconds": _per_component(lambda now: now.deprecation),
    "oran_mano_api_sunset_timestamp_seconds": _per_component(lambda now: now.sunset),
    "oran_mano_api_lifecycle_problem": _lifecycle_problems,
    _RENEWED + "valid": _per_token(lambda token: token.valid),
    _RENEWED + "renewal_overdue": _per_token(lambda token: token.overdue),
    _RENEWED + "expiry_timestamp_seconds": _per_token(lambda token: token.expires),
    _RENEWED + "lifetime_seconds": _per_token(lambda token: token.lifetime),
    _RENEWED + "last_renewal_timestamp_seconds": _per_token(lambda token: token.renewed_at),
    _RENEWED + "consecutive_renewal_failures": _per_token(lambda token: token.failures),
    _RENEWED + "next_attempt_timestamp_seconds": _next_attempts,
    "oran_mano_api_clock_skew_seconds": _per_token(lambda token: token.skew),
    "oran_mano_exporter_schedule_heartbeat_timestamp_seconds": _heartbeat,
}
