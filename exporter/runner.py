"""One run of a job, in the one order there is: admit, probe, emit."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exporter.followed import Candidate, Followed
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import Call, Key, Observation, Run, Skip
from exporter.probe import Errand, Send, probe
from exporter.tokens import Emit, Tokens

_PATIENCE: Final = 1.0
"""How long a run waits for a login in flight, and for a slot, in seconds."""
_ANONYMOUS: Final[Mapping[str, str]] = {}
_UNAUTHORIZED: Final = 401

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """What the runs of one target share."""

    send: Send
    slots: Slots
    tokens: Tokens | None = None


class Runner:
    """Runs jobs. Whatever happens, a run ends as exactly one run or skip, and never raises."""

    def __init__(self, access: Mapping[str, Access], followed: Followed, emit: Emit) -> None:
        """Hold what runs need, by target."""
        self._access = access
        self._followed = followed
        self._emit = emit
        self._logged: set[tuple[Key, str]] = set()

    async def run(self, job: Job, planned: float) -> None:
        """Run a job.

        Args:
            job: what is due.
            planned: when it was due, on the event loop's clock.

        Raises:
            asyncio.CancelledError: it was cancelled; that is counted as a skip first.
        """
        started = asyncio.get_running_loop().time()
        try:
            observations = await self._attempt(job, max(0.0, started - planned))
        except asyncio.CancelledError:
            self._emit(Skip(job.key, time.time(), "shutdown"))
            raise
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            observations = [self._internal(job, started, error)]
        for observation in observations:
            self._emit(observation)

    def __call__(self, observation: Observation) -> None:
        """Learn as sinks do: a token that was rejected is not sent again."""
        if (
            isinstance(observation, Call)
            and observation.status == _UNAUTHORIZED
            and observation.credential == "account"
            and (tokens := self._access[observation.key.target].tokens) is not None
        ):
            tokens.rejected(observation.at - observation.duration)

    async def _attempt(self, job: Job, lateness: float) -> list[Observation]:
        access = self._access[job.key.target]
        candidates = self._followed.candidates(job)
        if not candidates:
            return [Skip(job.key, time.time(), "no_resource")]
        headers = await self._headers(job, access)
        if headers is None:
            return [Skip(job.key, time.time(), "no_token")]
        asked = asyncio.get_running_loop().time()
        if not await access.slots.acquire(essential=job.essential, patience=_PATIENCE):
            return [Skip(job.key, time.time(), "overrun")]
        queued = asyncio.get_running_loop().time() - asked
        lanes = 1
        try:
            lanes += await self._further_lanes(job, access.slots, candidates)
            errand = Errand(job, candidates, headers, lateness, lanes, queued)
            return await probe(errand, access.send)
        finally:
            access.slots.release(essential=job.essential, count=lanes)

    async def _headers(self, job: Job, access: Access) -> Mapping[str, str] | None:
        if job.surface.auth == "none" or access.tokens is None:
            return _ANONYMOUS
        return await access.tokens.headers(_PATIENCE)

    async def _further_lanes(
        self, job: Job, slots: Slots, candidates: tuple[Candidate, ...]
    ) -> int:
        ids = job.surface.ids
        if ids is None or ids.fan_out != "each":
            return 0
        return await slots.widen(essential=job.essential, wanted=len(candidates))

    def _internal(self, job: Job, started: float, error: Exception) -> Run:
        kind = type(error).__name__
        if (job.key, kind) not in self._logged:
            self._logged.add((job.key, kind))
            fields = {"target": job.key.target, "surface": job.key.surface}
            _log.error("a fault of the exporter", exc_info=error, extra={"fields": fields})
        duration = asyncio.get_running_loop().time() - started
        return Run(job.key, time.time(), duration, reason="internal", detail=kind)
