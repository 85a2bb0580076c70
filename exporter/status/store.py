"""The one store of what is now. What is gone leaves nothing behind in it."""

import math
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TypeAlias, TypeVar

from exporter.model.observation import (
    Call,
    Heartbeat,
    Key,
    Rejection,
    Renewal,
    Run,
    Skip,
)
from exporter.model.past import Past
from exporter.model.put_off import PutOff
from exporter.planning.job import Plan
from exporter.status.api_lifecycle import Lifecycles
from exporter.status.fanout import Sink
from exporter.status.quota_retention import KeptQuota, planned_quotas
from exporter.status.retention import KeptSurface, Moment, planned_surface
from exporter.status.snapshot import CertificateNow, QuotaKey, Snapshot
from exporter.status.tokens import KeptTokens

TimeSource: TypeAlias = Callable[[], float]
"""Tells seconds."""
_T = TypeVar("_T")


class StatusStore(Sink):
    """Sink that keeps the last of everything, and shows what of it still holds.

    Args:
        wall: Unix time, for who reads what is shown.
        steady: the clock that no step moves, as the event loop has it: tells what has expired.
        connections: those in use by target, asked of their owner at each snapshot.
        unfollowed: how much of what is listed is not asked for, by target and kind; likewise.
        put_off: the attempts to get in that are put off, by target, asked likewise.
    """

    def __init__(
        self,
        wall: TimeSource,
        steady: TimeSource,
        connections: Callable[[], Mapping[str, int]],
        unfollowed: Callable[[], Mapping[tuple[str, str], int]],
        put_off: Callable[[], Mapping[str, PutOff]],
    ) -> None:
        """Begin with nothing planned."""
        self._wall = wall
        self._steady = steady
        self._connections = connections
        self._unfollowed = unfollowed
        self._put_off = put_off
        self._plan = Plan(())
        self._surfaces: dict[Key, KeptSurface] = {}
        self._quotas: dict[QuotaKey, KeptQuota] = {}
        self._certificates: dict[tuple[str, str], tuple[float, float]] = {}
        self._lifecycles = Lifecycles()
        self._tokens = KeptTokens()
        self._heartbeat: float | None = None

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan; what stays keeps its values."""
        self._lifecycles.apply(plan)
        self._tokens.apply(plan)
        self._plan = plan
        now = Moment(self._wall(), self._steady())
        jobs = {job.key: job for target in plan.targets for job in target.every}
        self._surfaces = {
            key: planned_surface(job, self._surfaces.get(key), now) for key, job in jobs.items()
        }
        self._quotas = {
            quota.key: quota.resuming(self._quotas.get(quota.key))
            for target in plan.targets
            for quota in planned_quotas(target)
        }
        planned = {(key.target, key.component) for key in jobs}
        self._certificates = {
            of: value for of, value in self._certificates.items() if of in planned
        }

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know again what was known before a restart, of what is not known yet."""
        self._lifecycles.recall(past)
        for key, surface in self._surfaces.items():
            if surface.run is None:
                surface.past = past.get(key, surface.past)

    def called(self, call: Call) -> None:
        """See ``Sink``; one of a surface that is not planned is dropped, as all else of it is."""
        if call.key not in self._surfaces:
            return
        self._lifecycles.take(call)
        if call.rate_limit is not None:
            self._quota(call).take(call.rate_limit, call.at, call.steady)
        if call.certificate_expiry is not None:
            of = (call.key.target, call.key.component)
            seen, _ = self._certificates.get(of, (-math.inf, None))
            if call.steady >= seen:
                self._certificates[of] = (call.steady, call.certificate_expiry)

    def ran(self, run: Run) -> None:
        """See ``Sink``."""
        if (surface := self._surfaces.get(run.key)) is not None:
            surface.ran(run, self._steady())

    def skipped(self, skip: Skip) -> None:
        """See ``Sink``."""
        steady = self._steady()
        self._tokens.skipped(skip, steady)
        if (surface := self._surfaces.get(skip.key)) is not None:
            surface.skip(skip, steady)

    def renewed(self, renewal: Renewal) -> None:
        """See ``Sink``."""
        steady = self._steady()
        self._tokens.renewed(renewal, steady)
        if (surface := self._surfaces.get(renewal.key)) is not None:
            surface.renewed(renewal, steady)

    def rejected(self, rejection: Rejection) -> None:
        """See ``Sink``."""
        self._tokens.rejected(rejection, self._steady())

    def beat(self, heartbeat: Heartbeat) -> None:
        """See ``Sink``."""
        self._heartbeat = heartbeat.at

    def snapshot(self) -> Snapshot:
        """Everything that holds now."""
        pieces = self.pieces(lambda _: None)
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                whole: Snapshot = end.value
                return whole

    def pieces(self, taken: Callable[[Key], None]) -> Generator[None, None, Snapshot]:
        """Everything that holds, a piece at a time: whoever takes it may do else between them.

        ``taken`` is called in the same turn in which a surface is.
        """
        now, targets = self._wall(), self._plan.targets
        surfaces = []
        for key, surface in self._surfaces.items():
            surfaces.append(surface.at(self._steady()))
            taken(key)
            yield
        quotas = yield from _taken(quota.at(self._steady()) for quota in [*self._quotas.values()])
        tokens = yield from _taken(self._tokens.at(self._steady()))
        lifecycles = yield from _taken(self._lifecycles.at(now))
        connections = self._connections()
        yield
        put_off = self._put_off()
        yield
        return Snapshot(
            at=now,
            targets=tuple(target.target for target in targets),
            surfaces=tuple(surfaces),
            quotas=quotas,
            certificates=tuple(
                CertificateNow(*of, expiry) for of, (_, expiry) in self._certificates.items()
            ),
            connections=connections,
            unfollowed=self._unfollowed(),
            heartbeat=self._heartbeat,
            lifecycles=lifecycles,
            tokens=tokens,
            put_off=put_off,
        )

    def _quota(self, call: Call) -> KeptQuota:
        key = QuotaKey(call.key.target, call.rate_class, call.credential)
        if key not in self._quotas:
            # No planned surface is counted so: a call of another kind, with a limit all the same.
            plans = {plan.target.name: plan for plan in self._plan.targets}
            documented = plans[key.target].limits[key.rate_class].requests
            self._quotas[key] = KeptQuota(key, documented, held=math.inf)
        return self._quotas[key]


def _taken(parts: Iterable[_T | None]) -> Generator[None, None, tuple[_T, ...]]:
    """All that there are, one at a time."""
    taken = []
    for part in parts:
        if part is not None:
            taken.append(part)
        yield
    return tuple(taken)
