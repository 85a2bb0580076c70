"""One run of a job, in the one order there is: admit, probe, emit."""

import asyncio
import logging
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from exporter.api.heard import Heard
from exporter.checks import Checks
from exporter.followed import Candidate, Followed
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import Context, Emit, Inquiry, Key, Observation, Run, Skip
from exporter.probe import Errand, Identity, probe
from exporter.tokens.attempts import Wire
from exporter.tokens.credentials import Credentials, Headers

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
    checks: Checks = field(default_factory=Checks)


class Anonymous:
    """Nobody: a surface that is open to all is asked without a token."""

    headers: Final[Headers] = {}
    over: Final = False

    async def again(self, patience: float) -> bool:
        """There is nothing that could be over."""
        del patience
        return True

    async def renew(self, rejected: Headers, patience: float) -> bool:
        """There is nothing to renew."""
        del rejected, patience
        return False

    def refused(self) -> None:
        """There is nothing to learn."""

    def accepted(self, headers: Headers) -> None:
        """There is nothing to learn."""

    def ended(self) -> None:
        """There is nothing to learn."""


_ANONYMOUS: Final = Anonymous()


class Account:
    """The account of a target, as one run goes in its name."""

    def __init__(self, credentials: Credentials, key: Key, headers: Headers) -> None:
        """Begin with headers that should be good."""
        self._credentials = credentials
        self._key = key
        self.headers = headers

    @property
    def over(self) -> bool:
        """See ``Identity``."""
        return self._credentials.over(self.headers, self._key)

    async def again(self, patience: float) -> bool:
        """See ``Identity``."""
        found = await self._credentials.headers(self._key, min(patience, _PATIENCE))
        if found is not None:
            self.headers = found
        return found is not None

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

    def ended(self) -> None:
        """Tell that the run is over, also one that came to send nothing."""
        self._credentials.ended(self.headers)


class _Order(Struct, frozen=True):
    """What is to be run: as planned, or, with a ``deadline`` on the loop's clock, as asked.

    With less than ``least`` seconds until then it is not begun: a time-out would be held against
    the API that our own queue has caused.
    """

    job: Job
    lateness: float | None
    deadline: float = math.inf
    least: float = 0.0
    fresh: bool = False
    parent: Context | None = None
    heard: Heard | None = None

    @property
    def patience(self) -> float:
        """Seconds to wait for what it needs."""
        return min(_PATIENCE, max(0.0, self.deadline - _now()))

    @property
    def bounded(self) -> Job:
        """The job, with a time-out that ends before the deadline."""
        left = self.deadline - _now()
        return self.job if left >= self.job.timeout else replace(self.job, timeout=left)


class _Flight(NamedTuple):
    """A run under way, and who waits for what it concludes."""

    access: Access
    patience: float
    waiting: list[asyncio.Future[list[Observation]]]


