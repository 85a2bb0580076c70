"""The one order in which whoever wants to send is let in: ids, identity, gates, the last a slot."""

import math
from collections.abc import Sequence
from time import monotonic
from types import TracebackType
from typing import Final, Self

from msgspec import Struct

from exporter.auth.identity import NOBODY, Headers, Identity
from exporter.gates.gate import Entry, Gate, Refusal
from exporter.planning.job import Job
from exporter.probing.discovered_ids import Candidate, DiscoveredIds

PATIENCE: Final = 1.0
"""Seconds that a run waits for a login in flight, and for a slot."""


class Terms(Struct, frozen=True):
    """How long somebody may be kept waiting; all in seconds, ``deadline`` on the loop's clock.

    With less than ``least`` until then nothing is begun: a time-out would be held against the API
    that our own queue has caused.
    """

    patience: float = PATIENCE
    deadline: float = math.inf
    least: float = 0.0

    @property
    def left(self) -> float:
        """Until the deadline."""
        return math.inf if self.deadline == math.inf else self.deadline - monotonic()

    @property
    def wait(self) -> float:
        """How long to wait for any one thing now."""
        if self.deadline == math.inf:
            return self.patience
        return min(self.patience, max(0.0, self.left))


ORDINARY: Final = Terms()


class Permit:
    """What a run was let in with; it is left at the end, whatever comes of it.

    ``candidates`` is what it has to ask for, ``lanes`` how many requests it may have in flight,
    ``queued`` how long it waited for its slot, in seconds. All its requests share ``headers``.
    """

    def __init__(
        self,
        entry: Entry,
        candidates: tuple[Candidate, ...],
        identity: Identity,
        headers: Headers,
    ) -> None:
        """Begin before the first gate."""
        self._entry = entry
        self._identity = identity
        self._passed: list[Gate] = []
        self.candidates = candidates
        self.headers = headers
        self.proof = identity.proof
        self.queued = 0.0

    @property
    def lanes(self) -> int:
        """How many requests may be in flight still."""
        return self._entry.lanes

    @property
    def over(self) -> bool:
        """Whether its headers are to be sent no more: a round, or a wait, may outlast a token."""
        return self._identity.over(self.headers, self._entry.job.key)

    async def refresh(self, patience: float) -> bool:
        """Have others than those that are over: whether there are any.

        ``patience`` is how long to wait for them, in seconds.
        """
        key = self._entry.job.key
        return self._take(await self._identity.headers(key, min(patience, PATIENCE)))

    async def renew(self, rejected: Headers, patience: float) -> bool:
        """Have others after a 401: whether there are any that are worth a retry.

        What another request of the run got meanwhile serves too. ``patience`` is in seconds.
        """
        if self.headers is not rejected:
            return True
        key = self._entry.job.key
        found = await self._identity.renewed(rejected, key, min(patience, PATIENCE))
        return found is not rejected and self._take(found)

    async def pass_by(self, gates: Sequence[Gate]) -> Refusal | None:
        """Go from gate to gate: what the first of them says that does not let it in."""
        asked = monotonic()
        for gate in gates:
            if (refusal := await gate.admit(self._entry)) is not None:
                return refusal
            self._passed.append(gate)
        self.queued = monotonic() - asked
        return None

    def leave(self) -> None:
        """One of the lanes is done with."""
        self._entry.lanes -= 1
        for gate in self._passed:
            gate.leave(self._entry)

    def close(self) -> None:
        """Leave all that is held."""
        for _ in range(self._entry.lanes):
            self.leave()
        self._identity.left(self.headers)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End."""
        del kind, error, trace
        self.close()

    def _take(self, found: Headers | None) -> bool:
        if found is None:
            return False
        self.headers, self.proof = found, self._identity.proof
        return True


class Admission:
    """Lets in whoever wants to send to one target: runs, logins, probes that are asked for.

    The gates are asked in their order; the last gives a slot. ``identity`` is in whose name that
    is asked which needs an account.
    """

    def __init__(self, ids: DiscoveredIds, gates: Sequence[Gate]) -> None:
        """Begin without an account."""
        self._ids = ids
        self._gates = gates
        self.identity: Identity = NOBODY

    async def admit(self, job: Job, terms: Terms = ORDINARY) -> Permit | Refusal:
        """Wait for what a job needs: what to send it with, or why nothing is to be sent."""
        candidates = self._ids.candidates(job)
        if not candidates:
            return _NO_RESOURCE
        identity = self.identity if job.credential == "account" else NOBODY
        headers = await identity.headers(job.key, terms.wait)
        if headers is None:
            return _NO_TOKEN
        entry = Entry(job, job.calls(len(candidates)), terms.wait)
        permit = Permit(entry, candidates, identity, headers)
        refusal: Refusal | None = _TOO_LATE
        try:
            refusal = await permit.pass_by(self._gates)
            if refusal is None and terms.left < terms.least:
                refusal = _TOO_LATE
        finally:
            if refusal is not None:
                permit.close()
        return refusal or permit


_NO_RESOURCE: Final = Refusal("no_resource")
_NO_TOKEN: Final = Refusal("no_token")
_TOO_LATE: Final = Refusal("overrun")
