"""A run, its calls and what they said as JSON: the one shape, wherever it is shown.

Times are RFC 3339 in UTC to the millisecond, names that end in ``_seconds`` are durations, and what
is not known is ``null``. ``docs/schemas/`` is made of these, docstrings included.
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from exporter.logs.format import rfc3339
from exporter.model.headers import Lifecycle, RateLimit, Relation
from exporter.model.observation import (
    Call,
    Credential,
    Key,
    OnDemandRun,
    RateClass,
    Run,
    Skip,
    Transport,
)
from exporter.model.reasons import Reason, SkipReason
from exporter.report.waterfall import phases_of
from exporter.status.history import Skipped

Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
MICROSECONDS: Final = 6
"""Decimals of durations."""
Result: TypeAlias = Literal["well", "slow", "failed", "skipped"]


class RateLimitJson(Struct, frozen=True):
    """What the headers said of the quota: requests, and when the window ends."""

    limit: int | None
    remaining: int | None
    reset: Time | None


class LifecycleJson(Struct, frozen=True):
    """What the headers said of the API's version and end.

    `unparseable`: a date was sent that cannot be read. `links`: what is linked to, of what is about
    its end.
    """

    version: str | None
    deprecation: Time | None
    sunset: Time | None
    unparseable: bool
    links: tuple[Relation, ...]


class TransportJson(Struct, frozen=True):
    """How a call was carried, as far as it came; `redirects` is how many were followed."""

    ip_protocol: Literal[4, 6] | None
    http_version: str | None
    tls_version: str | None
    redirects: int


class PhasesJson(Struct, frozen=True):
    """The phases that were reached, in their order.

    `queue` is a wait of the exporter's own and in no duration; `before` is what went before the
    last connection: a connection that was lost, a redirect.
    """

    queue: float | UnsetType = UNSET
    before: float | UnsetType = UNSET
    dns: float | UnsetType = UNSET
    connect: float | UnsetType = UNSET
    tls: float | UnsetType = UNSET
    send: float | UnsetType = UNSET
    wait: float | UnsetType = UNSET
    receive: float | UnsetType = UNSET


class CallJson(Struct, frozen=True):
    """One request and its answer.

    `at` is when it ended. `endpoint` is the path's template, `path` has the ids. `fault` tells that
    no whole answer came, also where there is a `status_code`. `credential` is whose quota it was
    counted against.
    """

    at: Time
    method: str
    endpoint: str
    path: str
    rate_class: RateClass
    credential: Credential
    status_code: int | None
    fault: Reason | None
    duration_seconds: float
    phases_seconds: PhasesJson
    connection_reused: bool | None
    response_bytes: int | None
    rate_limit: RateLimitJson | None
    lifecycle: LifecycleJson | None
    certificate_expiry: Time | None
    transport: TransportJson | None
    trace_id: str | None
    span_id: str | None
    traceparent: str | None


class RunJson(Struct, frozen=True):
    """A run, or one that did not happen (`skipped`, which has neither duration nor call).

    `at` is when it ended. `reason` is there where it failed or was skipped, and `check` names what
    found it in an answer. `lateness_seconds` is known where a schedule planned it; `lag_seconds` is
    the most that the exporter's own event loop may have added to a duration; where one of them is
    over 10 ms it is `delayed`, and never `slow`. `asked` tells that somebody asked for it, and no
    schedule did. `call` is the one that decided it: the failed one, else the slowest.
    """

    target: str
    component: str
    surface: str
    at: Time
    result: Result
    reason: Reason | SkipReason | None
    detail: str
    check: str
    duration_seconds: float | None
    lateness_seconds: float | None
    lag_seconds: float | None
    delayed: bool
    asked: bool
    call: CallJson | None


class SkipJson(Struct, frozen=True):
    """How often a surface was skipped for one reason since the start, and when last."""

    target: str
    component: str
    surface: str
    reason: SkipReason
    count: int
    last: Time


def run_json(of: Run | OnDemandRun | Skip, *, asked: bool = False) -> RunJson:
    """Tell a run, or one that did not happen; ``asked`` where it does not say so itself."""
    if isinstance(of, OnDemandRun):
        return run_json(of.run, asked=True)
    surface = (of.key.target, of.key.component, of.key.surface, rfc3339(of.at))
    if isinstance(of, Skip):
        return RunJson(
            *surface,
            result="skipped",
            reason=of.reason,
            detail="",
            check="",
            duration_seconds=None,
            lateness_seconds=None,
            lag_seconds=None,
            delayed=False,
            asked=asked,
            call=None,
        )
    well: Result = "slow" if of.slow else "well"
    return RunJson(
        *surface,
        result=well if of.reason is None else "failed",
        reason=of.reason,
        detail=of.detail,
        check=of.check,
        duration_seconds=round(of.duration, MICROSECONDS),
        lateness_seconds=None if of.lateness is None else round(of.lateness, MICROSECONDS),
        lag_seconds=round(of.lag, MICROSECONDS),
        delayed=of.delayed,
        asked=asked,
        call=None if of.deciding is None else call_json(of.deciding),
    )


def call_json(call: Call) -> CallJson:
    """Tell a call as JSON has it."""
    context = call.context
    phases = {name: round(took, MICROSECONDS) for name, took in phases_of(call).items()}
    return CallJson(
        at=rfc3339(call.at),
        method=call.method,
        endpoint=call.endpoint,
        path=call.path or call.endpoint,
        rate_class=call.rate_class,
        credential=call.credential,
        status_code=call.status,
        fault=call.fault,
        duration_seconds=round(call.duration, MICROSECONDS),
        phases_seconds=PhasesJson(**phases),
        connection_reused=call.reused,
        response_bytes=call.response_bytes,
        rate_limit=None if call.rate_limit is None else _rate_limit(call.rate_limit),
        lifecycle=None if call.lifecycle is None else _lifecycle(call.lifecycle),
        certificate_expiry=moment(call.certificate_expiry),
        transport=None if call.transport is None else _transport(call.transport),
        trace_id=None if context is None else f"{context.trace_id:032x}",
        span_id=None if context is None else f"{context.span_id:016x}",
        traceparent=None if context is None else context.traceparent,
    )


def skip_json(key: Key, reason: SkipReason, skipped: Skipped) -> SkipJson:
    """Tell the skips of a surface for one reason: how often, and when last."""
    last = rfc3339(skipped.at)
    return SkipJson(key.target, key.component, key.surface, reason, skipped.count, last)


def moment(at: float | None) -> str | None:
    """A Unix time as JSON has it, by RFC 3339; ``None`` where it is unknown or in no calendar."""
    try:
        return None if at is None else rfc3339(at)
    except (ValueError, OverflowError, OSError):
        return None


def _rate_limit(said: RateLimit) -> RateLimitJson:
    return RateLimitJson(said.limit, said.remaining, moment(said.reset))


def _lifecycle(said: Lifecycle) -> LifecycleJson:
    return LifecycleJson(
        version=said.version,
        deprecation=moment(said.deprecation),
        sunset=moment(said.sunset),
        unparseable=said.unparseable,
        links=said.relations,
    )


def _transport(carried: Transport) -> TransportJson:
    return TransportJson(carried.ip_protocol, carried.http, carried.tls, carried.redirects)
