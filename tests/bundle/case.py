"""A case of promtool: what was scraped, and when an alert fires because of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import yaml

from tests.bundle.stage import Stage
from tests.support.tools import ROOT

Kind: TypeAlias = Literal[
    "fires", "below", "absent", "missed scrape", "restart", "outage", "elsewhere"
]
KINDS: Final[tuple[Kind, ...]] = ("fires", "below", "absent", "missed scrape", "restart")
"""What there is for every alert; ``fires`` tells when it resolves, too."""
HOUR: Final = Stage(120)
"""Where something is wrong from minute 20 to 80."""
EVALUATED: Final = "1m1ms"
"""Never at the instant of a scrape, nor of a subquery's step: whether a range has what lies at its
very beginning is not the same in Prometheus 2 and 3."""
Play: TypeAlias = Callable[[Stage], Stage]
ALERTS: Final = ROOT / "alerts"
RULES: Final = sorted(ALERTS.glob("*.rules.yaml"))


def alerts() -> Iterator[dict[str, Any]]:
    """Every rule with an alert's name, in all files."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes:
        alert: its name.
        kind: what is shown.
        stage: what was scraped.
        labels: of the alert, beside its name; no others may be there.
        firing: the first and the last minute in which it fires, or None for never.
        why: more words for the name.
    """

    alert: str
    kind: Kind
    stage: Stage
    labels: Mapping[str, str]
    firing: tuple[int, int] | None = None
    why: str = ""

    def text(self) -> dict[str, object]:
        """As promtool reads it."""
        name = f"{self.alert}: {self.kind}{self.why and ', ' + self.why}"
        return {
            "name": name,
            "interval": f"{self.stage.scrape}s",
            "input_series": self.stage.text(),
            "promql_expr_test": list(self._expectations()),
        }

    def _expectations(self) -> Iterator[dict[str, object]]:
        """Ask once, at the end, since when and until when it fired, and whether with gaps."""
        chosen = {"alertname": self.alert, "alertstate": "firing"}
        kept = ("severity", "window") if self.firing else ("severity",)
        chosen |= {label: self.labels[label] for label in kept if label in self.labels}
        select = f"ALERTS{{{_inside(chosen)}}}"
        end = f"{self.stage.minutes}m"
        if self.firing is None:
            yield _ask(f"count_over_time({select}[{end}])", end, None, {})
            return
        first, last = self.firing
        labels = {"alertname": self.alert, "alertstate": "firing", **self.labels}
        ever = f"timestamp({select})[{end}:1m]"
        yield _ask(f"floor(min_over_time({ever}) / 60)", end, first, labels)
        yield _ask(f"floor(max_over_time({ever}) / 60)", end, last, labels)
        yield _ask(f"count_over_time({select}[{end}])", end, last - first + 1, labels)


def _ask(expr: str, at: str, value: float | None, labels: Mapping[str, str]) -> dict[str, object]:
    samples = [] if value is None else [{"labels": f"{{{_inside(labels)}}}", "value": value}]
    return {"expr": expr, "eval_time": at, "exp_samples": samples}


def _inside(labels: Mapping[str, str]) -> str:
    return ", ".join(f'{label}="{text}"' for label, text in labels.items())


def cases(
    alert: str,
    labels: Mapping[str, str],
    firing: tuple[int, int],
    histories: tuple[Play, Play, Play],
    *,
    on: Stage = HOUR,
    missed: tuple[int, int] | None = None,
    restart: tuple[int, int] | None = None,
) -> list[Case]:
    """What there is for every alert: it fires, and does not.

    Args:
        alert: its name.
        labels: of the alert, beside its name.
        firing: the first and the last minute, in the first history.
        histories: one in which it fires, one just below, one without the series.
        on: how long, and scraped how often.
        missed: when it fires in the first history with missed scrapes, if that differs.
        restart: and with another pod in the middle of it.
    """
    bad, below, absent = histories
    middle = sum(firing) / 2
    holes = (firing[0] / 2, firing[0] - 2, firing[0] + 5, firing[1] - 3)
    stages = {
        "missed": Stage(on.minutes, on.scrape, missed=holes),
        "restart": Stage(on.minutes, on.scrape, restart=middle // 1 + 0.5),
    }
    return [
        Case(alert, "fires", bad(on.fresh()), labels, firing),
        Case(alert, "missed scrape", bad(stages["missed"]), labels, missed or firing),
        Case(alert, "restart", bad(stages["restart"]), labels, restart or firing),
        Case(alert, "below", below(on.fresh()), labels),
        Case(alert, "absent", absent(on.fresh()), labels),
    ]
