"""What is to be done: a surface of a target with everything that a run needs, decided once."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from exporter.catalog.surface import PAGE, Surface
from exporter.config.schema import ClassLimit, LatencyObjective, Mode, State, Target, Traces
from exporter.model.exchange import MAX_BODY, MAX_JSON
from exporter.model.observation import Credential, Key, RateClass

_LARGEST_ITEM: Final = 4096
"""Bytes of a list's item: those of the document have less than 1000."""


class Job(Struct, frozen=True, dict=True):
    """One surface of one target, planned.

    ``interval``, ``timeout``, ``good`` and ``bad`` are seconds; ``endpoint`` is the path's
    template, as labels and spans name it; ``page`` is how many items of a list are asked for,
    ``None`` where the answer is not in pages.
    """

    key: Key
    surface: Surface
    mode: Mode
    interval: float
    timeout: float
    good: float
    bad: float
    essential: bool
    endpoint: str
    page: int | None = None
    availability: float | None = None
    """The share of runs that is not to fail."""
    latency: LatencyObjective | None = None

    @cached_property
    def query(self) -> str:
        """What is appended to the path, as it is."""
        return f"?limit={self.page}" if self.page is not None and self.page > PAGE else ""

    @cached_property
    def largest(self) -> int:
        """The most bytes of its answer's body; a text may have most, as it is not decoded."""
        if self.surface.media == "text":
            return MAX_BODY
        return max(MAX_JSON, (self.page or 0) * _LARGEST_ITEM)

    @property
    def session(self) -> str:
        """What it is asked through: a name that no other target's sessions have."""
        return self.key.target

    def calls(self, ids: int) -> int:
        """How many requests a run of it comes to: one, or one for each id that it may ask for.

        What is sent again with another token is not in it.
        """
        rows = self.surface.ids
        return ids if rows is not None and rows.fan_out == "each" else 1

    @cached_property
    def credential(self) -> Credential:
        """Whose quota its calls are counted against."""
        return "account" if self.surface.auth == "bearer" else "anonymous"


class TargetPlan(Struct, frozen=True):
    """One target: its settings, its jobs, and the limits that hold for its rate classes.

    ``passive`` are the surfaces whose runs happen without a schedule (login, refresh).
    """

    target: Target
    jobs: tuple[Job, ...]
    passive: tuple[Job, ...]
    limits: Mapping[RateClass, ClassLimit]

    @property
    def every(self) -> tuple[Job, ...]:
        """Scheduled and passive jobs."""
        return self.jobs + self.passive


class Plan(Struct, frozen=True):
    """All that this process does."""

    targets: tuple[TargetPlan, ...]
    traces: Traces = Traces()
    state: State = State()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The scheduled jobs of all targets."""
        return tuple(job for plan in self.targets for job in plan.jobs)


class Applies(Protocol):
    """Whoever knows something of what is planned."""

    def apply(self, plan: Plan) -> None:
        """Go on by a plan: begin what it has, forget what it has not."""


def apply_to(rooms: Iterable[Applies], plan: Plan, before: Plan) -> None:
    """Put a plan into force; of a target that is at another URL now all is forgotten."""
    urls = {each.target.name: each.target.url for each in before.targets}
    stay = [t for t in plan.targets if urls.get(t.target.name, t.target.url) == t.target.url]
    for room in rooms:
        if len(stay) < len(plan.targets):  # that is another API: as if it had gone in between
            room.apply(replace(plan, targets=tuple(stay)))
        room.apply(plan)
