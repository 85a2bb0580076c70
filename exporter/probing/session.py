"""What belongs to one target, kept over reloads while nothing that it is made of changes."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from exporter.auth import identity_of
from exporter.auth.identity import NOBODY, Identity
from exporter.auth.secrets import Secrets
from exporter.checks import Checks
from exporter.checks.judge import Judged, Sent, ask
from exporter.client.client import Client
from exporter.client.files import Files, files_of
from exporter.client.settings import ConnectionSettings, connection_settings
from exporter.config.problems import ConfigError, Problem
from exporter.gates import GATES
from exporter.gates.gate import Gate, Refusal
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import (
    Call,
    Emit,
    Heartbeat,
    Key,
    Observation,
    OnDemandRun,
    Run,
    Skip,
)
from exporter.model.trace_context import Mint
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.probing.admission import ORDINARY, Admission, Permit, Terms
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.system.file_watcher import FileWatcher

_log = logging.getLogger(__name__)


class Sender(Protocol):
    """What sends: a client."""

    @property
    def in_flight(self) -> int:
        """Requests on the wire now."""

    async def send(self, request: Request) -> Exchange | Fault:
        """Send a request; what a server or the network does comes back as data."""

    async def close(self) -> None:
        """Close every connection."""


class SessionSettings(Struct, frozen=True):
    """What a session is made of: another one takes its place where any of it is another.

    ``stamps`` are those of the TLS files, as certificates are replaced where they are;
    ``grants`` is how a login and a refresh are sent: how they are judged may change under a token.
    """

    connection: ConnectionSettings
    stamps: tuple[object, ...]
    grants: tuple[tuple[Key, str, float, bool], ...]


@dataclass(frozen=True, slots=True)
class Means:
    """What every session is made with."""

    emit: Emit
    """Takes what was observed."""
    mint: Mint
    """Makes the contexts of runs."""
    watcher: FileWatcher
    """Looks at files that matter now."""
    ids: DiscoveredIds
    """Knows the ids in paths."""


class TargetSession:
    """A target's client, gates, identity, and what else its runs share.

    What its runs observe after it was replaced is another API's: only what they count as is told.
    """

    def __init__(
        self,
        plan: TargetPlan,
        settings: SessionSettings,
        files: Files,
        client: Sender,
        means: Means,
    ) -> None:
        """Begin in nobody's name; no file is touched and nothing is opened."""
        self.settings = settings
        self.files = files
        self.client = client
        self.mint = means.mint
        self.checks = Checks()
        self.secrets = Secrets(files.secret, means.watcher, plan.target.name)
        self._gates = tuple(gate(plan) for gate in GATES)
        self._learning = tuple(gate for gate in self._gates if type(gate).learn is not Gate.learn)
        self._learners: tuple[Checks | Identity | Gate, ...] = (self.checks, *self._learning)
        self._admission = Admission(means.ids, self._gates)
        self._emit = means.emit
        self._replaced = False
        self._logged: set[tuple[Key, str]] = set()

    @property
    def identity(self) -> Identity:
        """In whose name that is asked which needs an account."""
        return self._admission.identity

    @identity.setter
    def identity(self, identity: Identity) -> None:
        self._admission.identity = identity
        self._learners = (self.checks, identity, *self._learning)

    def apply(self, plan: TargetPlan, files: Files) -> None:
        """Go on by a plan, the first one too; what a session is made of is as before."""
        self.files.take(files)
        self.identity.apply(plan, self.secrets)
        for gate in self._gates:
            gate.apply(plan)

    async def admit(self, job: Job, terms: Terms = ORDINARY) -> Permit | Refusal:
        """See ``Admission``."""
        return await self._admission.admit(job, terms)

    async def ask(self, job: Job, request: Request) -> Judged | Refusal:
        """See ``Line``: a login is let in as any run is, and may wait as long as it may take."""
        permit = await self.admit(job, Terms(patience=job.timeout))
        if isinstance(permit, Refusal):
            return permit
        with permit:
            context = self.mint.begin()
            sent = Sent(request.path, context, permit.queued)
            request = replace(request, traceparent=context.traceparent)
            judged = await ask(self.client.send, job, request, sent, self.checks)
            self.learn(judged[0].call)
            return judged

    def emit(self, observation: Observation) -> None:
        """Tell what happened; what is no call is learned now, too."""
        if not self._replaced or isinstance(observation, Run | OnDemandRun | Skip):
            self._emit(observation)
        if not isinstance(observation, Call):
            self.learn(observation)

    def learn(self, observation: Observation) -> None:
        """Let those know on whom later runs depend; one that cannot learn harms no other.

        Of a call as soon as it has ended: its run may go on for long, and others wait for it.
        """
        for each in self._learners:
            try:
                each.learn(observation)
            except Exception as error:  # noqa: BLE001  # nor any run
                self._tell(observation, error)

    def broken(self, job: Job, duration: float, error: Exception) -> Run:
        """Make a run of a fault of our own, ``duration`` in seconds; each kind is logged once."""
        run = Run(job.key, time.time(), duration, reason="internal", detail=type(error).__name__)
        self._tell(run, error)
        return run

    def retire(self, runs: Iterable[asyncio.Task[object]]) -> Coroutine[None, None, None]:
        """It is replaced from now on; what is returned closes it once these runs have ended.

        Their time-outs bound that.
        """
        self._replaced = True
        return self._closed_after(set(runs))

    async def _closed_after(self, runs: set[asyncio.Task[object]]) -> None:
        self.identity.rest()
        if runs:
            await asyncio.wait(runs)
        await self.close()

    async def close(self) -> None:
        """End what is in flight: a login first, then the connections."""
        await self.identity.close()
        await self.client.close()

    def _tell(self, observation: Observation, error: Exception) -> None:
        kind = type(error).__name__
        key = None if isinstance(observation, Heartbeat) else observation.key
        if key is not None and (key, kind) not in self._logged:
            self._logged.add((key, kind))
            fields = {"target": key.target, "surface": key.surface}
            _log.error("a fault of the exporter", exc_info=error, extra={"fields": fields})