class Runner:
    """Runs jobs. Whatever happens, a run ends as exactly one run or skip, and never raises."""

    def __init__(self, followed: Followed) -> None:
        """Hold what runs need; no target is known yet."""
        self._access: Mapping[str, Access] = {}
        self._followed = followed
        self._logged: set[tuple[Key, str]] = set()
        self._in_flight: dict[Key, _Flight] = {}

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
        lateness = max(0.0, _now() - planned)
        access = self._access[job.key.target]
        try:
            observations = await self._execute(_Order(job, lateness), access)
        except asyncio.CancelledError:
            access.emit(Skip(job.key, time.time(), "shutdown"))
            raise
        access.checks.learn(observations[-1])
        for observation in observations:
            access.emit(observation)

    async def ask(
        self,
        job: Job,
        patience: float,
        parent: Context | None = None,
        heard: Heard | None = None,
    ) -> list[Observation]:
        """Run a job now because somebody asks for it; one of it in flight serves as well.

        Args:
            job: what was asked for.
            patience: seconds until there has to be an answer.
            parent: the span of who asks.
            heard: learns what the API says is wrong; nothing of a run that was joined.

        Returns:
            What was observed, the run or the skip that concludes it last. A run is emitted as an
            ``Inquiry``, and a skip not at all: nothing was due.
        """
        access, deadline = self._access[job.key.target], _now() + patience
        flight = self._in_flight.get(job.key)
        # Not a run of an API that was replaced, nor one that is cut shorter than this one would be.
        if flight and flight.access is access and patience <= flight.patience:
            return await self._join(flight, job, patience)
        order = _Order(job, None, deadline, patience / 2, fresh=True, parent=parent, heard=heard)
        observations = await self._execute(order, access, patience)
        for observation in observations[:-1]:
            access.emit(observation)
        if isinstance(run := observations[-1], Run):
            access.emit(Inquiry(run))
        return observations

    async def _join(self, flight: "_Flight", job: Job, patience: float) -> list[Observation]:
        concluded: asyncio.Future[list[Observation]] = asyncio.get_running_loop().create_future()
        flight.waiting.append(concluded)
        await asyncio.wait({concluded}, timeout=patience)
        return concluded.result() if concluded.done() else [Skip(job.key, time.time(), "overrun")]

    async def _execute(
        self, order: "_Order", access: Access, patience: float = math.inf
    ) -> list[Observation]:
        """Attempt it, and tell those who joined."""
        key, started = order.job.key, _now()
        flight = self._in_flight[key] = _Flight(access, patience, [])
        observations: list[Observation] = [Skip(key, time.time(), "shutdown")]
        try:
            observations = await self._attempt(order, access)
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            observations = [self._internal(order.job, started, error)]
        finally:
            if self._in_flight.get(key) is flight:
                del self._in_flight[key]
            for concluded in flight.waiting:
                if not concluded.done():
                    concluded.set_result(observations)
        return observations

    async def _attempt(self, order: "_Order", access: Access) -> list[Observation]:
        job = order.job
        candidates = self._followed.candidates(job)
        if not candidates:
            return [Skip(job.key, time.time(), "no_resource")]
        identity = await self._identity(order, access)
        if identity is None:
            return [Skip(job.key, time.time(), "no_token")]
        try:
            return await self._probe(order, access, candidates, identity)
        finally:
            identity.ended()

    async def _probe(
        self,
        order: "_Order",
        access: Access,
        candidates: tuple[Candidate, ...],
        identity: Identity,
    ) -> list[Observation]:
        """Ask, as soon as there is a slot."""
        job, asked = order.job, _now()
        if not await access.wire.slots.acquire(essential=job.essential, patience=order.patience):
            return [Skip(job.key, time.time(), "overrun")]
        queued = _now() - asked
        held = 1

        def leave() -> None:
            nonlocal held
            held -= 1
            access.wire.slots.release(essential=job.essential)

        try:
            if order.deadline - _now() < order.least:
                return [Skip(job.key, time.time(), "overrun")]
            held += await self._further_lanes(job, access.wire.slots, candidates)
            errand = Errand(
                job=order.bounded,
                candidates=candidates,
                identity=identity,
                lateness=order.lateness,
                lanes=held,
                leave=leave,
                queued=queued,
                mint=access.wire.mint,
                context=access.wire.mint.begin(order.parent),
                fresh=order.fresh,
                checks=access.checks,
            )
            send, heard = access.wire.send, order.heard
            return await probe(errand, send if heard is None else heard.through(send))
        finally:
            access.wire.slots.release(essential=job.essential, count=held)

    async def _identity(self, order: "_Order", access: Access) -> Account | Anonymous | None:
        job = order.job
        if job.credential == "anonymous" or access.credentials is None:
            return _ANONYMOUS
        headers = await access.credentials.headers(job.key, order.patience)
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
        duration = _now() - started
        return Run(job.key, time.time(), duration, reason="internal", detail=kind)


def _now() -> float:
    return asyncio.get_running_loop().time()
