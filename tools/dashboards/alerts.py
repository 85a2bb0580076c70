"""The alerts of the rule files, as a table that leads to their runbooks."""

from pathlib import Path
from typing import Final

import yaml
from grafana_foundation_sdk.builders import table

from tools.dashboards.pages import RUNBOOKS, Link, Page, from_cell
from tools.dashboards.panels import About
from tools.dashboards.tables import Column, rows

RULES: Final = Path(__file__).parents[2] / "alerts"
LABELS: Final = ("severity", "target", "component", "surface", "rate_class", "window", "job")


def names() -> list[str]:
    """Every alert there is."""
    groups = [
        group
        for path in RULES.glob("*.rules.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
    ]
    return sorted({rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule})


def firing(size: tuple[int, int]) -> table.Panel:
    """Those that fire now; an alert without a target is everybody's."""
    ours = f'alertname=~"{"|".join(names())}", target=~"$target|"'
    began = (
        f"min by (alertname, {', '.join(LABELS)}) (\n"
        f"  ALERTS_FOR_STATE{{{ours}}}\n"
        f'  and ignoring (alertstate) ALERTS{{alertstate="firing", {ours}}}\n'
        ") * 1000"
    )
    return rows(
        About(
            "Which alerts fire, and what is to be done?",
            "Alerts of this exporter that fire now. Click on a name for its runbook, on a surface "
            "for its latency. Normal: none.",
            "short",
            empty="none fires (or the rules are not loaded into this Prometheus)",
            size=size,
        ),
        ("alertname", *LABELS),
        (Column("Since", began, "dateTimeFromNow"),),
        links={
            "alertname": (Link("Runbook", f"{RUNBOOKS}/${{__data.fields.alertname}}.md"),),
            "surface": (from_cell(Page.LATENCY, "target", "component", "surface"),),
            "rate_class": (from_cell(Page.RATE_LIMITS, "target"),),
        },
    )
