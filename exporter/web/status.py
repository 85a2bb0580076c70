"""``/api/v1/status``: what is now, as JSON in the envelope that Prometheus' API has.

Times are RFC 3339 in UTC, durations are seconds; what is not known is ``null``. No token, password
or header is in it. Each part is a function of the snapshot: a further one is a line in ``_PARTS``.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from exporter import __version__
from exporter.config.schema import Target
from exporter.sinks.health import Check, health
from exporter.sinks.snapshot import Snapshot, SurfaceNow
from exporter.sinks.views import transport_of
from exporter.web.told import moment, rounded

Part: TypeAlias = Callable[[Snapshot], object]
Row: TypeAlias = dict[str, object]


class Process(Struct, frozen=True):
    """What is known of the exporter itself, times in Unix seconds."""

    started: float
    loaded: float
    """When the configuration in force was read."""
    problems: tuple[str, ...] = ()
    """Why a newer one was refused."""


def status_json(snapshot: Snapshot, process: Process) -> bytes:
    """Write the answer.

    Args:
        snapshot: what is known of the targets.
        process: what is known of the exporter.

    Returns:
        JSON.
    """
    data: Row = {
        "version": __version__,
        "time": moment(snapshot.at),
        "started": moment(process.started),
        "heartbeat": moment(snapshot.heartbeat),
        "config": {
            "last_reload_successful": not process.problems,
            "last_reload_success": moment(process.loaded),
            "problems": process.problems,
        },
        **{name: part(snapshot) for name, part in _PARTS.items()},
    }
    return msgspec.json.encode({"status": "success", "data": data})


def _targets(snapshot: Snapshot) -> list[Row]:
    return [_target(target, snapshot.connections.get(target.name)) for target in snapshot.targets]


def _target(target: Target, connections: int | None) -> Row:
    return {
        "target": target.name,
        "url": target.url,
        "transport": transport_of(target),
        "labels": target.labels,
        "active_connections": connections,
    }


def _health(snapshot: Snapshot) -> list[Row]:
    return [
        {
            "target": of.target,
            "overall_status": of.overall_status,
            "timestamp": moment(of.timestamp),
            "checks": {name: _check(check) for name, check in of.checks.items()},
        }
        for of in health(snapshot)
    ]


def _check(check: Check) -> Row:
    return {
        "status": check.status,
        "message": check.message,
        "response_time_ms": check.response_time_ms,
        "since": moment(check.since),
    }


def _surfaces(snapshot: Snapshot) -> list[Row]:
    return [_surface(surface) for surface in snapshot.surfaces]


def _surface(surface: SurfaceNow) -> Row:
    return {
        **surface.labels,
        "state": surface.state,
        "since": moment(surface.since),
        "reason": surface.reason,
        "detail": surface.detail,
        "check": surface.check,
        "slow": surface.run is not None and surface.run.slow,
        "last_run": moment(surface.last_run),
        "last_result": surface.last_result,
        "last_reason": None if surface.run is None else surface.run.reason,
        "last_detail": "" if surface.run is None else surface.run.detail,
        "last_check": "" if surface.run is None else surface.run.check,
        "duration_seconds": rounded(surface.duration),
        "status_code": surface.status,
        "consecutive_failures": surface.consecutive_failures,
        "last_success": moment(surface.success_at),
        "skipped": surface.skipped,
    }


def _rate_limits(snapshot: Snapshot) -> list[Row]:
    return [
        {
            **quota.labels,
            "documented": quota.documented,
            "limit": quota.limit,
            "remaining": quota.remaining,
            "reset": moment(quota.reset),
            "last_sample": moment(quota.at),
        }
        for quota in snapshot.quotas
    ]


def _put_off(snapshot: Snapshot) -> list[Row]:
    return [
        {
            "target": target,
            "why": put_off.why,
            "because": put_off.because,
            "since": moment(put_off.since),
            "next_attempt": moment(put_off.until),
            "left_seconds": rounded(put_off.left),
            "api_says": put_off.said,
            "remedy": put_off.remedy,
        }
        for target, put_off in snapshot.put_off.items()
    ]


def _next_attempt(snapshot: Snapshot, target: str) -> str | None:
    put_off = snapshot.put_off.get(target)
    return None if put_off is None else moment(put_off.until)


def _tokens(snapshot: Snapshot) -> list[Row]:
    return [
        {
            "target": token.target,
            "valid": token.valid,
            "renewal_overdue": token.overdue,
            "expiry": moment(token.expires),
            "lifetime_seconds": token.lifetime,
            "last_renewal": moment(token.renewed_at),
            "consecutive_renewal_failures": token.failures,
            "clock_skew_seconds": token.skew,
            "next_attempt": _next_attempt(snapshot, token.target),
        }
        for token in snapshot.tokens
    ]


def _lifecycle(snapshot: Snapshot) -> list[Row]:
    return [
        {
            "target": now.target,
            "component": now.component,
            "version": now.version,
            "deprecation": moment(now.deprecation),
            "sunset": moment(now.sunset),
            "latest_sunset_announced": moment(now.promised),
            "problems": sorted(now.problems),
            "links": now.relations,
        }
        for now in snapshot.lifecycles
    ]


def _certificates(snapshot: Snapshot) -> list[Row]:
    return [
        {"target": of.target, "component": of.component, "expiry": moment(of.expiry)}
        for of in snapshot.certificates
    ]


_PARTS: Final[Mapping[str, Part]] = {
    "targets": _targets,
    "health": _health,
    "surfaces": _surfaces,
    "rate_limits": _rate_limits,
    "tokens": _tokens,
    "put_off": _put_off,
    "lifecycle": _lifecycle,
    "certificates": _certificates,
}
