"""What one exchange says of a surface, and what the exchanges of a round conclude."""

from collections.abc import Sequence
from typing import Final, TypeAlias

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
from exporter.observation import Call, Context, Phases, Run
from exporter.pulse import Pulse
from exporter.wire import Exchange, Fault, Json, Request, Send

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


class Sent(Struct, frozen=True):
    """What its sender knows of a request.

    ``queued`` are the seconds it waited for a slot of our own; for ``proof`` and ``resent`` see
    ``Call``; ``context`` is the span it was sent in.
    """

    path: str = ""
    context: Context | None = None
    queued: float = 0.0
    proof: int = 0
    resent: bool = False


Judged: TypeAlias = tuple[Verdict, Exchange | Fault]
"""What an exchange says of a surface, and what came."""

_UNSAID: Final = Sent()


async def ask(
    send: Send, job: Job, request: Request, sent: Sent, pulse: Pulse = _NO_PULSE
) -> Judged:
    """Send a request, and judge what comes of it.

    Args:
        send: sends it; a fault comes back as data.
        job: what is asked.
        request: what is sent.
        sent: what is known of it besides.
        pulse: as for ``judge``.

    Returns:
        What it says of the surface, and what came.
    """
    result = await send(request)
    verdict = judge(job, result, sent, pulse)
    if verdict.unread and isinstance(result, Exchange):
        verdict = await read_again(verdict, job, result, pulse)
    return verdict, result


def conclude(verdicts: Sequence[Verdict], lateness: float | None = None) -> Run:
    """What the requests of a round come to: failed when any failed, as long as its slowest.

    Args:
        verdicts: of all of them, at least one.
        lateness: actual less planned start, in seconds; ``None`` where no schedule planned it.

    Returns:
        The run.
    """
    slowest = max(verdicts, key=lambda verdict: verdict.call.duration)
    failed = next((verdict for verdict in verdicts if verdict.finding is not None), None)
    deciding = failed or slowest
    finding = deciding.finding
    return Run(
        key=deciding.call.key,
        at=max(verdict.call.at for verdict in verdicts),
        duration=slowest.call.duration,
        reason=finding.reason if finding else None,
        slow=finding is None and any(verdict.slow for verdict in verdicts),
        lateness=lateness,
        deciding=deciding.call,
        detail=finding.detail if finding else "",
    )


def judge(
    job: Job, result: Exchange | Fault, sent: Sent = _UNSAID, pulse: Pulse = _NO_PULSE
) -> Verdict:
    """Turn what came off the wire into what it means.

    Args:
        job: what was asked.
        result: what came.
        sent: what is known of the request besides.
        pulse: what earlier runs saw of the answer's timestamp.

    Returns:
        The call, and what is wrong with its answer, if anything. The first fault counts: the
        wire, then the status, then the body, then the checks, then the time it took.
    """
    call = _call(job, result, sent)
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


def _call(job: Job, result: Exchange | Fault, sent: Sent) -> Call:
    timing = result.timing
    return Call(
        key=job.key,
        at=timing.at,
        method=job.surface.method,
        endpoint=job.endpoint,
        rate_class=job.surface.rate_class,
        credential=job.credential,
        duration=timing.duration,
        phases=_with_queue(timing.phases, sent.queued),
        reused=timing.reused,
        status=result.status,
        fault=result.reason if isinstance(result, Fault) else None,
        response_bytes=result.response_bytes,
        rate_limit=rate_limit(result.headers, timing.at),
        certificate_expiry=timing.certificate_expiry,
        lifecycle=lifecycle(result.headers),
        path=sent.path,
        context=sent.context,
        proof=sent.proof,
        resent=sent.resent,
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
