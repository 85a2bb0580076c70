"""One execution of a probe: the calls it takes, and what is concluded from them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol, TypeAlias
from urllib.parse import quote

from msgspec import Struct

from exporter.checks import Checks
from exporter.context import Mint
from exporter.followed import Candidate
from exporter.job import Job
from exporter.observation import Call, Context, Observation, Run, Skip, Visit
from exporter.readers.listings import read_ids
from exporter.verdict import Verdict, judge
from exporter.wire import Exchange, Fault, Request

Send: TypeAlias = Callable[[Request], Awaitable[Exchange | Fault]]

_UNAUTHORIZED: Final = 401
_SUCCESSES: Final = range(200, 300)
_SENDS_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
_WANTS_TEXT: Final[Mapping[str, str]] = {"Accept": "text/plain, */*;q=0.1"}


class Identity(Protocol):
    """In whose name a run asks."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What to send along."""

    @property
    def over(self) -> bool:
        """Whether these are not to be sent any more, as time went by since the run began."""

    async def again(self, patience: float) -> bool:
        """Get others in their place; whether there are any."""

    async def renew(self, rejected: Mapping[str, str], patience: float) -> bool:
        """After a 401 to these headers: whether there are others now that are worth a retry."""

    def refused(self) -> None:
        """Learn that the retry was answered 401 too."""

    def accepted(self, headers: Mapping[str, str]) -> None:
        """Learn that a request with these headers was answered well."""


class Errand(Struct, frozen=True):
    """What a run was admitted with.

    ``lanes`` is how many requests it may have in flight, and ``leave`` gives one of them up;
    ``lateness`` and ``queued`` are seconds; ``lateness`` is ``None`` where no schedule planned it.
    Each call has a span of its own in the trace of ``context``. ``fresh`` ones
    have new connections. ``checks`` remember earlier runs of the target.
    """

    job: Job
    candidates: Sequence[Candidate]
    identity: Identity
    lateness: float | None
    lanes: int = 1
    leave: Callable[[], None] = lambda: None
    queued: float = 0.0
    mint: Mint = Mint()  # it keeps nothing of a run
    context: Context | None = None
    fresh: bool = False
    checks: Checks = Checks()


class Visited(Struct, frozen=True):
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


async def probe(errand: Errand, send: Send) -> list[Observation]:
    """Ask, and conclude.

    Args:
        errand: what to ask for, and with what.
        send: sends a request; a fault comes back as data.

    Returns:
        The calls, the readings, the visits of ids, and last the one run that they make; in its
        place a skip ``no_resource`` where every id turned out to be gone, or ``no_token`` where
        the token was over before anything could be sent.
    """
    ids = errand.job.surface.ids
    if ids is not None and ids.fan_out == "each":
        visited = await _ask_each(errand, send)
    else:
        visited = await _ask_first(errand, send)
    return [*_seen(errand, visited), _conclude(errand, visited)]


async def _ask_first(errand: Errand, send: Send) -> list[Visited]:
    """Ask for one id, and for the next one where that is gone."""
    deadline = _now() + errand.job.timeout
    visited: list[Visited] = []
    for candidate in errand.candidates:
        visit = await _ask(errand, candidate, send, deadline)
        if visit is not None:
            visited.append(visit)
        if visit is None or not visit.gone or _now() >= deadline:
            break
    return visited


async def _ask_each(errand: Errand, send: Send) -> list[Visited]:
    """Ask for every id, in as many lanes as there are; the time-out bounds the whole round.

    What cannot have its time any more is not begun: the next round begins with it. So a large
    round of answers that are slow and yet good has not failed.
    """
    deadline = _now() + errand.job.timeout
    latest = deadline - min(errand.job.bad, errand.job.timeout / 2)
    visited: list[Visited] = []
    waiting = iter(errand.candidates)

    async def lane() -> None:
        for candidate in waiting:
            visit = await _ask(errand, candidate, send, deadline)
            if visit is None:
                break
            visited.append(visit)
            if _now() > latest:
                break
        errand.leave()

    async with asyncio.TaskGroup() as lanes:
        for _ in range(errand.lanes):
            lanes.create_task(lane())
    return visited


