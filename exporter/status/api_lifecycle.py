"""What is known of a component's version and end, and what is wrong with it. Pure.

Headers of RFC 9745 and RFC 8594 are of one resource, so what is said is kept of each surface, and
a component's dates are the earliest of its surfaces': one that is asked rarely, or says nothing,
takes nothing back that another one said.

- A good answer with any of the headers replaces all that its surface said before: a sunset that it
  no longer has was taken back. One with none of them says nothing.
- An answer that is no good one (a gateway's 503, the 410 of what was withdrawn) adds to that, takes
  nothing back and promises nothing; what it added goes with the next answer that is good.
- It does not age: a server that stops to send any of them leaves the last word standing until its
  surface leaves the plan or its target's URL changes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from exporter.model.observation import Call, Key
from exporter.model.past import Past
from exporter.planning.job import Plan
from exporter.status.snapshot import LifecycleNow
from exporter.status.surface_lifecycle import SurfaceLifecycle, latest

_MAJOR: Final = re.compile("/v([0-9]{1,9})(?=/|$)")


class Component(Struct):
    """One component of a target, with what each of its planned surfaces said, if anything."""

    target: str
    component: str
    url: str
    surfaces: dict[str, SurfaceLifecycle | None] = field(default_factory=dict)
    promised: dict[str, float] = field(default_factory=dict)
    """What surfaces announced before a restart, until they say something."""

    def at(self, now: float) -> LifecycleNow | None:
        """What is to be shown; ``None`` before any of its surfaces said something."""
        told = [statement for statement in self.surfaces.values() if statement is not None]
        if not told:
            return None
        major = _MAJOR.findall(self.url)
        wrong = [statement.problems(now, int(major[-1]) if major else None) for statement in told]
        versions = [(s.at, s.said.version) for s in told if s.said.version is not None]
        return LifecycleNow(
            self.target,
            self.component,
            max(versions)[1] if versions else None,
            _earliest(s.said.deprecation for s in told),
            _earliest(s.said.sunset for s in told),
            latest(s.promised for s in told),
            frozenset().union(*wrong),
            tuple(sorted({relation for s in told for relation in s.said.relations})),
        )


class Lifecycles:
    """What was said by all planned surfaces, by component."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._components: dict[tuple[str, str], Component] = {}

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan."""
        before, self._components = self._components, {}
        for target in plan.targets:
            name, url = target.target.name, target.target.url
            for job in target.every:
                of = (name, job.key.component)
                now = self._components.setdefault(of, Component(*of, url))
                former = before.get(of)
                now.surfaces[job.key.surface] = (
                    former.surfaces.get(job.key.surface) if former else None
                )
                if former and job.key.surface in former.promised:
                    now.promised[job.key.surface] = former.promised[job.key.surface]

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know again what was announced before a restart: it may have been moved meanwhile."""
        for component in self._components.values():
            for surface in component.surfaces:
                key = Key(component.target, component.component, surface)
                if key in past and (promised := past[key].promised) is not None:
                    component.promised[surface] = promised

    def take(self, call: Call) -> bool:
        """Take in what an answer said: whether its surface says otherwise than before.

        A surface that is not planned says nothing.
        """
        component = self._components.get((call.key.target, call.key.component))
        surface = call.key.surface
        if component is None or surface not in component.surfaces:
            return False
        statement = component.surfaces[surface]
        if statement is None:
            if call.lifecycle is None:
                return False
            statement = SurfaceLifecycle(promised=component.promised.pop(surface, None))
            component.surfaces[surface] = statement
        return statement.take(call)

    def of(self, target: str, component: str, now: float) -> LifecycleNow | None:
        """What is known of one component at a Unix time; ``None`` before anything was said."""
        found = self._components.get((target, component))
        return None if found is None else found.at(now)

    def at(self, now: float) -> Iterator[LifecycleNow | None]:
        """What is known of each at a Unix time, in the plan's order: ``None`` if it is silent."""
        return (component.at(now) for component in [*self._components.values()])


def _earliest(dates: Iterable[float | None]) -> float | None:
    return min((date for date in dates if date is not None), default=None)
