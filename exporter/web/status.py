"""``/api/v1/status``: what is now, as JSON in the envelope that Prometheus' API has.

Times are RFC 3339 in UTC, durations are seconds; what is not known is ``null``. No token, password
or header is in it. A run is told as everywhere (``story.run_json``).
"""

from typing import Literal

import msgspec
from msgspec import Struct

from exporter import __version__
from exporter.config.schema import Target
from exporter.observation import Reason, SkipReason
from exporter.sinks.health import Check, Status, TargetHealth, health
from exporter.sinks.snapshot import Snapshot, State, SurfaceNow
from exporter.sinks.views import Carried, transport_of
from exporter.story.run_json import RunJson, Time, moment, run_json
from exporter.web.status_api import (
    ApiLifecycleJson,
    CertificateJson,
    PutOffJson,
    QuotaJson,
    TokenJson,
    certificate_json,
    lifecycle_json,
    put_off_json,
    quota_json,
    token_json,
)


class Process(Struct, frozen=True):
    """What is known of the exporter itself, times in Unix seconds."""

    started: float
    loaded: float
    """When the configuration in force was read."""
    problems: tuple[str, ...] = ()
    """Why a newer one was refused."""


class ReloadJson(Struct, frozen=True):
    """The configuration: when the one in force was read, and what is wrong with a newer one."""

    last_reload_successful: bool
    last_reload_success: Time | None
    problems: tuple[str, ...]


class TargetJson(Struct, frozen=True):
    """A target; `active_connections` are its requests on the wire."""

    target: str
    url: str
    transport: Carried
    labels: dict[str, str]
    active_connections: int | None


class CheckJson(Struct, frozen=True):
    """One check of the guide's; `since` is when it became so."""

    status: Status
    message: str
    response_time_ms: float | None
    since: Time | None


class HealthJson(Struct, frozen=True):
    """What the guide's health checker says of a target; checks are by path, as there."""

    target: str
    overall_status: Status
    timestamp: Time | None
    checks: dict[str, CheckJson]


class SurfaceJson(Struct, frozen=True):
    """What a surface is, since when and why.

    `last_run` is there for as long as its values hold, also where it is no longer what is now.
    `skipped` tells why the last due run did not take place.
    """

    target: str
    component: str
    surface: str
    state: State
    since: Time | None
    reason: Reason | SkipReason | None
    detail: str
    last_run: RunJson | None
    last_success: Time | None
    consecutive_failures: int
    skipped: SkipReason | None


class NowJson(Struct, frozen=True):
    """What is now; `heartbeat` is when the schedule last showed to be alive."""

    version: str
    time: Time | None
    started: Time | None
    heartbeat: Time | None
    config: ReloadJson
    targets: tuple[TargetJson, ...]
    health: tuple[HealthJson, ...]
    surfaces: tuple[SurfaceJson, ...]
    rate_limits: tuple[QuotaJson, ...]
    tokens: tuple[TokenJson, ...]
    put_off: tuple[PutOffJson, ...]
    lifecycle: tuple[ApiLifecycleJson, ...]
    certificates: tuple[CertificateJson, ...]


class StatusJson(Struct, frozen=True):
    """What `/api/v1/status` answers, in the envelope that Prometheus' API has."""

    status: Literal["success"]
    data: NowJson


def status_json(snapshot: Snapshot, process: Process) -> bytes:
    """Write the answer.

    Args:
        snapshot: what is known of the targets.
        process: what is known of the exporter.

    Returns:
        JSON.
    """
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
        rate_limits=tuple(map(quota_json, snapshot.quotas)),
        tokens=tuple(token_json(token, snapshot.put_off) for token in snapshot.tokens),
        put_off=tuple(put_off_json(*each) for each in snapshot.put_off.items()),
        lifecycle=tuple(map(lifecycle_json, snapshot.lifecycles)),
        certificates=tuple(map(certificate_json, snapshot.certificates)),
    )
    return msgspec.json.encode(StatusJson("success", now))


def _target(target: Target, connections: int | None) -> TargetJson:
    return TargetJson(target.name, target.url, transport_of(target), target.labels, connections)


def _health(of: TargetHealth) -> HealthJson:
    checks = {name: _check(check) for name, check in of.checks.items()}
    return HealthJson(of.target, of.overall_status, moment(of.timestamp), checks)


def _check(check: Check) -> CheckJson:
    since = moment(check.since)
    return CheckJson(check.status, check.message, check.response_time_ms, since)


def _surface(surface: SurfaceNow) -> SurfaceJson:
    return SurfaceJson(
        **surface.labels,
        state=surface.state,
        since=moment(surface.since),
        reason=surface.reason,
        detail=surface.detail,
        last_run=None if surface.run is None else run_json(surface.run),
        last_success=moment(surface.success_at),
        consecutive_failures=surface.consecutive_failures,
        skipped=surface.skipped,
    )
