"""Probes that somebody asks for by name: what may be asked, and who is still waiting."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from exporter.catalog import CATALOG
from exporter.catalog.surface import Surface
from exporter.config.quoting import near, quoted
from exporter.config.schema import Target
from exporter.model.observation import Observation, Skip
from exporter.model.redaction import redacted
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.planning.surface_options import needs_credentials
from exporter.probing.runner import Runner
from exporter.protocol.problem_capture import ProblemCapture

_NOTHING: Final = Plan(())
_BY_HAND: Final = "; its last runs: /logs?surface={0}; by hand: oran-mano-exporter probe {0}"


class NotAskableError(Exception):
    """It cannot be asked for; one line says what can."""


class OnDemandResult(Struct, frozen=True):
    """What was asked for and what was observed, the run or the skip that concludes it last."""

    job: Job
    target: Target
    observations: Sequence[Observation]


class OnDemand:
    """Finds what is asked for, and has the runner probe it, or join the run that is in flight."""

    def __init__(self, runner: Runner) -> None:
        """Nothing can be asked for yet."""
        self._runner = runner
        self._plan = _NOTHING
        self._ended = False
        self._asked: set[asyncio.Task[OnDemandResult]] = set()

    def apply(self, plan: Plan) -> None:
        """This can be asked for from now on."""
        self._plan = plan

    @property
    def in_flight(self) -> set[asyncio.Task[OnDemandResult]]:
        """What was asked for and has not ended."""
        return set(self._asked)

    async def ask(
        self,
        target: str,
        surface: str,
        patience: float | None,
        parent: TraceContext | None,
        capture: ProblemCapture | None = None,
    ) -> OnDemandResult:
        """Probe now.

        Args:
            target: a name, or a base URL; empty where there is only one.
            surface: its id.
            patience: seconds until there has to be an answer; the surface's time-out if shorter.
            parent: the span of who asks.
            capture: learns what the API says is wrong, where somebody wants to read that.

        Returns:
            What was observed.

        Raises:
            NotAskableError: there is no such target, or no such surface in its schedule.
        """
        job, of = find(self._plan, target, surface), find_target(self._plan, target).target
        if self._ended:
            return _ending(job, of)
        task = asyncio.create_task(self._ask(target, surface, patience, parent, capture))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        await asyncio.wait({task})  # who asks may go: what was begun ends as any other run
        return _ending(job, of) if task.cancelled() else task.result()

    async def stop(self, grace: float) -> None:
        """End: what is asked for may finish within these seconds, then it is cancelled."""
        self._ended = True
        if self._asked:
            await asyncio.wait(self._asked, timeout=grace)
        left = self.in_flight
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _ask(
        self,
        target: str,
        surface: str,
        patience: float | None,
        parent: TraceContext | None,
        capture: ProblemCapture | None,
    ) -> OnDemandResult:
        job = find(self._plan, target, surface)  # as it is planned at this very moment
        patience = job.timeout if patience is None else min(patience, job.timeout)
        of = find_target(self._plan, target).target
        return OnDemandResult(job, of, await self._runner.ask(job, patience, parent, capture))


def find(plan: Plan, target: str, surface: str) -> Job:
    """The job that a target and the id of a surface mean.

    The target is a name or a base URL; it may be empty where there is only one.

    Raises:
        NotAskableError: it is in no schedule.
    """
    target_plan = find_target(plan, target)
    for job in target_plan.jobs:
        if job.key.surface == surface:
            return job
    of = target_plan.target.name
    known = find_surface(surface, [job.key.surface for job in target_plan.jobs])
    if known.passive:
        why = "is asked only when a token is needed"
    elif needs_credentials(target_plan.target, known):
        why = f"needs a token, and {of} is probed without credentials"
    elif known.safety == "write":
        why = "changes what it is sent to, and is never probed"
    else:
        why = f'is off for {of}; switch it on with surfaces: {{"{surface}": {{mode: ...}}}}'
    how = _BY_HAND.format(surface) if known.passive else ""
    raise NotAskableError(f'surface "{surface}" {why}; {_allowed(target_plan)}{how}')


def find_target(plan: Plan, target: str) -> TargetPlan:
    """The plan of a target, by its name or a base URL; empty means the only one.

    Raises:
        NotAskableError: there is none, or more than one.
    """
    plans = {each.target.name: each for each in plan.targets}
    names = ", ".join(plans)
    if target in plans:
        return plans[target]
    if not target:
        if len(plans) == 1:
            return plan.targets[0]
        raise NotAskableError(f"target is missing: one of {names}, or its URL")
    url = target.rstrip("/")
    found = [each for each in plan.targets if each.target.url.rstrip("/") == url]
    if len(found) == 1:
        return found[0]
    if found:
        sharing = ", ".join(each.target.name for each in found)
        raise NotAskableError(f'target "{target}" is the URL of {sharing}: give the name')
    hint = near(target, [*plans, *(each.target.url for each in plan.targets)])
    raise NotAskableError(f"unknown target {_shown(target)}; {hint}allowed: {names}, or its URL")


def find_surface(surface: str, allowed: Sequence[str]) -> Surface:
    """A row of the catalog; ``allowed`` are the ids that make sense here, for who is mistaken.

    Raises:
        NotAskableError: there is none.
    """
    for known in CATALOG:
        if known.id == surface:
            return known
    listed = f"allowed: {', '.join(allowed) or 'none'}"
    if not surface:
        raise NotAskableError(f"surface is missing; {listed}")
    hint = near(surface, [known.id for known in CATALOG])
    raise NotAskableError(f"unknown surface {_shown(surface)}; {hint}{listed}")


def _shown(text: str) -> str:
    """What was asked for, without a secret of ours: cut or escaped it would not be known as one."""
    return quoted(redacted(text))


def _allowed(target_plan: TargetPlan) -> str:
    return f"allowed: {', '.join(job.key.surface for job in target_plan.jobs) or 'none'}"


def _ending(job: Job, target: Target) -> OnDemandResult:
    return OnDemandResult(job, target, [Skip(job.key, time.time(), "shutdown")])
