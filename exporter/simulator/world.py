"""The state behind the API: resources, and what happens to them as time passes."""

import heapq
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeAlias

from exporter.simulator.exchange import JsonObject
from exporter.simulator.knobs import Knobs
from exporter.simulator.motion import stamp
from exporter.simulator.tokens import Tokens
from exporter.simulator.webhook import Happening

Action: TypeAlias = Callable[[float], None]
# Seconds after the start, and the status from then on; an empty status takes the resource away.
Course: TypeAlias = tuple[tuple[float, str], ...]

_LEAVING: Final = ("deleting", "Deleting", "terminating")
# What subscribers are told when an intent takes a status.
_TOLD: Final = {"deployed": "deployed", "failed": "failed", "": "deleted"}
_HAPPENINGS: Final = 10_000


class Timeline:
    """What will happen, by time. Nothing runs by itself: every request looks first."""

    def __init__(self) -> None:
        """Start empty."""
        self._due: list[tuple[float, int, Action]] = []
        self._planned = 0

    def plan(self, at: float, action: Action) -> None:
        """Plan something.

        Args:
            at: Unix time in seconds.
            action: What to do; it gets ``at``, however late it is called.
        """
        self._planned += 1
        heapq.heappush(self._due, (at, self._planned, action))

    def run(self, now: float) -> None:
        """Do what is due, in the order of time; what that plans for before ``now`` as well.

        Args:
            now: Unix time in seconds.
        """
        while self._due and self._due[0][0] <= now:
            at, _, action = heapq.heappop(self._due)
            action(at)


@dataclass(slots=True)
class Manager:
    """A deployment manager with what it offers and runs."""

    about: JsonObject
    descriptors: list[JsonObject]
    deployments: dict[str, JsonObject] = field(default_factory=dict)


@dataclass(slots=True)
class Agent:
    """A transport agent with the slices configured on it."""

    about: JsonObject
    capacity_mbps: float
    since: float
    slices: dict[str, JsonObject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rollout:
    """An orchestrator deployment: its whole course is known when it starts."""

    id: str
    started: float
    seconds: float
    outcome: str
    intents: tuple[str, ...]


@dataclass(slots=True)
class World:
    """Everything that the operations read and change.

    Attributes:
        started: Unix time in seconds of the simulator's start.
        rng: Where chance comes from.
        tokens: The sessions.
        agenda: What will happen.
        intents: QoS intents by id, as they are answered.
        vnfs: VNFs by id, as they are answered.
        agents: Transport agents by id.
        managers: Deployment managers by id.
        plans: Plans that may be deployed, by id.
        rollouts: Orchestrator deployments by id.
        subscriptions: Webhook subscriptions by id.
        served: Requests answered, by method and status.
        numbers: The last number given, by kind of resource.
        replicas: Instances wanted, by id of a VNF.
        knobs: What the scenario in force wants.
        happenings: What subscribers have not been told yet.
    """

    started: float
    rng: random.Random
    tokens: Tokens
    agenda: Timeline = field(default_factory=Timeline)
    intents: dict[str, JsonObject] = field(default_factory=dict)
    vnfs: dict[str, JsonObject] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    managers: dict[str, Manager] = field(default_factory=dict)
    plans: dict[str, JsonObject] = field(default_factory=dict)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    subscriptions: dict[str, JsonObject] = field(default_factory=dict)
    served: Counter[tuple[str, int]] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    replicas: dict[str, int] = field(default_factory=dict)
    knobs: Knobs = field(default_factory=Knobs)
    happenings: deque[Happening] = field(default_factory=lambda: deque(maxlen=_HAPPENINGS))

    def new_id(self, kind: str, digits: int = 3) -> str:
        """Name a new resource.

        Args:
            kind: Its kind, the first part of the name.
            digits: The least number of digits.

        Returns:
            A name that was never given before, such as ``intent-007``.
        """
        self.numbers[kind] += 1
        return f"{kind}-{self.numbers[kind]:0{digits}d}"

    def turn(self, resources: dict[str, JsonObject], ident: str, at: float, status: str) -> None:
        """Change the status of a resource, unless it is gone or going by then.

        Args:
            resources: Where it lies.
            ident: Its identifier.
            at: Unix time in seconds of the change.
            status: The new status; empty takes the resource away.
        """
        if ident not in resources:
            return
        if not status:
            del resources[ident]
        elif resources[ident]["status"] in _LEAVING:
            return
        else:
            resources[ident] |= {"status": status, "updated_at": stamp(at)}
        if resources is self.intents and status in _TOLD:
            self.announce_slice(ident, _TOLD[status], at)

    def announce_slice(self, ident: str, status: str, at: float) -> None:
        """Tell subscribers of a slice.

        Args:
            ident: Its identifier.
            status: What became of it: created, deployed, failed or deleted.
            at: Unix time in seconds.
        """
        facts = {"slice_id": ident, "status": status}
        self.happenings.append(Happening(at, f"slice.{status}", facts))

    def course(
        self, resources: dict[str, JsonObject], ident: str, start: float, course: Course
    ) -> None:
        """Plan the life of a resource.

        Args:
            resources: Where it lies.
            ident: Its identifier.
            start: Unix time in seconds from which the course counts.
            course: What becomes of it.
        """
        for after, status in course:
            self.agenda.plan(start + after, partial(self._turn_at, resources, ident, status))

    def _turn_at(
        self, resources: dict[str, JsonObject], ident: str, status: str, at: float
    ) -> None:
        self.turn(resources, ident, at, status)
