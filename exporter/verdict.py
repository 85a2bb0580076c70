"""What one exchange says of a surface: pure."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.api.documents import Document, read_tolerantly, strictly
from exporter.api.headers import iso_date
from exporter.api.lifecycle import lifecycle
from exporter.api.problems import kind_of
from exporter.api.ratelimit import rate_limit
from exporter.checks import CHECKS
from exporter.checks.finding import Answer, Finding
from exporter.job import Job
from exporter.observation import Call, Context, Phases
from exporter.pulse import Pulse
from exporter.wire import Exchange, Fault, Json

_NO_PULSE: Final = Pulse()
_CODING: Final = "its content coding is unknown"


class Verdict(Struct, frozen=True):
    """Well where ``finding`` is ``None``, and then perhaps ``slow``.

    ``document`` is the decoded body of an answer that is right, be it too slow. ``unread`` tells
    that its body is not as JSON has it, and may be read all the same: see ``read_again``.
    """

    call: Call
    finding: Finding | None = None
    slow: bool = False
    document: dict[str, Json] | None = None
    unread: bool = False


_TEXT: Final = Document(None)
_NO_OBJECT: Final = "the body is no JSON object"


def judge(  # noqa: PLR0913  # all of it is of one request
    job: Job,
    result: Exchange | Fault,
    *,
    queued: float = 0.0,
    path: str = "",
    context: Context | None = None,
    pulse: Pulse = _NO_PULSE,
) -> Verdict:
    """Turn what came off the wire into what it means.

    Args:
        job: what was asked.
        result: what came.
        queued: seconds spent waiting for a slot of our own.
        path: what was asked for.
        context: the span that the request was sent in.
        pulse: what earlier runs saw of the answer's timestamp.

    Returns:
        The call, and what is wrong with its answer, if anything. The first fault counts: the
        wire, then the status, then the body, then the checks, then the time it took.
    """
    call = _call(job, result, queued, path, context)
    if isinstance(result, Fault):
        return Verdict(call, Finding(result.reason, result.detail))
    if (finding := _status_finding(result.status)) is not None:
        return Verdict(call, finding)
    document = strictly(result.body) if job.surface.media == "json" else _TEXT
    if document is None:
        return Verdict(call, _unread(result, _NO_OBJECT), unread=True)
    return _judge_body(job, result, call, document, pulse)


async def read_again(
    verdict: Verdict, job: Job, result: Exchange, pulse: Pulse = _NO_PULSE
) -> Verdict:
    """Judge by what can be made of a body that is not as JSON has it.

    Args:
        verdict: that is ``unread``.
        job: what was asked.
        result: what came.
        pulse: as for ``judge``.

    Returns:
        What takes its place.
    """
    document = await read_tolerantly(result.body)
    return _judge_body(job, result, verdict.call, document, pulse)


def _judge_body(
    job: Job, result: Exchange, call: Call, document: Document, pulse: Pulse
) -> Verdict:
    content = document.content
    if content is None and job.surface.media == "json":
        return Verdict(call, _unread(result, _NO_OBJECT))
    stamp = _stamp(job, content)
    if stamp is not None or document.oddities:
        call = replace(call, stamp=stamp, oddities=document.oddities)
    answer = Answer(job.surface, result, content, stamp, pulse)
    for name in job.surface.checks:
        if (finding := CHECKS[name](answer)) is not None:
            if finding.reason == "body_invalid":
                finding = _unread(result, finding.detail)
            return Verdict(call, finding)
    if call.duration > job.bad:
        detail = f"took {call.duration:.1f} s, over {job.bad:g} s is too long"
        return Verdict(call, Finding("slow", detail), document=content)
    return Verdict(call, None, call.duration > job.good, content)


def _call(
    job: Job, result: Exchange | Fault, queued: float, path: str, context: Context | None
) -> Call:
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
        rate_limit=rate_limit(result.headers, timing.at),
        certificate_expiry=timing.certificate_expiry,
        lifecycle=lifecycle(result.headers),
        path=path,
        context=context,
        transport=timing.transport,
        steady=timing.started + timing.duration,
    )


def _with_queue(phases: Phases, queued: float) -> Phases:
    return Phases(
        queued, phases.dns, phases.connect, phases.tls, phases.send, phases.wait, phases.receive
    )


def _status_finding(status: int) -> Finding | None:
    kind = kind_of(status)
    return None if kind is None else Finding(kind.reason, f"answered {status}")


def _unread(result: Exchange, detail: str) -> Finding:
    """A body that is not what it should be, perhaps as its coding is not undone."""
    return Finding("body_invalid", detail if result.known else f"{detail}: {_CODING}")


def _stamp(job: Job, document: dict[str, Json] | None) -> float | None:
    told = (document or {}).get(job.surface.timestamp) if job.surface.timestamp else None
    return iso_date(told) if isinstance(told, str) else None
