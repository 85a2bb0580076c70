"""One execution of a probe: the calls it takes, and what is concluded from them."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Final
from urllib.parse import quote

from msgspec import Struct

from exporter.checks import Checks
from exporter.checks.judge import Sent, Verdict, ask, conclude
from exporter.model.exchange import Request, Send
from exporter.model.observation import Call, IdsVisited, Observation, Run, Skip
from exporter.model.trace_context import Mint, TraceContext
from exporter.planning.job import Job
from exporter.probing.admission import Permit
from exporter.probing.discovered_ids import Candidate
from exporter.readers.listings import read_ids

_SENDS_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
_WANTS_TEXT: Final[Mapping[str, str]] = {"Accept": "text/plain, */*;q=0.1"}


class ProbeInput(Struct, frozen=True):
    """What a run was let in with, and how it asks.

    ``lateness`` is in seconds, ``None`` where no schedule planned it. Each call has a span of its
    own in the trace of ``context``. ``fresh`` ones have new connections. ``checks`` remember
    earlier runs of the target; ``learn`` is told of each call as soon as it has ended.
    """

    job: Job
    permit: Permit
    mint: Mint
    context: TraceContext
    checks: Checks
    learn: Callable[[Call], None]
    lateness: float | None
    fresh: bool


class Visited(Struct, frozen=True, gc=False):
    """What one id came to."""

    candidate: Candidate
    verdict: Verdict
    rejected: Call | None = None
    """The call before it, whose token was not accepted."""

    @property
    def gone(self) -> bool:
        """Whether it was deleted since its list was read, which is no fault of the API."""
        finding = self.verdict.finding
        missing = finding is not None and finding.reason == "not_found"
        return missing and bool(self.candidate.id) and not self.candidate.listed_again


async def probe(given: ProbeInput, send: Send) -> list[Observation]:
    """Ask, and conclude; from ``send`` a fault comes back as data.

    The calls, the readings, the visits of ids, and last the one run that they make; in its place a
    skip ``no_resource`` where every id turned out to be gone, or ``no_token`` where the token was
    over before anything could be sent.
    """
    ids = given.job.surface.ids
    if ids is not None and ids.fan_out == "each":
        visited = await _ask_each(given, send)
    else:
        visited = await _ask_first(given, send)
    return [*_seen(given, visited), _conclude(given, visited)]


async def _ask_first(given: ProbeInput, send: Send) -> list[Visited]:
    """Ask for one id, and for the next one where that is gone."""
    deadline = monotonic() + given.job.timeout
    visited: list[Visited] = []
    for candidate in given.permit.candidates:
        visit = await _ask(given, candidate, send, deadline)
        if visit is not None:
            visited.append(visit)
        if visit is None or not visit.gone or monotonic() >= deadline:
            break
    return visited


async def _ask_each(given: ProbeInput, send: Send) -> list[Visited]:
    """Ask for every id, in as many lanes as there are; the time-out bounds the whole round.

    What cannot have its time any more is not begun: the next round begins with it. So a large
    round of answers that are slow and yet good has not failed.
    """
    deadline = monotonic() + given.job.timeout
    latest = deadline - min(given.job.bad, given.job.timeout / 2)
    visited: list[Visited] = []
    waiting = iter(given.permit.candidates)

    async def lane() -> None:
        for candidate in waiting:
            visit = await _ask(given, candidate, send, deadline)
            if visit is None:
                break
            visited.append(visit)
            if monotonic() > latest:
                break
        given.permit.leave()

    async with asyncio.TaskGroup() as lanes:
        for _ in range(given.permit.lanes):
            lanes.create_task(lane())
    return visited


async def _ask(
    given: ProbeInput, candidate: Candidate, send: Send, deadline: float
) -> Visited | None:
    """Ask for one id; once more with another token where the first was not accepted.

    ``None`` where there is no token any more: a round, or the wait for a slot, may outlast one.
    """
    permit = given.permit
    if permit.over and not await permit.refresh(deadline - monotonic()):
        return None
    if (left := deadline - monotonic()) <= 0:
        return None
    headers = permit.headers
    first = await _send(given, candidate, send, left)
    if not first.call.rejected:
        return Visited(candidate, first)
    if not await permit.renew(headers, deadline - monotonic()):
        return Visited(candidate, first)
    if (left := deadline - monotonic()) <= 0:
        return Visited(candidate, first)
    second = await _send(given, candidate, send, left, resent=True)
    return Visited(candidate, second, rejected=first.call)


async def _send(
    given: ProbeInput, candidate: Candidate, send: Send, left: float, *, resent: bool = False
) -> Verdict:
    job, permit = given.job, given.permit
    surface = job.surface
    headers = permit.headers
    if surface.media == "text":
        headers = {**headers, **_WANTS_TEXT}
    if surface.body is not None:
        headers = {**headers, **_SENDS_JSON}
    path = _path(job, candidate.id)
    context = given.mint.another(given.context)
    request = Request(
        method=surface.method,
        path=path,
        headers=headers,
        timeout=left,
        total=job.timeout,
        body=surface.body,
        essential=job.essential,
        traceparent=context.traceparent,
        fresh=given.fresh,
        largest=job.largest,
    )
    sent = Sent(path, context, permit.queued, permit.proof, resent)
    verdict, _ = await ask(send, job, request, sent, given.checks)
    given.learn(verdict.call)
    return verdict


def _path(job: Job, ids: tuple[str, ...]) -> str:
    """Fill the template, one id for each placeholder, in order."""
    if not ids:
        return job.endpoint + job.query
    values = iter(ids)
    pieces = (
        quote(next(values), safe="") if piece.startswith("{") else piece
        for piece in job.endpoint.split("/")
    )
    return "/".join(pieces) + job.query


def _seen(given: ProbeInput, visited: Sequence[Visited]) -> list[Observation]:
    """The calls, what they listed, and what became of the ids."""
    job = given.job
    seen: list[Observation] = []
    for visit in visited:
        verdict = visit.verdict
        if visit.rejected is not None:
            seen.append(visit.rejected)
        seen.append(verdict.call)
        if verdict.document is not None:
            seen += read_ids(job, verdict.call.at, visit.candidate.id, verdict.document)
    if job.surface.ids is not None and visited:
        seen.append(_visit(given, job.surface.ids.kind, visited))
    return seen


def _visit(given: ProbeInput, kind: str, visited: Sequence[Visited]) -> IdsVisited:
    there = [visit for visit in visited if not visit.gone]
    return IdsVisited(
        key=given.job.key,
        at=visited[-1].verdict.call.at,
        kind=kind,
        well=tuple(v.candidate.id for v in there if v.verdict.finding is None),
        failed=tuple(v.candidate.id for v in there if v.verdict.finding is not None),
        gone=tuple(visit.candidate.id for visit in visited if visit.gone),
    )


def _conclude(given: ProbeInput, visited: Sequence[Visited]) -> Run | Skip:
    """One run; a skip where every id is gone, or nothing could be sent."""
    job = given.job
    if not visited:
        return Skip(job.key, time.time(), "no_token")
    verdicts = [visit.verdict for visit in visited if not visit.gone]
    if not verdicts:
        return Skip(job.key, visited[-1].verdict.call.at, "no_resource")
    ended = max(visit.verdict.call.at for visit in visited)
    return conclude(verdicts, ended, given.lateness)