def files_for(plan: Plan) -> dict[str, Files]:
    """Read the files that the targets name, by target: not on the event loop."""
    return {each.target.name: files_of(connection_settings(each.target)) for each in plan.targets}


def sessions_for(
    plan: Plan, files: Mapping[str, Files], before: Mapping[str, TargetSession], means: Means
) -> dict[str, TargetSession]:
    """Make a session for every target of a plan. No file is touched.

    ``files`` were read for this plan; of the sessions ``before``, those stay that still fit.
    Nothing is opened, and no plan is applied yet.

    Raises:
        ConfigError: the files that a target names cannot be used.
    """
    sessions: dict[str, TargetSession] = {}
    problems: list[Problem] = []
    for index, each in enumerate(plan.targets):
        name = each.target.name
        try:
            sessions[name] = _session(each, files[name], before.get(name), means)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            problems.append(Problem(("targets", index), f"a file cannot be used: {reason}"))
    if problems:
        raise ConfigError(problems)
    return sessions


def _session(
    plan: TargetPlan, files: Files, former: TargetSession | None, means: Means
) -> TargetSession:
    settings = made_of(plan, files)
    if former is not None and former.settings == settings:
        return former
    connection = settings.connection
    session = TargetSession(plan, settings, files, Client(connection, files), means)
    known = NOBODY if former is None else former.identity
    session.identity = identity_of(plan, connection, session, session.secrets, known)
    return session


def made_of(plan: TargetPlan, files: Files) -> SessionSettings:
    """What a target's session is made of, with the files as they were read for the plan."""
    stamps = tuple(watch.seen.stamps for watch in files.tls.values())
    grants = tuple((job.key, job.endpoint, job.timeout, job.essential) for job in plan.passive)
    return SessionSettings(connection_settings(plan.target), stamps, grants)
