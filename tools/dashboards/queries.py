"""What the expressions of all dashboards have in common."""

from dataclasses import dataclass
from typing import Final

TARGET: Final = 'target=~"$target"'
COMPONENT: Final = f'{TARGET}, component=~"$component"'
SURFACE: Final = f'{COMPONENT}, surface=~"$surface"'
KEY: Final = "target, component, surface"
"""What tells one probe from another. Pods and instances are added away: they say who looked."""
OURS: Final = "and on (job, instance) oran_mano_exporter_build_info"
"""Among the processes that Prometheus knows, those of the exporter."""
ABSENT: Final = "nothing known: is the exporter scraped?"
AVAILABILITY: Final = (
    f"oran_mano:target_availability:ratio1h{{{TARGET}}}\n"
    f"and on (target) oran_mano:target_coverage:ratio1h{{{TARGET}}} > 0.1"
)
"""Of targets of which something is known: an hour of nothing but 429 is no 100 %."""


@dataclass(frozen=True)
class Query:
    """One expression of a panel, and the name of what comes of it."""

    expr: str
    legend: str = ""
    exemplar: bool = False


def own(name: str) -> str:
    """What the exporter says of itself."""
    return f"oran_mano_exporter_{name}"


def count_or_zero(expr: str, of: str, by: str = KEY) -> str:
    """``count(expr)``, but 0 instead of nothing while there is something to count ``of``.

    So 0 means "none" and nothing means "not known".
    """
    return f"count({expr})\nor\n0 * count(max by ({by}) ({of}))"


def increase(counter: str, by: str, matchers: str = COMPONENT) -> str:
    """Events between two points of the graph."""
    return f"sum by ({by}) (increase({counter}{{{matchers}}}[$__rate_interval]))"


def quantile(share: float, histogram: str, by: str = "", matchers: str = "") -> str:
    """What this share of observations does not exceed."""
    labels = f"{by}, le" if by else "le"
    rate = f"rate({histogram}_bucket{{{matchers}}}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({labels}) ({rate}))"
