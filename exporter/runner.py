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
from exporter.observation import Emit, Key, Observation, Run, Skip
from exporter.probe import Errand, Identity, probe
from exporter.tokens.credentials import Credentials, Headers
from exporter.tokens.renewing import Wire

_PATIENCE: Final = 1.0
"""How long a run waits for a login in flight, and for a slot, in seconds."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """What the runs of one target share; nobody's ``credentials`` where auth is none.

    ``emit`` is the target's own: what runs observe after their link was replaced is another API's.
    """

    wire: Wire
    emit: Emit
    credentials: Credentials | None = None


class Anonymous:
    """Nobody: a surface that is open to all is asked without a token."""

    headers: Final[Headers] = {}

    async def renew(self, rejected: Headers, patience: float) -> bool:
        """There is nothing to renew."""
        del rejected, patience
        return False

    def refused(self) -> None:
        """There is nothing to learn."""

    def accepted(self, headers: Headers) -> None:
        """There is nothing to learn."""


_ANONYMOUS: Final = Anonymous()


class Account:
    """The account of a target, as one run goes in its name."""

    def __init__(self, credentials: Credentials, key: Key, headers: Headers) -> None:
        """Begin with headers that should be good."""
        self._credentials = credentials
        self._key = key
        self.headers = headers

    async def renew(self, rejected: Headers, patience: float) -> bool:
        """See ``Identity``; what another request of the run got meanwhile serves this one too."""
        if self.headers is not rejected:
            return True
        found = await self._credentials.renewed(rejected, self._key, min(patience, _PATIENCE))
        if found is None or found is rejected:
            return False
        self.headers = found
        return True

    def refused(self) -> None:
        """See ``Identity``."""
        self._credentials.refused(self._key)

    def accepted(self, headers: Headers) -> None:
        """See ``Identity``."""
        self._credentials.accepted(headers, self._key)


class Runner:
    """Runs jobs. Whatever happens, a run ends as exactly one run or skip, and never raises."""

    def __init__(self, followed: Followed) -> None:
        """Hold what runs need; no target is known yet."""
        self._access: Mapping[str, Access] = {}
        self._followed = followed
        self._logged: set[tuple[Key, str]] = set()

    def follow(self, access: Mapping[str, Access]) -> None:
        """Use these from now on; runs in flight end with what they began with.

        Args:
            access: to each target, by its name.
        """
        self._access = access

    async def run(self, job: Job, planned: float) -> None:
        """Run a job.

        Args:
            job: what is due.
            planned: when it was due, on the event loop's clock.

        Raises:
            asyncio.CancelledError: it was cancelled; that is counted as a skip first.
        """
        started = asyncio.get_running_loop().time()
        access = self._access[job.key.target]
        try:
            observations = await self._attempt(job, access, max(0.0, started - planned))
        except asyncio.CancelledError:
            access.emit(Skip(job.key, time.time(), "shutdown"))
            raise
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            observations = [self._internal(job, started, error)]
        for observation in observations:
            access.emit(observation)

    async def _attempt(self, job: Job, access: Access, lateness: float) -> list[Observation]:
        candidates = self._followed.candidates(job)
        if not candidates:
            return [Skip(job.key, time.time(), "no_resource")]
        identity = await self._identity(job, access)
        if identity is None:
            return [Skip(job.key, time.time(), "no_token")]
        asked = asyncio.get_running_loop().time()
        if not await access.wire.slots.acquire(essential=job.essential, patience=_PATIENCE):
            return [Skip(job.key, time.time(), "overrun")]
        queued = asyncio.get_running_loop().time() - asked
        held = 1

        def leave() -> None:
            nonlocal held
            held -= 1
            access.wire.slots.release(essential=job.essential)

        try:
            held += await self._further_lanes(job, access.wire.slots, candidates)
            errand = Errand(job, candidates, identity, lateness, held, leave, queued)
            return await probe(errand, access.wire.send)
        finally:
            access.wire.slots.release(essential=job.essential, count=held)

    async def _identity(self, job: Job, access: Access) -> Identity | None:
        if job.credential == "anonymous" or access.credentials is None:
            return _ANONYMOUS
        headers = await access.credentials.headers(_PATIENCE)
        return None if headers is None else Account(access.credentials, job.key, headers)

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
