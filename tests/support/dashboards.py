"""The committed dashboards, as a reader of their JSON sees them."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from tests.support.tools import ROOT

Json: TypeAlias = dict[str, Any]

FOLDER: Final = ROOT / "dashboards"
GIVEN: Final[Mapping[str, str]] = {
    "cluster": ".*",
    "namespace": ".*",
    "target": ".*",
    "component": ".*",
    "surface": ".*",
    "__rate_interval": "1m",
    "__range": "1h",
    "__interval": "15s",
}
"""What Grafana would put in when everything is chosen."""

NEEDS_RULES: Final = "recorded series need the rules in this Prometheus, and an hour at most"
RIGHTLY_EMPTY: Final[Mapping[str, str]] = {
    "on-call: What is broken, and since when?": "nothing fails",
    "on-call: How well was the worst of them?": NEEDS_RULES,
    "on-call: How little do we know of one?": NEEDS_RULES,
    "on-call: Which targets are worst off?": NEEDS_RULES,
    "on-call: Which surfaces were not well, and when?": "nothing failed in the time range",
    "on-call: Which alerts fire, and what is to be done?": "no alert fires, or no rules are loaded",
    "rate-limits: What share of each quota is left?": "the API sends no rate-limit headers",
    "rate-limits: What does the server say now?": "the API sends no rate-limit headers",
    "rate-limits: How many answers were 429, in which class?": "no rate class was seen",
    "rate-limits: Which surfaces were refused?": "nothing was throttled",
    "rate-limits: Which runs did it forgo to save quota?": "no run was skipped for its quota",
    "rate-limits: Does the server allow what is documented?": "the API sends no such headers",
    "exporter: When is a login tried again?": "no login is put off",
    "slo: What is left of each budget?": NEEDS_RULES,
    "slo: How did the budgets shrink?": NEEDS_RULES,
    "slo: How fast, over 1 hour?": NEEDS_RULES,
    "slo: How fast, over 6 hours?": NEEDS_RULES,
    "slo: How fast, over 3 days?": NEEDS_RULES,
    "slo: What share of runs was well, by target?": NEEDS_RULES,
    "slo: What share of runs was well, by surface?": NEEDS_RULES,
    "slo: How much of it do we know?": NEEDS_RULES,
    "slo: Which surfaces spend it?": "nothing was bad, or no rules are loaded",
    "slo: For which reasons do runs fail?": "a reason has a series from its first failure on",
    "latency: How long does each surface take (95 %)?": "the objective's line: no `slo` configured",
    "life-cycle: Which versions are there, and until when?": "the API announces nothing",
    "life-cycle: When did versions change?": "the API sends no version",
    "life-cycle: How long until a component is switched off?": "no sunset is announced",
    "life-cycle: For how long is a component deprecated?": "no deprecation is announced",
    "life-cycle: What is wrong with what is announced?": "no problem, or nothing is announced",
    "life-cycle: How long are certificates good?": "plain HTTP has no certificate",
    "life-cycle: When were certificates renewed?": "plain HTTP has no certificate",
    "exporter: Why do due runs not happen?": "every run took place",
    "exporter: How long are tokens good?": "no target has a token that tells its end",
    "exporter: Does renewing them fail?": "a failure has a series from its first time on",
    "exporter: Do the clocks agree?": "no token was fetched, so no server clock seen",
    "exporter: Do its spans arrive?": "no spans are exported",
}
"""Panels that show nothing where all is well, or where that part is not in use, and why."""


class Expression(NamedTuple):
    """One query: where it stands, and what Prometheus is asked."""

    dashboard: str
    panel: str
    expr: str

    @property
    def name(self) -> str:
        """As in ``RIGHTLY_EMPTY``."""
        return f"{self.dashboard}: {self.panel}"


def documents() -> dict[str, Json]:
    """Each dashboard's JSON, by the name of its file without its end."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


def panels(document: Json) -> Iterator[Json]:
    """Every panel and row, those in closed rows too."""
    for panel in document["panels"]:
        yield panel
        yield from panel.get("panels", ())


def charts(document: Json) -> Iterator[Json]:
    """Every panel that is not a row."""
    return (panel for panel in panels(document) if panel["type"] != "row")


def expressions(given: Mapping[str, str] = GIVEN) -> list[Expression]:
    """What Prometheus is asked: by panels, and by variables for what there is to choose."""
    return [
        Expression(name, where, filled(expr, given))
        for name, document in documents().items()
        for where, expr in (*_asked_by_panels(document), *_asked_by_variables(document))
    ]


def filled(text: str, given: Mapping[str, str] = GIVEN) -> str:
    """The text with Grafana's variables replaced; a variable without a value is a KeyError."""
    return re.sub(r"\$\{?(\w+)(?::\w+)?\}?", lambda found: given[found[1]], text)


def _asked_by_panels(document: Json) -> Iterator[tuple[str, str]]:
    for panel in charts(document):
        yield from (
            (panel["title"], asked["expr"]) for asked in panel["targets"] if "expr" in asked
        )


def _asked_by_variables(document: Json) -> Iterator[tuple[str, str]]:
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            found = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"])
            assert found, variable["query"]
            yield f"variable {variable['name']}", f"count by ({found[2]}) ({found[1]})"


def links(document: Json) -> Iterator[str]:
    """Every URL: of the dashboard, of panels, of values and of cells."""
    yield from (link["url"] for link in document["links"])
    for panel in charts(document):
        yield from (link["url"] for link in panel["links"])
        yield from (link["url"] for link in panel["fieldConfig"]["defaults"]["links"])
        for override in panel["fieldConfig"]["overrides"]:
            given = {each["id"]: each["value"] for each in override["properties"]}
            yield from (link["url"] for link in given.get("links", ()))
