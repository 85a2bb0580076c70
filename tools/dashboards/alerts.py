"""The alerts of the rule files, as a table that leads to their runbooks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

import yaml
from grafana_foundation_sdk.builders import table

from tools.dashboards.pages import RUNBOOKS, Link, Page, from_cell
from tools.dashboards.panels import About, States
from tools.dashboards.queries import PLACES, per
from tools.dashboards.tables import Column, First, Labels, rows

RULES: Final = Path(__file__).parents[2] / "alerts"
SEVERITIES: Final[Mapping[str, str]] = {"critical": "red", "warning": "orange", "info": "blue"}
"""The worst first, with their colours."""
RANKS: Final[States] = dict(enumerate(SEVERITIES.items(), start=1))
ONE: Final = per("target", "job", "alertname", "severity")
"""What is one alert to a reader, for however many surfaces and windows it fires."""

CHOSEN: Final = ", ".join(f'{label}=~"${label}|"' for label in (*PLACES, "target"))
"""An alert without a target or a place is everybody's."""


class Inhibition(TypedDict):
    """A rule of Alertmanager's, as its configuration has it."""

    source_matchers: Sequence[str]
    target_matchers: Sequence[str]
    equal: Sequence[str]


def names() -> list[str]:
    """Every alert there is."""
    groups = [
        group
        for path in RULES.glob("*.rules.yaml")
        for group in yaml.safe_load(path.read_text())["groups"]
    ]
    return sorted({rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule})


def inhibitions() -> list[Inhibition]:
    """What keeps what quiet, in the Alertmanager configuration beside the rules."""
    rules: list[Inhibition] = yaml.safe_load((RULES / "alertmanager.yaml").read_text())[
        "inhibit_rules"
    ]
    return rules


def _firing(*matchers: str) -> str:
    """Series of alerts that fire."""
    inside = ", ".join(('alertstate="firing"', *matchers, CHOSEN))
    return f"ALERTS{{{inside}}}"


def _inhibited() -> Iterator[str]:
    """What is not news beside another alert, a selector for each rule of Alertmanager's.

    Its matchers are those of PromQL, and a label that is missing equals one that is empty in both.
    """
    for rule in inhibitions():
        # Where several places send to one Prometheus, none keeps another one quiet.
        equal = dict.fromkeys((*PLACES, *rule["equal"])) if rule["equal"] else ()
        yield (
            f"{_firing(*rule['target_matchers'])}\n"
            f"    and on ({', '.join(equal)}) {_firing(*rule['source_matchers'])}"
        )


def loud(firing: str) -> str:
    """Of these series of alerts, those that nothing inhibits."""
    inhibited = "\n  or\n    ".join(_inhibited())
    return f"({firing})\n  unless (\n    {inhibited}\n  )"


def firing(size: tuple[int, int]) -> table.Panel:
    """Those that fire now and are news, each once."""
    named = f'alertname=~"{"|".join(names())}"'
    ours = _firing(named)
    ranked = "\n  or ".join(
        "0 * " + _firing(named, f'severity="{severity}"') + f" + {rank}"
        for rank, (severity, _) in RANKS.items()
    )
    began = ours.replace('ALERTS{alertstate="firing", ', "ALERTS_FOR_STATE{")
    return rows(
        About(
            "Which alerts fire, and what is to be done?",
            "Alerts of this exporter that fire now, each once a target, the worst on top; `Times` "
            "is for how many surfaces or windows. What `alerts/alertmanager.yaml` keeps quiet is "
            "left out, by the same rules; silences are not known here. Click on a name for its "
            "runbook. Normal: none.",
            "short",
            empty="none fires (or the rules are not loaded into this Prometheus)",
            size=size,
        ),
        Labels(
            ("alertname", "target", "job", "severity"),
            unseen=("severity",),
            links={
                "alertname": (Link("Runbook", f"{RUNBOOKS}/${{__data.fields.alertname}}.md"),),
                "target": (
                    from_cell(Page.SLO, "target"),
                    from_cell(Page.LATENCY, "target"),
                    from_cell(Page.RATE_LIMITS, "target"),
                ),
            },
        ),
        (
            Column("Severity", f"min by ({ONE}) (\n  {loud(ranked)}\n)", "none", states=RANKS),
            Column("Times", f"count by ({ONE}) (\n  {loud(ours)}\n)", "none"),
            Column(
                "Since",
                f"min by ({ONE}) (\n"
                f"  {began}\n"
                f"  and ignoring (alertstate) (\n  {loud(ours)}\n  )\n"
                ") * 1000",
                "dateTimeFromNow",
            ),
        ),
        First("Severity"),
    )
