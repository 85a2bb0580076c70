"""What is to be done: a surface of a target with everything that a run needs, decided once."""

from collections.abc import Mapping

from msgspec import Struct

from exporter.catalog.surface import Surface
from exporter.config.schema import ClassLimit, LatencyObjective, Mode, State, Target, Traces
from exporter.observation import Credential, Key, RateClass


class Job(Struct, frozen=True):
    """One surface of one target, planned.

    ``interval``, ``timeout``, ``good`` and ``bad`` are seconds; ``endpoint`` is the path's
    template, as labels and spans name it; ``query`` is appended to the path as it is.
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
    query: str = ""
    availability: float | None = None
    """The share of runs that is not to fail."""
    latency: LatencyObjective | None = None

    @property
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
