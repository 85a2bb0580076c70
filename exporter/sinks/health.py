"""The guide's health check, computed from what was seen: nothing is asked for it.

The guide logs in and asks four surfaces one after another. The probes do that anyway, so here its
questions are answered out of the snapshot, in the guide's own words and shape.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.config.schema import Target
from exporter.sinks.snapshot import Snapshot, SurfaceNow, TokenNow

Status: TypeAlias = Literal["healthy", "unhealthy", "unknown"]

SURFACES: Final[Mapping[str, str]] = {
    "monitoring.health": "Health endpoint",
    "orchestrator.intents.list": "Orchestrator API",
    "vnf-operator.vnfs.list": "VNF Operator API",
    "tn-manager.agents.list": "TN Manager API",
}
"""What is checked besides authentication, and what the guide calls it."""

_SUCCESSES: Final = range(200, 300)


class Check(Struct, frozen=True, omit_defaults=True):
    """One check; what is not known is not in its JSON.

    ``since`` is when it became so, in Unix seconds.
    """

    status: Status
    message: str
    response_time_ms: float | None = None
    since: float | None = None


class TargetHealth(Struct, frozen=True):
    """What the guide's checker says of a target; checks are by path, as there."""

    target: str
    overall_status: Status
    timestamp: float
    checks: Mapping[str, Check]


def health(snapshot: Snapshot) -> tuple[TargetHealth, ...]:
    """Check every target.

    Args:
        snapshot: what is known.

    Returns:
        The health of each, in the plan's order. A surface that is off and an account that does
        not exist are no checks.
    """
    surfaces: dict[str, dict[str, SurfaceNow]] = {target.name: {} for target in snapshot.targets}
    for surface in snapshot.surfaces:
        surfaces[surface.key.target][surface.key.surface] = surface
    tokens = {token.target: token for token in snapshot.tokens}
    return tuple(
        _target(target, surfaces[target.name], tokens.get(target.name), snapshot.at)
        for target in snapshot.targets
    )


def healthy(snapshot: Snapshot) -> Iterator[tuple[Mapping[str, str], float]]:
    """The gauge of it.

    Args:
        snapshot: what is known.

    Yields:
        Labels, and 1 or 0, of each target of which something is known.
    """
    for target in health(snapshot):
        if target.overall_status != "unknown":
            yield {"target": target.target}, float(target.overall_status == "healthy")


def _target(
    target: Target, surfaces: Mapping[str, SurfaceNow], token: TokenNow | None, at: float
) -> TargetHealth:
    checks: dict[str, Check] = {}
    asked = [surface for surface in surfaces.values() if surface.job.credential == "account"]
    if token is not None:
        check = _token(token, _renewal(surfaces), at)
        if target.auth.type == "bearer" and any(each.skipped == "no_token" for each in asked):
            check = check if check.status == "unhealthy" else _MISSING
        checks["authentication"] = check if check.status == "unhealthy" else _used(asked, check)
    elif target.auth.type == "basic":
        checks["authentication"] = _used(asked, _UNTRIED)
    for name, description in SURFACES.items():
        if (surface := surfaces.get(name)) is not None:
            checks[surface.job.endpoint] = _surface(surface, description)
    return TargetHealth(target.name, _overall(checks), at, checks)


def _overall(checks: Mapping[str, Check]) -> Status:
    """One that is unhealthy is enough, and one that is not known hides none of the others."""
    found = {check.status for check in checks.values()}
    order: tuple[Status, ...] = ("unhealthy", "healthy")
    return next((status for status in order if status in found), "unknown")


def _token(token: TokenNow, renewal: SurfaceNow | None, at: float) -> Check:
    """What getting a token came to."""
    took = None if renewal is None else _milliseconds(renewal)
    if token.failures:
        wrong = "the file holds no token" if renewal is None else renewal.wrong
        kept = ", the token in use is still good" if token.valid else ""
        since = None if renewal is None else renewal.since
        return Check("unhealthy", f"{_FAILED}: {wrong}{kept}", took, since)
    if token.valid:
        since = token.renewed_at if renewal is None else renewal.since
        return Check("healthy", "Authentication successful", took, since)
    if token.renewed_at is None:
        return _UNTRIED
    if token.expires is not None and token.expires <= at:
        return Check("unhealthy", f"{_FAILED}: the token has ended", since=token.expires)
    return Check("unhealthy", f"{_FAILED}: the token is not accepted any more")


def _used(asked: Iterable[SurfaceNow], otherwise: Check) -> Check:
    """What became of the account where it was used: one surface that takes it proves it."""
    asked = [*asked]
    if any(surface.status in _SUCCESSES for surface in asked if surface.status is not None):
        well = "Authentication successful"
        return otherwise if otherwise.status == "healthy" else Check("healthy", well)
    for surface in asked:
        if surface.reason == "auth_rejected":
            wrong = f"{_FAILED}: {surface.wrong}"
            return Check("unhealthy", wrong, _milliseconds(surface), surface.since)
    return otherwise


def _renewal(surfaces: Mapping[str, SurfaceNow]) -> SurfaceNow | None:
    """The last attempt to get a token, by login or by refresh."""
    tried = [surfaces[name] for name in ("auth.login", "auth.refresh") if name in surfaces]
    ran = [surface for surface in tried if surface.run is not None]
    return max(ran, key=lambda surface: surface.last_run or 0.0, default=None)


def _surface(surface: SurfaceNow, description: str) -> Check:
    """What a surface's last run says for as long as it holds.

    One that was well and cannot be asked any more, for want of a token, may be anything by now.
    """
    took = _milliseconds(surface)
    if surface.state == "well" and surface.skipped != "no_token":
        kept = f", not asked since: {surface.skipped}" if surface.skipped else ""
        return Check("healthy", f"{description} responding{kept}", took, surface.since)
    if surface.state == "failing":
        answered = surface.status is not None and surface.status not in _SUCCESSES
        wrong = f"returned {surface.status}" if answered else f"error: {surface.wrong}"
        wrong += f", not asked since: {surface.skipped}" if surface.skipped else ""
        return Check("unhealthy", f"{description} {wrong}", took, surface.since)
    lately = f": {surface.skipped}" if surface.skipped else " lately"
    return Check("unknown", f"{description} not asked{lately}")


def _milliseconds(surface: SurfaceNow) -> float | None:
    return None if surface.duration is None else round(surface.duration * 1000, 3)


_FAILED: Final = "Authentication failed"
_MISSING: Final = Check("unhealthy", f"{_FAILED}: there is no token in its file")
_UNTRIED: Final = Check("unknown", "Authentication not tried yet")