async def _ask(errand: Errand, candidate: Candidate, send: Send, deadline: float) -> Visited | None:
    """Ask for one id; once more with another token where the first was not accepted.

    ``None`` where there is no token any more: a round, or the wait for a slot, may outlast one.
    """
    identity = errand.identity
    if identity.over and (not await identity.again(deadline - _now()) or _now() >= deadline):
        return None
    headers = identity.headers
    first = await _send(errand, candidate, headers, send, deadline)
    if first.call.status != _UNAUTHORIZED:
        if first.call.status in _SUCCESSES:
            identity.accepted(headers)
        return Visited(candidate, first)
    if not await identity.renew(headers, deadline - _now()) or _now() >= deadline:
        return Visited(candidate, first)
    headers = identity.headers
    second = await _send(errand, candidate, headers, send, deadline)
    if second.call.status == _UNAUTHORIZED:
        identity.refused()
    elif second.call.status in _SUCCESSES:
        identity.accepted(headers)
    return Visited(candidate, second, rejected=first.call)


async def _send(
    errand: Errand,
    candidate: Candidate,
    headers: Mapping[str, str],
    send: Send,
    deadline: float,
) -> Verdict:
    job = errand.job
    surface = job.surface
    if surface.media == "text":
        headers = {**headers, **_WANTS_TEXT}
    if surface.body is not None:
        headers = {**headers, **_SENDS_JSON}
    path = _path(job, candidate.id)
    context = errand.mint.another(errand.context or errand.mint.begin())
    request = Request(
        method=surface.method,
        path=path,
        headers=headers,
        timeout=deadline - _now(),
        total=job.timeout,
        body=surface.body,
        essential=job.essential,
        traceparent=context.traceparent,
        fresh=errand.fresh,
        largest=job.largest,
    )
    result = await send(request)
    queued = errand.queued
    return await judge(job, result, errand.checks, queued=queued, path=path, context=context)


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


def _seen(errand: Errand, visited: Sequence[Visited]) -> list[Observation]:
    """The calls, what they listed, and what became of the ids."""
    job = errand.job
    seen: list[Observation] = []
    for visit in visited:
        verdict = visit.verdict
        if visit.rejected is not None:
            seen.append(visit.rejected)
        seen.append(verdict.call)
        if verdict.document is not None:
            seen += read_ids(job, verdict.call.at, visit.candidate.id, verdict.document)
    if job.surface.ids is not None and visited:
        seen.append(_visit(errand, job.surface.ids.kind, visited))
    return seen


def _visit(errand: Errand, kind: str, visited: Sequence[Visited]) -> Visit:
    there = [visit for visit in visited if not visit.gone]
    return Visit(
        key=errand.job.key,
        at=visited[-1].verdict.call.at,
        kind=kind,
        well=tuple(v.candidate.id for v in there if v.verdict.finding is None),
        failed=tuple(v.candidate.id for v in there if v.verdict.finding is not None),
        gone=tuple(visit.candidate.id for visit in visited if visit.gone),
    )


def _conclude(errand: Errand, visited: Sequence[Visited]) -> Run | Skip:
    """A round is one run: failed when any id failed, as long as its slowest request."""
    job = errand.job
    if not visited:
        return Skip(job.key, time.time(), "no_token")
    verdicts = [visit.verdict for visit in visited if not visit.gone]
    if not verdicts:
        return Skip(job.key, visited[-1].verdict.call.at, "no_resource")
    slowest = max(verdicts, key=lambda verdict: verdict.call.duration)
    failed = next((verdict for verdict in verdicts if verdict.finding is not None), None)
    deciding = failed or slowest
    finding = deciding.finding
    return Run(
        key=job.key,
        at=max(visit.verdict.call.at for visit in visited),
        duration=slowest.call.duration,
        reason=finding.reason if finding else None,
        slow=finding is None and any(verdict.slow for verdict in verdicts),
        lateness=errand.lateness,
        deciding=deciding.call,
        detail=finding.detail if finding else "",
        check=finding.check if finding else "",
    )


def _now() -> float:
    return asyncio.get_running_loop().time()
