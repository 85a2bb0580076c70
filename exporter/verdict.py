"""What one exchange says of a surface: pure."""

from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct

from exporter.api.headers import rate_limit
from exporter.checks import CHECKS
from exporter.checks.finding import Answer, Finding
from exporter.job import Job
from exporter.observation import Call, Phases, Reason
from exporter.wire import Exchange, Fault, Json

_REASONS: Final[dict[int, Reason]] = {
    HTTPStatus.BAD_REQUEST: "validation",
    HTTPStatus.UNAUTHORIZED: "auth_rejected",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.UNPROCESSABLE_ENTITY: "validation",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
}
"""The guide's classes of errors (chapter "Comprehensive Error Handler")."""

_decode = msgspec.json.Decoder().decode


class Verdict(Struct, frozen=True):
    """Well where ``finding`` is ``None``, and then perhaps ``slow``.

    ``document`` is the decoded body of a good answer.
    """

    call: Call
    finding: Finding | None = None
    slow: bool = False
    document: dict[str, Json] | None = None


def judge(job: Job, result: Exchange | Fault, *, queued: float = 0.0) -> Verdict:
    """Turn what came off the wire into what it means.

    Args:
        job: what was asked.
        result: what came.
        queued: seconds spent waiting for a slot of our own.

    Returns:
        The call, and what is wrong with its answer, if anything. The first fault counts: the
        wire, then the status, then the body, then the checks, then the time it took.
    """
    call = _call(job, result, queued)
    if isinstance(result, Fault):
        return Verdict(call, Finding(result.reason, result.detail))
    if (finding := _status_finding(result.status)) is not None:
        return Verdict(call, finding)
    document: dict[str, Json] | None = None
    if job.surface.media == "json":
        document = _document(result.body)
        if document is None:
            return Verdict(call, Finding("body_invalid", "the body is no JSON object"))
    answer = Answer(job.surface, result, document)
    for name in job.surface.checks:
        if (finding := CHECKS[name](answer)) is not None:
            return Verdict(call, finding)
    if call.duration > job.bad:
        detail = f"took {call.duration:.1f} s, over {job.bad:g} s is too long"
        return Verdict(call, Finding("slow", detail))
    return Verdict(call, None, call.duration > job.good, document)


def _call(job: Job, result: Exchange | Fault, queued: float) -> Call:
    timing = result.timing
    return Call(
        key=job.key,
        at=timing.at,
        method=job.surface.method,
        endpoint=job.endpoint,
        rate_class=job.surface.rate_class,
        credential=job.credential,
        duration=timing.duration,
        phases=_with_queue(timing.phases, queued),
        reused=timing.reused,
        status=result.status,
        fault=result.reason if isinstance(result, Fault) else None,
        response_bytes=result.response_bytes,
        rate_limit=rate_limit(result.headers),
        certificate_expiry=timing.certificate_expiry,
    )


def _with_queue(phases: Phases, queued: float) -> Phases:
    return Phases(
        queued, phases.dns, phases.connect, phases.tls, phases.send, phases.wait, phases.receive
    )


def _status_finding(status: int) -> Finding | None:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return Finding(_status_reason(status), f"answered {status}")


def _status_reason(status: int) -> Reason:
    if status < HTTPStatus.BAD_REQUEST:
        return "redirect"
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _REASONS.get(status, "http_4xx")
    return "http_5xx"


def _document(body: bytes) -> dict[str, Json] | None:
    try:
        decoded = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None
