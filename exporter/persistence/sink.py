"""The sink that knows what has to outlive a restart, and says when that is another."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from exporter.model.observation import Call, Key, Run, Skip
from exporter.model.past import Past
from exporter.planning.job import Plan
from exporter.status.fanout import Sink
from exporter.status.retention import FORGETTING, since_of
from exporter.status.surface_lifecycle import latest, promise_of


class PersistenceSink(Sink):
    """Sink that keeps since when each surface is as it is, and the sunsets it announced.

    ``changed`` is told when something of it changed.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        """Begin with nothing planned."""
        self._changed = changed
        self._surfaces: dict[Key, Past] = {}
        self._ran: set[Key] = set()

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan."""
        before = self._surfaces
        self._surfaces = {
            job.key: before.get(job.key) or Past(job.key, each.target.url)
            for each in plan.targets
            for job in each.every
        }
        self._ran.intersection_update(self._surfaces)
        if self._surfaces != before:
            self._changed()

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know again what was known before a restart, of what is not known yet."""
        for key in self._surfaces.keys() & past.keys():
            now, then = self._surfaces[key], past[key]
            promised = latest((now.promised, then.promised))
            self._surfaces[key] = replace(now if key in self._ran else then, promised=promised)

    def surfaces(self) -> tuple[Past, ...]:
        """What is to be kept, of those of which something is known."""
        return tuple(
            past for past in self._surfaces.values() if (past.since, past.promised) != (None, None)
        )

    def called(self, call: Call) -> None:
        """See ``Sink``."""
        sunset, former = promise_of(call), self._surfaces.get(call.key)
        if sunset is None or former is None:
            return
        if former.promised is None or sunset > former.promised:
            self._learn(replace(former, promised=sunset))

    def skipped(self, skip: Skip) -> None:
        """See ``Sink``."""
        if skip.reason in FORGETTING and skip.key in self._ran:
            self._ran.discard(skip.key)
            self._learn(replace(self._surfaces[skip.key], failing=None, since=None))

    def ran(self, run: Run) -> None:
        """See ``Sink``."""
        former = self._surfaces.get(run.key)
        failing = run.reason is not None
        if former is None or (run.key in self._ran and former.failing == failing):
            return
        since = since_of(run, None if run.key in self._ran else former)
        self._ran.add(run.key)
        self._learn(replace(former, failing=failing, since=since))

    def _learn(self, now: Past) -> None:
        if self._surfaces[now.key] != now:
            self._surfaces[now.key] = now
            self._changed()
