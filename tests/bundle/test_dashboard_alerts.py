"""On-call's table of alerts shows each once, and what Alertmanager keeps quiet not at all."""

import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

import aiohttp
import pytest
import yaml

from tests.support.alerting import Alertmanager
from tests.support.dashboards import expressions
from tests.support.servers import Start, eventually

Labels: TypeAlias = Mapping[str, str]

PANEL: Final = "on-call: Which alerts fire, and what is to be done?"
SEVERITY, TIMES, SINCE = range(3)
"""Its queries."""
LABELS: Final = ("cluster", "namespace", "target", "job", "alertname", "severity")


def fired(name: str, severity: str = "critical", **labels: str) -> Labels:
    return {"alertname": name, "severity": severity, "target": "lab", **labels}


def surfaces(name: str, severity: str = "warning", **labels: str) -> list[Labels]:
    every = ("vnf.list", "vnf.get", "health")
    return [fired(name, severity, component="c", surface=each, **labels) for each in every]


OUTAGE: Final = (
    fired("TargetDown"),
    fired("AuthenticationFailing"),
    *surfaces("SurfaceFailing"),
    *surfaces("AvailabilityBudgetBurnFast", "critical", window="1h"),
    *surfaces("AvailabilityBudgetBurnFast", "critical", window="6h"),
)
LOCKED_OUT: Final = (
    fired("AuthenticationFailing"),
    fired("SurfaceFailing", "warning", component="auth", surface="auth.login"),
    fired("SurfaceFailing", "warning", component="vnf", surface="vnf.list"),
    fired("RunsSkipped", "warning"),
)
ONE_SURFACE: Final = (
    fired("AvailabilityBudgetBurnFast", component="c", surface="vnf.get"),
    *surfaces("SurfaceFailing"),
)
NO_EXPORTER: Final = tuple(
    {"alertname": "ExporterAbsent", "severity": "critical", **({"job": job} if job else {})}
    for job in ("", "one", "two")
)
BURNING: Final = tuple(
    alert
    for window in ("1h", "6h")
    for alert in surfaces("AvailabilityBudgetBurnFast", "critical", window=window)
)
STORIES: Final = {
    "an outage": OUTAGE,
    "locked out": LOCKED_OUT,
    "one surface": ONE_SURFACE,
    "no exporter": NO_EXPORTER,
    "a budget": BURNING,
    "two targets": (*OUTAGE, *({**alert, "target": "other"} for alert in ONE_SURFACE)),
}
every_story = pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)


Row: TypeAlias = frozenset[tuple[str, str]]


def row(alert: Labels) -> Row:
    return frozenset((label, alert[label]) for label in LABELS if label in alert)


@every_story
async def test_it_shows_what_alertmanager_tells(
    story: Sequence[Labels], start: Start, tmp_path: Path, promtool: Path
) -> None:
    alertmanager = await start(Alertmanager("http://127.0.0.1:9", 60))
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{alertmanager.url}/api/v2/alerts", json=[{"labels": each} for each in story]
        ) as answer,
    ):
        assert answer.status == 200, await answer.text()

    last = ""

    async def agrees() -> bool | None:
        nonlocal last
        every = await alertmanager.alerts()
        loud = Counter(row(a["labels"]) for a in every if not a["status"]["inhibitedBy"])
        last = differs(Table(TIMES, story, loud), tmp_path, promtool)
        return (len(every) == len(story) and not last) or None

    try:  # what is inhibited, it knows a moment after it knows the alerts
        await eventually(agrees, within=20)
    except TimeoutError:
        pytest.fail(last)


@pytest.mark.parametrize("place", ["cluster", "namespace"])
def test_an_outage_elsewhere_keeps_nothing_quiet(
    place: str, tmp_path: Path, promtool: Path
) -> None:
    here = fired("SurfaceFailing", "warning", surface="vnf.list", **{place: "here"})
    there = fired("TargetDown", **{place: "there"})
    assert not differs(
        Table(TIMES, (here, there), {row(here): 1, row(there): 1}), tmp_path, promtool
    )


def test_the_worst_have_the_lowest_rank(tmp_path: Path, promtool: Path) -> None:
    alerts = [fired(name, name) for name in ("critical", "warning", "info")]
    named = [
        {**alert, "alertname": alertname}
        for alert, alertname in zip(
            alerts, ("CertificateExpired", "ApiSunsetNear", "ApiDeprecated"), strict=True
        )
    ]
    ranks = {row(alert): rank for rank, alert in enumerate(named, start=1)}
    assert not differs(Table(SEVERITY, named, ranks), tmp_path, promtool)


def test_since_is_when_the_first_of_them_began(tmp_path: Path, promtool: Path) -> None:
    first, *later = surfaces("SurfaceFailing")
    began = {f"ALERTS_FOR_STATE{spelt(first)}": "60x30"} | {
        f"ALERTS_FOR_STATE{spelt(alert)}": "600x30" for alert in later
    }
    assert not differs(
        Table(SINCE, (first, *later), {row(first): 60_000}, began), tmp_path, promtool
    )


def test_only_our_alerts_are_there(tmp_path: Path, promtool: Path) -> None:
    another = {"alertname": "Watchdog", "severity": "critical"}
    for column in (SEVERITY, TIMES):
        assert not differs(Table(column, (another,), {}), tmp_path, promtool)


def spelt(labels: Labels) -> str:
    return "{" + ", ".join(f'{label}="{value}"' for label, value in labels.items()) + "}"


@dataclass(frozen=True)
class Table:
    """A column, and what it is where these alerts fire."""

    column: int
    alerts: Sequence[Labels]
    rows: Mapping[Row, float]
    more: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> dict[str, object]:
        """As promtool reads it."""
        firing = {
            f"ALERTS{spelt({**each, 'alertstate': 'firing'})}": "1x30" for each in self.alerts
        }
        asked = [each.expr for each in expressions() if each.name == PANEL][self.column]
        samples = [{"labels": spelt(dict(key)), "value": value} for key, value in self.rows.items()]
        return {
            "interval": "1m",
            "input_series": [
                {"series": name, "values": values}
                for name, values in {**firing, **self.more}.items()
            ],
            "promql_expr_test": [{"expr": asked, "eval_time": "30m", "exp_samples": samples}],
        }


def differs(table: Table, folder: Path, promtool: Path) -> str:
    """What promtool finds wrong, nothing where it is as expected."""
    file = folder / "table.yaml"
    file.write_text(yaml.safe_dump({"tests": [table.text()]}))
    done = subprocess.run(
        [promtool, "test", "rules", file], check=False, capture_output=True, text=True
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr
