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

import math
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

from msgspec import Struct, field

from exporter.job import Plan
from exporter.observation import Call, Key, Lifecycle
from exporter.sinks.kept import CLOCK_STEP
from exporter.sinks.snapshot import LifecycleNow, LifecycleProblem
from exporter.state.document import Past

NOTICE: Final = 180 * 86400.0
"""Seconds that lie at least between deprecation and sunset: the guide's "6 months".

Six calendar months are 181 to 184 days: who means those is never accused, and PromQL can say it.
"""
_FARTHEST: Final = 30 * 365 * 86400.0
"""Seconds: a sunset farther away (``9999-12-31``) means that none is known, and is no promise."""
_MAJOR: Final = re.compile("/v([0-9]{1,9})(?=/|$)")


class Word(Struct, frozen=True):
    """What one answer said, and when."""

    said: Lifecycle = Lifecycle()
    at: float = -math.inf


_NOTHING: Final = Word()


class Statement(Struct):
    """What one surface said: the last word of its good answers, and of those that are none since.

    ``promised`` is the latest sunset that good answers ever announced.
    """

    good: Word = _NOTHING
    amiss: Word = _NOTHING
    promised: float | None = None

    @property
    def said(self) -> Lifecycle:
        """What stands."""
        if self.amiss is _NOTHING:
            return self.good.said
        return _added(self.good.said, self.amiss.said)

    @property
    def at(self) -> float:
        """When it last said something that stands."""
        return max(self.good.at, self.amiss.at)

    def take(self, call: Call) -> bool:
        """Take in what an answer said; the newest answer counts, not the last to be seen.

        Returns:
            Whether that is otherwise than before.
        """
        if self.at - CLOCK_STEP <= call.at < self.at:
            return False
        before, said = self.said, call.lifecycle
        if _is_good(call):
            self.amiss = _NOTHING
            self.good = self.good if said is None else Word(said, call.at)
            self.promised = _latest((self.promised, promise_of(call)))
        elif said is not None:
            self.amiss = Word(said, call.at)
        return self.said != before

    def problems(self, now: float, major: int | None) -> set[LifecycleProblem]:
        """What is wrong with it at ``now``, for who asks for ``major``."""
        said = self.said
        found: dict[LifecycleProblem, bool] = {
            "unparseable": said.unparseable,
            "version_mismatch": major is not None and _major(said.version) not in (None, major),
        }
        if said.sunset is not None:
            found["withdrawn"] = said.sunset <= now
            # Once the date that was promised passed too, nobody is worse off than was announced.
            found["sunset_moved_earlier"] = max(said.sunset, now) < (self.promised or 0)
        if said.sunset is not None and said.deprecation is not None:
            notice = said.sunset - said.deprecation
            found["sunset_before_deprecation"] = notice < 0
            found["notice_below_policy"] = 0 <= notice < NOTICE
        return {problem for problem, there in found.items() if there}


class Component(Struct):
    """One component of a target, with what each of its planned surfaces said, if anything."""

    target: str
    component: str
    url: str
    surfaces: dict[str, Statement | None] = field(default_factory=dict)
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
            _latest(s.promised for s in told),
            frozenset().union(*wrong),
            tuple(sorted({relation for s in told for relation in s.said.relations})),
        )


class Lifecycles:
    """What was said by all planned surfaces, by component."""

    def __init__(self) -> None:
        """Begin with nothing planned."""
        self._components: dict[tuple[str, str], Component] = {}

    def follow(self, plan: Plan) -> None:
        """Forget what left the plan.

        Args:
            plan: what is planned from now on.
        """
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
        """Know again what was announced before a restart: it may have been moved meanwhile.

        Args:
            past: of each surface.
        """
        for component in self._components.values():
            for surface in component.surfaces:
                key = Key(component.target, component.component, surface)
                if key in past and (promised := past[key].promised) is not None:
                    component.promised[surface] = promised

    def take(self, call: Call) -> bool:
        """Take in what an answer said; nothing from a surface that is not planned.

        Args:
            call: any exchange.

        Returns:
            Whether its surface says otherwise than before.
        """
        component = self._components.get((call.key.target, call.key.component))
        surface = call.key.surface
        if component is None or surface not in component.surfaces:
            return False
        statement = component.surfaces[surface]
        if statement is None:
            if call.lifecycle is None:
                return False
            statement = Statement(promised=component.promised.pop(surface, None))
            component.surfaces[surface] = statement
        return statement.take(call)

    def of(self, target: str, component: str, now: float) -> LifecycleNow | None:
        """What is known of one component.

        Args:
            target: its target's name.
            component: its name.
            now: Unix seconds.

        Returns:
            That; ``None`` before anything was said.
        """
        found = self._components.get((target, component))
        return None if found is None else found.at(now)

    def at(self, now: float) -> tuple[LifecycleNow, ...]:
        """What is known of all components that said something, in the plan's order.

        Args:
            now: Unix seconds.

        Returns:
            That.
        """
        every = (component.at(now) for component in self._components.values())
        return tuple(component for component in every if component is not None)


def promise_of(call: Call) -> float | None:
    """The sunset that an answer lets everybody count on.

    Args:
        call: any exchange.

    Returns:
        Unix seconds; ``None`` where a good answer announced none, or one beyond all plans.
    """
    sunset = None if call.lifecycle is None else call.lifecycle.sunset
    if sunset is None or sunset > call.at + _FARTHEST or not _is_good(call):
        return None
    return sunset


def _is_good(call: Call) -> bool:
    """Whether the operation itself answered, and not something in front of it."""
    good = call.status is not None and HTTPStatus.OK <= call.status < HTTPStatus.MULTIPLE_CHOICES
    return good and call.fault is None


def _added(before: Lifecycle, said: Lifecycle) -> Lifecycle:
    """What stands after an answer that takes nothing back."""
    return Lifecycle(
        version=before.version if said.version is None else said.version,
        deprecation=before.deprecation if said.deprecation is None else said.deprecation,
        sunset=before.sunset if said.sunset is None else said.sunset,
        unparseable=before.unparseable or said.unparseable,
        relations=before.relations or said.relations,
    )


def _major(version: str | None) -> int | None:
    return None if version is None or version == "other" else int(version.split(".")[0])


def _earliest(dates: Iterable[float | None]) -> float | None:
    return min((date for date in dates if date is not None), default=None)


def _latest(dates: Iterable[float | None]) -> float | None:
    return max((date for date in dates if date is not None), default=None)
