"""Runs and skips as JSON tells them: the shape that ``/logs?format=json`` documents.

Times are RFC 3339 in UTC, durations are seconds; what is not known is ``null``.
"""

from typing import overload

from msgspec import Struct

from exporter.observation import Call, Inquiry, Key, Lifecycle, Phases, RateLimit, Reason, Transport
from exporter.sinks.journal import Entry, Skipped
from exporter.sinks.logformat import rfc3339


class ToldRateLimit(Struct, frozen=True):
    """What the headers said of the quota."""

    limit: int | None
    remaining: int | None
    reset: str | None


class ToldLifecycle(Struct, frozen=True):
    """What the headers said of the API's version and end."""

    version: str | None
    deprecation: str | None
    sunset: str | None
    unparseable: bool
    links: tuple[str, ...]


class ToldCall(Struct, frozen=True):
    """The call that decided a run."""

    at: str
    method: str
    endpoint: str
    path: str
    status_code: int | None
    fault: str | None
    duration_seconds: float
    phases_seconds: dict[str, float]
    connection_reused: bool | None
    response_bytes: int | None
    rate_limit: ToldRateLimit | None
    lifecycle: ToldLifecycle | None
    certificate_expiry: str | None
    transport: Transport | None
    trace_id: str | None
    span_id: str | None


class ToldRun(Struct, frozen=True):
    """A run. ``asked`` tells that somebody asked for it, and no schedule planned it."""

    at: str
    target: str
    component: str
    surface: str
    result: str
    reason: Reason | None
    detail: str
    check: str
    duration_seconds: float
    lateness_seconds: float | None
    asked: bool
    call: ToldCall | None


class ToldSkip(Struct, frozen=True):
    """How often a surface was skipped for one reason since the start."""

    target: str
    component: str
    surface: str
    reason: str
    count: int
    last: str


class ToldLogs(Struct, frozen=True):
    """All that was asked for, the newest first."""

    runs: list[ToldRun]
    skips: list[ToldSkip]


def told_run(entry: Entry) -> ToldRun:
    """Tell a run.

    Args:
        entry: as it was kept.

    Returns:
        It as JSON has it.
    """
    asked = isinstance(entry, Inquiry)
    run = entry.run if isinstance(entry, Inquiry) else entry
    well = "slow" if run.slow else "well"
    return ToldRun(
        at=rfc3339(run.at),
        target=run.key.target,
        component=run.key.component,
        surface=run.key.surface,
        result=well if run.reason is None else "failed",
        reason=run.reason,
        detail=run.detail,
        check=run.check,
        duration_seconds=rounded(run.duration),
        lateness_seconds=rounded(run.lateness),
        asked=asked,
        call=None if run.deciding is None else _call(run.deciding),
    )


def told_skip(key: Key, reason: str, skipped: Skipped) -> ToldSkip:
    """Tell the skips of a surface for one reason.

    Args:
        key: the surface.
        reason: why.
        skipped: how often, and when last.

    Returns:
        It as JSON has it.
    """
    last = rfc3339(skipped.at)
    return ToldSkip(key.target, key.component, key.surface, reason, skipped.count, last)


def moment(at: float | None) -> str | None:
    """A time as JSON has it.

    Args:
        at: Unix seconds, where it is known.

    Returns:
        RFC 3339; what no calendar has is not known.
    """
    try:
        return None if at is None else rfc3339(at)
    except (ValueError, OverflowError, OSError):
        return None


@overload
def rounded(seconds: float) -> float: ...
@overload
def rounded(seconds: float | None) -> float | None: ...
def rounded(seconds: float | None) -> float | None:
    """A duration as JSON has it.

    Args:
        seconds: any, where it is known.

    Returns:
        The same to the microsecond.
    """
    return None if seconds is None else round(seconds, 6)


def reached(phases: Phases) -> dict[str, float]:
    """The phases that a call came to.

    Args:
        phases: of the call.

    Returns:
        Seconds by phase, in the order of time.
    """
    every = {name: getattr(phases, name) for name in phases.__struct_fields__}
    return {name: seconds for name, seconds in every.items() if seconds is not None}


def _call(call: Call) -> ToldCall:
    return ToldCall(
        at=rfc3339(call.at),
        method=call.method,
        endpoint=call.endpoint,
        path=call.path,
        status_code=call.status,
        fault=call.fault,
        duration_seconds=rounded(call.duration),
        phases_seconds={name: rounded(took) for name, took in reached(call.phases).items()},
        connection_reused=call.reused,
        response_bytes=call.response_bytes,
        rate_limit=None if call.rate_limit is None else _rate_limit(call.rate_limit),
        lifecycle=None if call.lifecycle is None else _lifecycle(call.lifecycle),
        certificate_expiry=moment(call.certificate_expiry),
        transport=call.transport,
        trace_id=None if call.context is None else f"{call.context.trace_id:032x}",
        span_id=None if call.context is None else f"{call.context.span_id:016x}",
    )


def _rate_limit(said: RateLimit) -> ToldRateLimit:
    return ToldRateLimit(said.limit, said.remaining, moment(said.reset))


def _lifecycle(said: Lifecycle) -> ToldLifecycle:
    return ToldLifecycle(
        version=said.version,
        deprecation=moment(said.deprecation),
        sunset=moment(said.sunset),
        unparseable=said.unparseable,
        links=said.relations,
    )
