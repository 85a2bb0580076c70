"""What one exchange says of a surface, and what the exchanges of a round conclude."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from msgspec import Struct

from exporter.checks import Checks
from exporter.checks.finding import Answer, Finding
from exporter.model.exchange import Exchange, Fault, Json, Request, Send
from exporter.model.observation import SUCCESSES, Call, Oddity, Phases, Run, is_delayed
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Job
from exporter.protocol.fields import iso_date
from exporter.protocol.json_document import JsonDocument, read_tolerantly, strictly
from exporter.protocol.lifecycle import lifecycle
from exporter.protocol.rate_limit import rate_limit

_NOT_READ: Final = JsonDocument(None)


class Verdict(Struct, frozen=True, gc=False):
    """Well where ``finding`` is ``None``, and then perhaps ``slow``.

    ``document`` is the decoded body of an answer that is right, be it too slow.
    """

    call: Call
    finding: Finding | None = None
    slow: bool = False
    document: dict[str, Json] | None = None


class Sent(Struct, frozen=True, gc=False):
    """What its sender knows of a request.

    ``queued`` are the seconds it waited for a slot of our own; for ``proof`` and ``resent`` see
    ``Call``; ``context`` is the span it was sent in.
    """

    path: str = ""
    context: TraceContext | None = None
    queued: float = 0.0
    proof: int = 0
    resent: bool = False


Judged: TypeAlias = tuple[Verdict, Exchange | Fault]
"""What an exchange says of a surface, and what came."""


async def ask(send: Send, job: Job, request: Request, sent: Sent, checks: Checks) -> Judged:
    """Send a request, and judge what comes of it: what it says of the surface, and what came."""
    result = await send(request)
    return judge(job, result, sent, checks, await _document(job, result)), result


def conclude(verdicts: Sequence[Verdict], at: float, lateness: float | None = None) -> Run:
    """What the requests of a round come to: failed when any failed, as long as its slowest.

    There is at least one verdict. ``at`` is when the round ended, in Unix seconds; ``lateness`` is
    actual less planned start, in seconds, ``None`` where no schedule planned it.
    """
    slowest, failed, slow, lag = verdicts[0], None, False, 0.0
    for verdict in verdicts:
        if verdict.call.duration > slowest.call.duration:
            slowest = verdict
        if failed is None and verdict.finding is not None:
            failed = verdict
        slow = slow or verdict.slow
        lag = max(lag, verdict.call.lag)
    deciding = failed or slowest
    finding = deciding.finding
    return Run(
        key=deciding.call.key,
        at=at,
        duration=slowest.call.duration,
        reason=finding.reason if finding else None,
        slow=slow and finding is None and not is_delayed(lateness, lag),
        lateness=lateness,
        deciding=deciding.call,
        detail=finding.detail if finding else "",
        check=finding.check if finding else "",
        lag=lag,
    )


def judge(
    job: Job, result: Exchange | Fault, sent: Sent, checks: Checks, document: JsonDocument
) -> Verdict:
    """Turn what came off the wire into a call, and what is wrong with its answer, if anything.

    The first fault counts: the wire, then the checks in their order, which remember the target's
    earlier runs.
    """
    content = document.content
    stamp = None if content is None else _stamp(job, content)
    call = _call(job, result, sent, stamp, document.oddities)
    if isinstance(result, Fault):
        return Verdict(call, Finding(result.reason, result.detail))
    finding = checks.first_finding(Answer(job, result, content, stamp))
    if finding is not None:
        return Verdict(call, finding, document=content if finding.reason == "slow" else None)
    return Verdict(call, None, call.duration > job.good, content)


async def _document(job: Job, result: Exchange | Fault) -> JsonDocument:
    """What a good answer holds; it waits where a large body has to be read tolerantly."""
    if job.surface.media != "json" or isinstance(result, Fault) or result.status not in SUCCESSES:
        return _NOT_READ
    return strictly(result.body) or await read_tolerantly(result.body)


def _call(
    job: Job,
    result: Exchange | Fault,
    sent: Sent,
    stamp: float | None,
    oddities: tuple[Oddity, ...],
) -> Call:
    timing = result.timing
    lasted = timing.phases
    return Call(
        key=job.key,
        at=timing.at,
        method=job.surface.method,
        endpoint=job.endpoint,
        rate_class=job.surface.rate_class,
        credential=job.credential,
        duration=timing.duration,
        phases=Phases(
            sent.queued,
            lasted.dns,
            lasted.connect,
            lasted.tls,
            lasted.send,
            lasted.wait,
            lasted.receive,
        ),
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
        stamp=stamp,
        oddities=oddities,
        steady=timing.started + timing.duration,
        lag=timing.lag,
    )


def _stamp(job: Job, content: dict[str, Json]) -> float | None:
    told = content.get(job.surface.timestamp) if job.surface.timestamp else None
    return iso_date(told) if isinstance(told, str) else None
