"""The guide's health check, computed from what was seen: nothing is asked for it.

The guide logs in and asks four surfaces one after another. The probes do that anyway, so here its
questions are answered out of the snapshot, in the guide's own words and shape.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.config.schema import Target
from exporter.model.observation import SUCCESSES
from exporter.status.snapshot import Snapshot, SurfaceNow, SurfaceState, TokenNow

Status: TypeAlias = Literal["healthy", "unhealthy", "unknown"]

SURFACES: Final[Mapping[str, str]] = {
    "monitoring.health": "Health endpoint",
    "orchestrator.intents.list": "Orchestrator API",
    "vnf-operator.vnfs.list": "VNF Operator API",
    "tn-manager.agents.list": "TN Manager API",
}
"""What is checked besides authentication, and what the guide calls it."""


class HealthCheck(Struct, frozen=True, omit_defaults=True):
    """One check; what is not known is not in its JSON.

    ``since`` is when it became so, in Unix seconds, ``lasted`` for how many seconds it has been so.
    """

    status: Status
    message: str
    response_time_ms: float | None = None
    since: float | None = None
    lasted: float | None = None


class TargetHealth(Struct, frozen=True):
    """What the guide's checker says of a target; checks are by path, as there."""

    target: str
    overall_status: Status
    timestamp: float
    checks: Mapping[str, HealthCheck]


def health(snapshot: Snapshot) -> tuple[TargetHealth, ...]:
    """Check every target, in the plan's order.

    A surface that is off and an account that does not exist are no checks.
    """
    return tuple(_each(snapshot))


def health_samples(snapshot: Snapshot) -> Iterator[tuple[tuple[str], float]]:
    """The gauge of it: label, and 1 or 0, of each target of which something is known."""
    for target in _each(snapshot):
        if target.overall_status != "unknown":
            yield (target.target,), float(target.overall_status == "healthy")


def _each(snapshot: Snapshot) -> Iterator[TargetHealth]:
    tokens = {token.target: token for token in snapshot.tokens}
    in_order = groupby(snapshot.surfaces, lambda surface: surface.key.target)
    name, group = next(in_order, _NOBODY)
    for target in snapshot.targets:
        surfaces: dict[str, SurfaceNow] = {}
        if name == target.name:  # surfaces are in the order of their targets, which may have none
            surfaces = {surface.key.surface: surface for surface in group}
            name, group = next(in_order, _NOBODY)
        yield _target(target, surfaces, tokens.get(target.name), snapshot.at)


def _target(
    target: Target, surfaces: Mapping[str, SurfaceNow], token: TokenNow | None, at: float
) -> TargetHealth:
    checks: dict[str, HealthCheck] = {}
    asked = [surface for surface in surfaces.values() if surface.job.credential == "account"]
    if token is not None:
        check = _token(token, _renewal(surfaces))
        if target.auth.type == "bearer" and any(each.skipped == "no_token" for each in asked):
            check = check if check.status == "unhealthy" else _MISSING
        checks["authentication"] = check if check.status == "unhealthy" else _used(asked, check)
    elif target.auth.type == "basic":
        checks["authentication"] = _used(asked, _UNTRIED)
    for name, description in SURFACES.items():
        if (surface := surfaces.get(name)) is not None:
            checks[surface.job.endpoint] = _surface(surface, description)
    return TargetHealth(target.name, _overall(checks), at, checks)


def _overall(checks: Mapping[str, HealthCheck]) -> Status:
    """One that is unhealthy is enough, and one that is not known hides none of the others."""
    found = {check.status for check in checks.values()}
    order: tuple[Status, ...] = ("unhealthy", "healthy")
    return next((status for status in order if status in found), "unknown")


def _token(token: TokenNow, renewal: SurfaceNow | None) -> HealthCheck:
    """What getting a token came to."""
    if token.failures:
        wrong = "the file holds no token" if renewal is None else renewal.wrong
        kept = ", the token in use is still good" if token.valid else ""
        return _since(renewal, "unhealthy", f"{_FAILED}: {wrong}{kept}")
    if token.valid:
        well = f"{_WELL}, the token should have been renewed by now" if token.overdue else _WELL
        if renewal is not None:
            return _since(renewal, "healthy", well)
        return HealthCheck("healthy", well, None, token.renewed_at, token.renewed_ago)
    if token.renewed_at is None:
        return _UNTRIED
    if token.ended_ago is not None:
        ended = f"{_FAILED}: the token has ended"
        return HealthCheck("unhealthy", ended, None, token.expires, token.ended_ago)
    return HealthCheck("unhealthy", f"{_FAILED}: the token is not accepted any more")


def _used(asked: Iterable[SurfaceNow], otherwise: HealthCheck) -> HealthCheck:
    """What became of the account where it was used: one surface that takes it proves it.

    For as long as that is asked; one that refused it stands until it is asked again.
    """
    asked = [*asked]
    if any(_answers(surface) for surface in asked if surface.current is not None):
        return otherwise if otherwise.status == "healthy" else HealthCheck("healthy", _WELL)
    for surface in asked:
        if surface.run is not None and surface.run.reason == "auth_rejected":
            return _since(surface, "unhealthy", f"{_FAILED}: {surface.last_wrong}")
    return otherwise


def _renewal(surfaces: Mapping[str, SurfaceNow]) -> SurfaceNow | None:
    """The last attempt to get a token, by login or by refresh."""
    tried = [surface for surface in surfaces.values() if surface.job.surface.passive]
    ran = [surface for surface in tried if surface.run is not None]
    return min(ran, key=lambda surface: surface.run_ago or 0.0, default=None)


def _surface(surface: SurfaceNow, description: str) -> HealthCheck:
    """What a surface is, in the guide's words."""
    since = f", not asked since: {surface.skipped}" if surface.skipped else ""
    if surface.state == "well":
        return _since(surface, "healthy", f"{description} responding{since}")
    if surface.reason == "internal":  # our own fault says nothing of the API
        return _since(surface, "unknown", f"{description} not known: {surface.wrong}")
    if surface.state == "failing" and surface.current is not None:
        answered = surface.status is not None and not _answers(surface)
        wrong = f"returned {surface.status}" if answered else f"error: {surface.wrong}"
        return _since(surface, "unhealthy", f"{description} {wrong}{since}")
    lately = f"not asked: {surface.skipped}" if surface.skipped else "not asked lately"
    if surface.state in _REFUSED:  # who is told to come back later is not served
        return HealthCheck(
            "unhealthy", f"{description} {lately}", None, surface.since, surface.lasted
        )
    return HealthCheck("unknown", f"{description} {lately}", None, surface.since, surface.lasted)


def _answers(surface: SurfaceNow) -> bool:
    return surface.status in SUCCESSES


def _since(surface: SurfaceNow | None, status: Status, message: str) -> HealthCheck:
    """With when and how fast the surface's last run was, and since when runs are like it."""
    if surface is None:
        return HealthCheck(status, message)
    took = None if surface.duration is None else round(surface.duration * 1000, 3)
    return HealthCheck(status, message, took, surface.run_since, surface.run_lasted)


_NOBODY: Final[tuple[str, Iterator[SurfaceNow]]] = ("", iter(()))
_REFUSED: Final[frozenset[SurfaceState]] = frozenset(("failing", "throttled"))
_FAILED: Final = "Authentication failed"
_WELL: Final = "Authentication successful"
_MISSING: Final = HealthCheck("unhealthy", f"{_FAILED}: there is no token in its file")
_UNTRIED: Final = HealthCheck("unknown", "Authentication not tried yet")
