"""Where links lead: the dashboards of this bundle, and the runbooks."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tools.dashboards.queries import PLACES

RUNBOOKS: Final = "docs/runbooks"
"""Their folder in the sources, in the rules too: who has an address for them puts it there."""

REASONS: Final = "What each reason means: `/reasons` on the exporter's own page."


class Page(Enum):
    """A dashboard: the name of its file, and its title."""

    ON_CALL = "on-call", "On-call"
    RATE_LIMITS = "rate-limits", "Rate limits"
    LATENCY = "latency", "Latency"
    SLO = "slo", "SLO"
    LIFE_CYCLE = "life-cycle", "API life cycle"
    EXPORTER = "exporter", "Exporter"

    @property
    def slug(self) -> str:
        """The name of its file."""
        return self.value[0]

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.value[1]

    @property
    def uid(self) -> str:
        """By which Grafana knows it, whoever imports it."""
        return f"oran-mano-{self.slug}"


@dataclass(frozen=True)
class Link:
    """A data link: what is clicked on decides what the next page shows."""

    title: str
    url: str


def runbook(alert: str) -> Link:
    """To what is to be done when this alert fires."""
    return Link(f"Runbook: {alert}", f"{RUNBOOKS}/{alert}.md")


def from_series(page: Page, *labels: str) -> Link:
    """To another dashboard, narrowed to these labels of the clicked series."""
    return _narrowed(page, {label: f"${{__field.labels.{label}}}" for label in _placed(labels)})


def from_cell(page: Page, *labels: str) -> Link:
    """To another dashboard, narrowed to these columns of the clicked row of a table."""
    return _narrowed(page, {label: f"${{__data.fields.{label}}}" for label in _placed(labels)})


def _placed(labels: tuple[str, ...]) -> tuple[str, ...]:
    """A name leads to where it is. Grafana writes nothing for a label that is not there."""
    return (*PLACES, *labels) if labels else ()


def _narrowed(page: Page, chosen: dict[str, str]) -> Link:
    """Keep time range and variables, but for what the click chose."""
    kept = [f"${{{name}:queryparam}}" for name in ("datasource", *PLACES, "target", "component")]
    parameters = [
        "${__url_time_range}",
        *(each for each in kept if each[2:].partition(":")[0] not in chosen),
        *(f"var-{name}={value}" for name, value in chosen.items()),
    ]
    return Link(f"{page.title} of this", f"/d/{page.uid}?{'&'.join(parameters)}")
