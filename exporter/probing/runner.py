"""One run of a job, in the one order there is: admit, probe, emit."""

import asyncio
import math
import time
from collections.abc import Mapping
from time import monotonic

from msgspec import Struct
from msgspec.structs import replace

from exporter.gates.gate import Refusal
from exporter.model.observation import Key, Observation, OnDemandRun, Run, Skip
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Job
from exporter.probing.admission import ORDINARY, Terms
from exporter.probing.probe import ProbeInput, probe
from exporter.probing.session import TargetSession
from exporter.protocol.problem_capture import ProblemCapture


class _Order(Struct, frozen=True):
    """What is to be run: as planned, or as somebody asks for it."""

    job: Job
    lateness: float | None
    terms: Terms
    fresh: bool = False
    parent: TraceContext | None = None
    capture: ProblemCapture | None = None

    @property
    def bounded(self) -> Job:
        """The job, with a time-out that ends before the deadline."""
        left = self.terms.left
        return self.job if left >= self.job.timeout else replace(self.job, timeout=left)


class _Flight(Struct):
    """A run under way, and who waits for what it concludes."""

    session: TargetSession
    patience: float
    waiting: list[asyncio.Future[list[Observation]]] = []

    def land(self, observations: list[Observation]) -> None:
        """Tell them."""
        for concluded in self.waiting:
            if not concluded.done():
                concluded.set_result(observations)


class Runner:
    """Runs jobs. Whatever happens, a run ends as exactly one run or skip, and never raises."""

    def __init__(self) -> None:
        """Begin; no target is known yet."""
        self._sessions: Mapping[str, TargetSession] = {}
        self._in_flight: dict[Key, _Flight] = {}

    def apply(self, sessions: Mapping[str, TargetSession]) -> None:
        """Use these from now on; runs in flight end with what they began with."""
        self._sessions = sessions

    async def run(self, job: Job, planned: float) -> None:
        """Run a job that was due at ``planned``, on the event loop's clock.

        Raises:
            asyncio.CancelledError: it was cancelled; that is counted as a skip first.
        """
        lateness = max(0.0, monotonic() - planned)
        session = self._sessions[job.session]
        try:
            observations = await self._execute(_Order(job, lateness, ORDINARY), session)
        except asyncio.CancelledError:
            session.emit(Skip(job.key, time.time(), "shutdown"))
            raise
        for observation in observations:
            session.emit(observation)

    async def ask(
        self,
        job: Job,
        patience: float,
        parent: TraceContext | None = None,
        capture: ProblemCapture | None = None,
    ) -> list[Observation]:
        """Run a job now because somebody asks for it; one of it in flight serves as well.

        Args:
            job: what was asked for.
            patience: seconds until there has to be an answer.
            parent: the span of who asks.
            capture: learns what the API says is wrong; nothing of a run that was joined.

        Returns:
            What was observed, the run or the skip that concludes it last. A run is emitted as an
            ``OnDemandRun``, and a skip not at all: nothing was due.
        """
        session, deadline = self._sessions[job.session], monotonic() + patience
        flight = self._in_flight.get(job.key)
        # Not a run of an API that was replaced, nor one that is cut shorter than this one would be.
        if flight and flight.session is session and patience <= flight.patience:
            return await self._join(flight, job, patience)
        terms = Terms(deadline=deadline, least=patience / 2)
        order = _Order(job, None, terms, fresh=True, parent=parent, capture=capture)
        observations = await self._execute(order, session, patience)
        for observation in observations[:-1]:
            session.emit(observation)
        if isinstance(run := observations[-1], Run):
            session.emit(OnDemandRun(run))
        return observations

    async def _join(self, flight: "_Flight", job: Job, patience: float) -> list[Observation]:
        concluded: asyncio.Future[list[Observation]] = asyncio.get_running_loop().create_future()
        flight.waiting.append(concluded)
        await asyncio.wait({concluded}, timeout=patience)
        return concluded.result() if concluded.done() else [Skip(job.key, time.time(), "overrun")]

    async def _execute(
        self, order: "_Order", session: TargetSession, patience: float = math.inf
    ) -> list[Observation]:
        """Attempt it, and tell those who joined."""
        key, started = order.job.key, monotonic()
        flight = self._in_flight[key] = _Flight(session, patience)
        observations: list[Observation]
        try:
            observations = await self._attempt(order, session)
        except Exception as error:  # noqa: BLE001  # a fault of ours is a run, not silence
            observations = [session.broken(order.job, monotonic() - started, error)]
        except asyncio.CancelledError:
            flight.land([Skip(key, time.time(), "shutdown")])
            raise
        finally:
            if self._in_flight.get(key) is flight:
                del self._in_flight[key]
        flight.land(observations)
        return observations

    async def _attempt(self, order: "_Order", session: TargetSession) -> list[Observation]:
        job = order.job
        permit = await session.admit(job, order.terms)
        if isinstance(permit, Refusal):
            return [Skip(job.key, time.time(), permit.reason)]
        with permit:
            given = ProbeInput(
                job=order.bounded,
                permit=permit,
                mint=session.mint,
                context=session.mint.begin(order.parent),
                lateness=order.lateness,
                fresh=order.fresh,
                checks=session.checks,
                learn=session.learn,
            )
            send, capture = session.client.send, order.capture
            return await probe(given, send if capture is None else capture.through(send))
