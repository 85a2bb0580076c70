"""What the expressions of all dashboards have in common."""

from dataclasses import dataclass
from typing import Final

PLACES: Final = ("cluster", "namespace")
"""Where a name is a name: targets and jobs of the same one in two places are two.

The labels come from the scrape, or from ``external_labels`` of the Prometheus that sends here.
Where they are missing, they are empty in a selector, in ``by`` and in a legend alike.
"""


def per(*labels: str) -> str:
    """The labels that tell things of a name apart: these, and where they are."""
    return ", ".join((*PLACES, *labels))


def called(*labels: str) -> str:
    """The name of a series in a legend; what it has no label for is left out of it."""
    return " ".join(f"{{{{{label}}}}}" for label in (*PLACES, *labels))


PLACE: Final = ", ".join(f'{label}=~"${label}"' for label in PLACES)
TARGET: Final = f'{PLACE}, target=~"$target"'
COMPONENT: Final = f'{TARGET}, component=~"$component"'
SURFACE: Final = f'{COMPONENT}, surface=~"$surface"'
EACH: Final = per("target")
"""What tells one target from another."""
KEY: Final = per("target", "component", "surface")
"""What tells one probe from another. Pods and instances are added away: they say who looked."""
JOB: Final = per("job")
"""What tells one exporter from another, be it many pods."""
OWN: Final = "oran_mano_exporter_"
ABSENT: Final = "nothing known: is the exporter scraped?"
AVAILABILITY: Final = (
    f"clamp_min(oran_mano:target_availability:ratio1h{{{TARGET}}}, 0)\n"
    f"and on ({EACH}) oran_mano:target_coverage:ratio1h{{{TARGET}}} > 0.1"
)
"""Of targets of which something is known: an hour of nothing but 429 is no 100 %.

Increases are estimates: where all fail, a little more may seem to fail than ran.
"""
SHOWN: Final = 20
"""How many lines a graph has at most where each surface has one: hundreds are a carpet."""

BANDS: Final = 12
"""How many bands one above the other can be told apart."""


@dataclass(frozen=True)
class Query:
    """One expression of a panel, and the name of what comes of it."""

    expr: str
    legend: str = ""
    exemplar: bool = False


def own(name: str) -> str:
    """What the exporter says of itself."""
    return f"{OWN}{name}{{{PLACE}}}"


OURS: Final = f"and on ({per('job', 'instance')}) {own('build_info')}"
"""Among the processes that Prometheus knows, those of the exporter."""


def count_or_zero(expr: str, of: str, by: str = KEY) -> str:
    """``count(expr)``, but 0 instead of nothing while there is something to count ``of``.

    So 0 means "none" and nothing means "not known".
    """
    return f"count({expr})\nor\n0 * count(max by ({by}) ({of}))"


def a_minute(counter: str, by: str, matchers: str = COMPONENT) -> str:
    """How often something happens in a minute: the same however far apart the points are."""
    return f"60 * sum by ({by}) (rate({counter}{{{matchers}}}[$__rate_interval]))"


def quantile(share: float, histogram: str, by: str = "", matchers: str = PLACE) -> str:
    """What this share of observations does not exceed."""
    labels = f"{by}, le" if by else "le"
    rate = f"rate({histogram}_bucket{{{matchers}}}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({labels}) ({rate}))"


def highest(expr: str, shown: int = SHOWN) -> str:
    """Those that were highest at any time of the range, at all of its points."""
    return _ranked(expr, f"topk({shown}, max_over_time")


def lowest(expr: str, shown: int = SHOWN) -> str:
    """Those that were lowest at any time of the range, at all of its points."""
    return _ranked(expr, f"bottomk({shown}, min_over_time")


def _ranked(expr: str, by: str) -> str:
    # Ranked once, at the end: at each point for itself, lines would come and go.
    return f"(\n{expr}\n)\nand\n{by}((\n{expr}\n)[$__range:$__interval] @ end()))"
