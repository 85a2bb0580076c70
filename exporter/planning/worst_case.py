"""What our own requests may come to: pure, for `check` and for a warning at the start."""

from msgspec import Struct

from exporter.config.schema import ClassLimit, Target
from exporter.model.observation import RateClass
from exporter.planning.job import TargetPlan


class WorstCase(Struct, frozen=True):
    """What a target's own requests can come to in one rate class, per minute: see `worst_case`."""

    target: str
    rate_class: RateClass
    requests: float
    allowed: float

    @property
    def over(self) -> bool:
        """Whether it is more than its share."""
        return self.requests > self.allowed


def worst_case(target_plan: TargetPlan) -> tuple[WorstCase, ...]:
    """The worst case of an API that answers: every id, a token renewed as often as it may be.

    What passes by itself is not in it: the second request where a token was not accepted, and in a
    rotating run one for each id that was deleted since its list was read, once for each. There is
    a row for each rate class, beside what the configured share allows.
    """
    target = target_plan.target
    totals: dict[RateClass, float] = dict.fromkeys(target_plan.limits, 0.0)
    for job in target_plan.every:
        calls = job.calls(target.resources.max)
        totals[job.surface.rate_class] += 60 / job.interval * calls
    return tuple(
        WorstCase(target.name, name, total, _allowed(target, target_plan.limits[name]))
        for name, total in totals.items()
    )


def _allowed(target: Target, limit: ClassLimit) -> float:
    return target.rate_limits.share * limit.requests * 60 / limit.window
