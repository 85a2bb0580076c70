"""What one exchange says of a surface."""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.api.documents import Document, read_tolerantly, strictly
from exporter.api.headers import iso_date
from exporter.api.lifecycle import lifecycle
from exporter.api.ratelimit import rate_limit
from exporter.checks import Checks
from exporter.checks.finding import Answer, Finding
from exporter.job import Job
from exporter.observation import Call, Context, Phases
from exporter.wire import Exchange, Fault, Json

_SUCCESSES: Final = range(200, 300)
_NOT_READ: Final = Document(None)
_FORGETFUL: Final = Checks()


class Verdict(Struct, frozen=True):
    """Well where ``finding`` is ``None``, and then perhaps ``slow``.

    ``document`` is the decoded body of an answer that is right, be it too slow.
    """

    call: Call
    finding: Finding | None = None
    slow: bool = False
    document: dict[str, Json] | None = None


async def judge(  # noqa: PLR0913  # all of it is of one request
    job: Job,
    result: Exchange | Fault,
    checks: Checks = _FORGETFUL,
    *,
    queued: float = 0.0,
    path: str = "",
    context: Context | None = None,
) -> Verdict:
    """Turn what came off the wire into what it means.

    It waits only where a large body is not as JSON has it, and has to be read tolerantly.

    Args:
        job: what was asked.
        result: what came.
        checks: of the target; without them nothing is remembered of earlier runs.
        queued: seconds spent waiting for a slot of our own.
        path: what was asked for.
        context: the span that the request was sent in.

    Returns:
        The call, and what is wrong with its answer, if anything. The first fault counts: the
        wire, then the checks in their order.
    """
    call = _call(job, result, queued, path, context)
    if isinstance(result, Fault):
        return Verdict(call, Finding(result.reason, result.detail))
    document = _NOT_READ
    if job.surface.media == "json" and result.status in _SUCCESSES:
        document = strictly(result.body) or await read_tolerantly(result.body)
    content = document.content
    stamp = _stamp(job, content)
    if stamp is not None or document.oddities:
        call = replace(call, stamp=stamp, oddities=document.oddities)
    finding = checks.first_finding(Answer(job, result, content, stamp))
    if finding is not None:
        return Verdict(call, finding, document=content if finding.reason == "slow" else None)
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


def _stamp(job: Job, document: dict[str, Json] | None) -> float | None:
    told = (document or {}).get(job.surface.timestamp) if job.surface.timestamp else None
    return iso_date(told) if isinstance(told, str) else None
