"""``/api/v1/status``: what is now, as JSON in the envelope that Prometheus' API has.

Times are RFC 3339 in UTC, durations are seconds; what is not known is ``null``. No token, password
or header is in it. A run is told as everywhere (``report.run_json``).
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import asdict

from exporter import __version__
from exporter.config.schema import Target
from exporter.metrics.gauges import transport_of
from exporter.model.put_off import PutOff
from exporter.report.run_json import MICROSECONDS, moment, run_json
from exporter.report.status_shapes import (
    ApiLifecycleJson,
    CertificateJson,
    CheckJson,
    HealthJson,
    NowJson,
    PutOffJson,
    QuotaJson,
    ReloadJson,
    StatusJson,
    SurfaceJson,
    TargetJson,
    TokenJson,
)
from exporter.status.snapshot import (
    CertificateNow,
    LifecycleNow,
    ProcessNow,
    QuotaNow,
    Snapshot,
    SurfaceNow,
    TokenNow,
)
from exporter.status.target_health import HealthCheck, TargetHealth, health


def status_json(snapshot: Snapshot, process: ProcessNow) -> bytes:
    """Write the answer: what is known of the targets, and of the exporter itself."""
    now = NowJson(
        version=__version__,
        time=moment(snapshot.at),
        started=moment(process.started),
        heartbeat=moment(snapshot.heartbeat),
        config=ReloadJson(not process.problems, moment(process.loaded), process.problems),
        targets=tuple(
            _target(target, snapshot.connections.get(target.name)) for target in snapshot.targets
        ),
        health=tuple(map(_health, health(snapshot))),
        surfaces=tuple(map(_surface, snapshot.surfaces)),
        rate_limits=tuple(map(_quota, snapshot.quotas)),
        tokens=tuple(_token(token, snapshot.put_off) for token in snapshot.tokens),
        put_off=tuple(_put_off(*each) for each in snapshot.put_off.items()),
        lifecycle=tuple(map(_lifecycle, snapshot.lifecycles)),
        certificates=tuple(map(_certificate, snapshot.certificates)),
    )
    return msgspec.json.encode(StatusJson("success", now))


def _target(target: Target, connections: int | None) -> TargetJson:
    return TargetJson(target.name, target.url, transport_of(target), target.labels, connections)


def _health(of: TargetHealth) -> HealthJson:
    checks = {name: _check(check) for name, check in of.checks.items()}
    return HealthJson(of.target, of.overall_status, moment(of.timestamp), checks)


def _check(check: HealthCheck) -> CheckJson:
    since = moment(check.since)
    return CheckJson(check.status, check.message, check.response_time_ms, since)


def _surface(surface: SurfaceNow) -> SurfaceJson:
    return SurfaceJson(
        **asdict(surface.key),
        state=surface.state,
        since=moment(surface.since),
        reason=surface.reason,
        detail=surface.detail,
        check=surface.check,
        last_run=None if surface.run is None else run_json(surface.run),
        last_success=moment(surface.success_at),
        consecutive_failures=surface.consecutive_failures,
        skipped=surface.skipped,
    )


def _quota(quota: QuotaNow) -> QuotaJson:
    return QuotaJson(
        target=quota.key.target,
        rate_class=quota.key.rate_class,
        credential=quota.key.credential,
        documented=quota.documented,
        limit=quota.limit,
        remaining=quota.remaining,
        reset=moment(quota.reset),
        last_sample=moment(quota.at),
    )


def _token(token: TokenNow, put_off: Mapping[str, PutOff]) -> TokenJson:
    waits = put_off.get(token.target)
    return TokenJson(
        target=token.target,
        valid=token.valid,
        renewal_overdue=token.overdue,
        expiry=moment(token.expires),
        lifetime_seconds=token.lifetime,
        last_renewal=moment(token.renewed_at),
        consecutive_renewal_failures=token.failures,
        clock_skew_seconds=token.skew,
        next_attempt=None if waits is None else moment(waits.until),
    )


def _put_off(target: str, put_off: PutOff) -> PutOffJson:
    return PutOffJson(
        target=target,
        why=put_off.why,
        because=put_off.because,
        since=moment(put_off.since),
        next_attempt=moment(put_off.until),
        left_seconds=round(put_off.left, MICROSECONDS),
        api_says=put_off.said,
        remedy=put_off.remedy,
    )


def _lifecycle(now: LifecycleNow) -> ApiLifecycleJson:
    return ApiLifecycleJson(
        target=now.target,
        component=now.component,
        version=now.version,
        deprecation=moment(now.deprecation),
        sunset=moment(now.sunset),
        latest_sunset_announced=moment(now.promised),
        problems=tuple(sorted(now.problems)),
        links=now.relations,
    )


def _certificate(of: CertificateNow) -> CertificateJson:
    return CertificateJson(of.target, of.component, moment(of.expiry))
