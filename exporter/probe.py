"""One execution of a probe: the calls it takes, and what is concluded from them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote

from msgspec import Struct

from exporter.checks.finding import Finding
from exporter.followed import Candidate
from exporter.job import Job
from exporter.observation import Observation, Run, Skip, Visit
from exporter.readers.listings import read_ids
from exporter.verdict import Verdict, judge
from exporter.wire import Exchange, Fault, Request

Send: TypeAlias = Callable[[Request], Awaitable[Exchange | Fault]]

_SENDS_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}
_WANTS_TEXT: Final[Mapping[str, str]] = {"Accept": "text/plain, */*;q=0.1"}


class Errand(Struct, frozen=True):
    """What a run was admitted with.

    ``lanes`` is how many requests it may have in flight; ``lateness`` and ``queued`` are
    seconds; ``headers`` carry the token where one is needed.
    """

    job: Job
    candidates: Sequence[Candidate]
    headers: Mapping[str, str]
    lateness: float
    lanes: int = 1
    queued: float = 0.0


class Visited(Struct, frozen=True):
    """What one id came to."""

    candidate: Candidate
    verdict: Verdict

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
        The calls, the readings, the visits of ids, and last the one run that they make; a
        skip ``no_resource`` in its place where every id turned out to be gone.
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
        visited.append(await _ask(errand, candidate, send, deadline))
        if not visited[-1].gone or _now() >= deadline:
            break
    return visited


async def _ask_each(errand: Errand, send: Send) -> list[Visited]:
    """Ask for every id, in as many lanes as there are; the time-out bounds the whole round."""
    deadline = _now() + errand.job.timeout
    visited: list[Visited] = []
    waiting = iter(errand.candidates)

    async def lane() -> None:
        for candidate in waiting:
            if _now() >= deadline:
                return
            visited.append(await _ask(errand, candidate, send, deadline))

    async with asyncio.TaskGroup() as lanes:
        for _ in range(errand.lanes):
            lanes.create_task(lane())
    return visited


async def _ask(errand: Errand, candidate: Candidate, send: Send, deadline: float) -> Visited:
    job = errand.job
    surface = job.surface
    headers = errand.headers
    if surface.media == "text":
        headers = {**headers, **_WANTS_TEXT}
    if surface.body is not None:
        headers = {**headers, **_SENDS_JSON}
    path = _path(job, candidate.id)
    result = await send(Request(surface.method, path, headers, deadline - _now(), surface.body))
    verdict = judge(job, result, queued=errand.queued)
    return Visited(candidate, verdict)


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
        seen.append(verdict.call)
        if job.surface.lists and verdict.finding is None and verdict.document is not None:
            at = verdict.call.at
            parent = visit.candidate.id
            seen += read_ids(job.surface.lists, job.key, at, parent, verdict.document)
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
    verdicts = [visit.verdict for visit in visited if not visit.gone]
    if not verdicts:
        return Skip(job.key, visited[-1].verdict.call.at, "no_resource")
    slowest = max(verdicts, key=lambda verdict: verdict.call.duration)
    failed = next((verdict for verdict in verdicts if verdict.finding is not None), None)
    deciding = failed or slowest
    finding = deciding.finding
    if finding is None and len(visited) < _expected(errand):
        finding = Finding("read_timeout", f"{len(visited)} of {_expected(errand)} ids in time")
    return Run(
        key=job.key,
        at=max(visit.verdict.call.at for visit in visited),
        duration=slowest.call.duration,
        reason=finding.reason if finding else None,
        slow=finding is None and any(verdict.slow for verdict in verdicts),
        lateness=errand.lateness,
        deciding=deciding.call,
        detail=finding.detail if finding else "",
    )


def _expected(errand: Errand) -> int:
    ids = errand.job.surface.ids
    return len(errand.candidates) if ids is not None and ids.fan_out == "each" else 1


def _now() -> float:
    return asyncio.get_running_loop().time()
