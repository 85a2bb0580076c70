"""Gauges: what each of them reads from the snapshot at the moment of the scrape."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import asdict, astuple

from exporter.config.schema import Target
from exporter.metrics.families.row import LIFECYCLE_PROBLEMS, PHASES
from exporter.metrics.lines import number, repeated
from exporter.model.observation import Call, Phases
from exporter.status.snapshot import LifecycleNow, QuotaNow, Snapshot, SurfaceNow, TokenNow
from exporter.status.target_health import health_samples

Carried: TypeAlias = Literal["https", "https_unverified", "http"]
Labels: TypeAlias = tuple[str, ...]
"""The values of a row's labels, in its order."""
Passing: TypeAlias = Callable[[Snapshot], Iterable[tuple[Labels, float]]]
"""Samples that come and go."""
Planned: TypeAlias = tuple[Mapping[str, str], float]
_Now = TypeVar("_Now")


class OfSurfaces(Struct, frozen=True):
    """What is read of surfaces, some at a time: so many values of each as there are ``further``.

    These are the values of further labels. ``text`` writes a number.
    """

    read: Callable[[Sequence[SurfaceNow]], Iterable[float | None]]
    further: tuple[Labels, ...] = ((),)
    text: Callable[[float], str] = number


class OfPlan(Struct, frozen=True):
    """Samples that stay for as long as the plan does, with all labels by name."""

    samples: Callable[[Snapshot], Iterable[Planned]]


View: TypeAlias = OfSurfaces | OfPlan | Passing


def _each(
    every: Callable[[Snapshot], Iterable[_Now]],
    labels: Callable[[_Now], Labels],
    read: Callable[[_Now], float | None],
) -> Passing:
    """One value of each of them that has one."""

    def view(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
        for now in every(snapshot):
            if (value := read(now)) is not None:
                yield labels(now), value

    return view


def _per_surface(
    read: Callable[[SurfaceNow], float | None], text: Callable[[float], str] = number
) -> OfSurfaces:
    """One value of each surface whose last run holds."""
    return OfSurfaces(
        lambda block: [None if each.run is None else read(each) for each in block], text=text
    )


def _per_call(read: Callable[[Call], float | None]) -> OfSurfaces:
    """One whole value of the call that decided the last run."""
    return OfSurfaces(
        lambda block: [None if call is None else read(call) for call in _deciding(block)],
        text=repeated,
    )


def _deciding(block: Sequence[SurfaceNow]) -> list[Call | None]:
    return [None if each.run is None else each.run.deciding for each in block]


def _phases(block: Sequence[SurfaceNow]) -> Iterator[float | None]:
    for call in _deciding(block):
        yield from _NO_PHASES if call is None else astuple(call.phases)


def _per_quota(read: Callable[[QuotaNow], float | None]) -> Passing:
    return _each(lambda now: now.quotas, lambda quota: astuple(quota.key), read)


def _failure_reasons(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for surface in snapshot.surfaces:
        if surface.run is not None and surface.run.reason is not None:
            yield (*astuple(surface.key), surface.run.reason), 1.0


def _success(surface: SurfaceNow) -> float | None:
    """A 0 stays; who was not asked for too long is not known to be well any more."""
    if surface.last_result == "failing":
        return 0.0
    return None if surface.lapsed else 1.0


def _surface_info(snapshot: Snapshot) -> Iterator[Planned]:
    for surface in snapshot.surfaces:
        job, row = surface.job, surface.job.surface
        yield (
            {
                **asdict(surface.key),
                "method": row.method,
                "endpoint": job.endpoint,
                "rate_class": row.rate_class,
                "safety": row.safety,
                "mode": job.mode,
            },
            1.0,
        )


def _intervals(snapshot: Snapshot) -> Iterator[Planned]:
    for surface in snapshot.surfaces:
        if not surface.job.surface.passive:
            yield asdict(surface.key), surface.job.interval


def _objectives(snapshot: Snapshot) -> Iterator[Planned]:
    for surface in snapshot.surfaces:
        job = surface.job
        of = {"target": job.key.target, "surface": job.key.surface}
        if job.availability is not None:
            yield {**of, "slo": "availability"}, job.availability
        if job.latency is not None:
            yield {**of, "slo": "latency"}, job.latency.ratio


def _latency_thresholds(snapshot: Snapshot) -> Iterator[Planned]:
    for surface in snapshot.surfaces:
        if (objective := surface.job.latency) is not None:
            key = surface.key
            yield {"target": key.target, "surface": key.surface}, objective.under


def _target_info(snapshot: Snapshot) -> Iterator[Planned]:
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
            yield (target,), count


def _certificates(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for certificate in snapshot.certificates:
        yield (certificate.target, certificate.component), certificate.expiry


def _component(now: LifecycleNow) -> Labels:
    return now.target, now.component


def _per_component(read: Callable[[LifecycleNow], float | None]) -> Passing:
    """One value of each component that told something of its life cycle."""
    return _each(lambda now: now.lifecycles, _component, read)


def _versions(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for now in snapshot.lifecycles:
        if now.version is not None:
            yield (*_component(now), now.version), 1.0


def _lifecycle_problems(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    for now in snapshot.lifecycles:
        for reason in LIFECYCLE_PROBLEMS:
            yield (*_component(now), reason), float(reason in now.problems)


def _per_token(read: Callable[[TokenNow], float | None]) -> Passing:
    """One value of each target that is probed with a token."""
    return _each(lambda now: now.tokens, lambda token: (token.target,), read)


def _unfollowed(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    yield from snapshot.unfollowed.items()


def _next_attempts(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    planned = {target.name for target in snapshot.targets}
    for target, put_off in snapshot.put_off.items():
        if target in planned:
            yield (target,), put_off.until


def _heartbeat(snapshot: Snapshot) -> Iterator[tuple[Labels, float]]:
    if snapshot.heartbeat is not None:
        yield (), snapshot.heartbeat


_PROBE: Final = "oran_mano_probe_"
_NO_PHASES: Final = astuple(Phases())
_RATE_LIMIT: Final = "oran_mano_rate_limit_"
_RENEWED: Final = "oran_mano_token_"

VIEWS: Final[Mapping[str, View]] = {
    _PROBE + "success": _per_surface(_success, repeated),
    _PROBE + "failure_reason": _failure_reasons,
    _PROBE + "consecutive_failures": _per_surface(lambda now: now.consecutive_failures, repeated),
    _PROBE + "state_since_timestamp_seconds": _per_surface(lambda now: now.run_since, repeated),
    _PROBE + "last_run_timestamp_seconds": _per_surface(lambda now: now.last_run, repeated),
    _PROBE + "last_success_timestamp_seconds": _per_surface(lambda now: now.success_at, repeated),
    _PROBE + "http_status_code": _per_call(lambda call: call.status),
    _PROBE + "response_bytes": _per_call(lambda call: call.response_bytes),
    _PROBE + "connection_reused": _per_call(lambda call: call.reused),
    _PROBE + "phase_duration_seconds": OfSurfaces(_phases, tuple((name,) for name in PHASES)),
    "oran_mano_surface_info": OfPlan(_surface_info),
    "oran_mano_surface_interval_seconds": OfPlan(_intervals),
    "oran_mano_target_info": OfPlan(_target_info),
    "oran_mano_resources_unfollowed": _unfollowed,
    "oran_mano_target_healthy": health_samples,
    "oran_mano_slo_objective_ratio": OfPlan(_objectives),
    "oran_mano_slo_latency_threshold_seconds": OfPlan(_latency_thresholds),
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
