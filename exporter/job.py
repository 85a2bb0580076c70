"""What is to be done: a surface of a target with everything that a run needs, decided once."""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.catalog.surface import PAGE, Surface
from exporter.config.schema import ClassLimit, LatencyObjective, Mode, State, Target, Traces
from exporter.observation import Credential, Key, RateClass, SkipReason
from exporter.wire import MAX_BODY, MAX_JSON

_LARGEST_ITEM: Final = 4096
"""Bytes of a list's item: those of the document have less than 1000."""


class Job(Struct, frozen=True):
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

    @property
    def query(self) -> str:
        """What is appended to the path, as it is."""
        return f"?limit={self.page}" if self.page is not None and self.page > PAGE else ""

    @property
    def largest(self) -> int:
        """The most bytes of its answer's body; a text may have most, as it is not decoded."""
        if self.surface.media == "text":
            return MAX_BODY
        return max(MAX_JSON, (self.page or 0) * _LARGEST_ITEM)

    @property
    def credential(self) -> Credential:
        """Whose quota its calls are counted against."""
        return "account" if self.surface.auth == "bearer" else "anonymous"

    @property
    def skips(self) -> Iterator[SkipReason]:
        """Why a due run of it may not take place; a gate that comes in its way has its own."""
        surface = self.surface
        yield from ("overrun", "shutdown")
        if not surface.passive:
            yield "misfire"
        if surface.passive or self.credential == "account":
            yield "no_token"
        if surface.ids is not None or surface.grant == "refresh":
            yield "no_resource"


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

    def staying(self, before: "Plan") -> "Plan":
        """This plan without the targets that were at another URL before: that is another API.

        Who follows this first and the plan itself after it has forgotten what it knew of those.
        """
        urls = {each.target.name: each.target.url for each in before.targets}
        stay = [t for t in self.targets if urls.get(t.target.name, t.target.url) == t.target.url]
        return self if len(stay) == len(self.targets) else replace(self, targets=tuple(stay))

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The scheduled jobs of all targets."""
        return tuple(job for plan in self.targets for job in plan.jobs)
