"""Writes ``alerts/tests/<Alert>.yaml``: ``python -m tests.bundle.write``."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from tests.bundle.case import ALERTS, EVALUATED, RULES, Case, alerts
from tests.bundle.cases import api, exporter, places, slo

HEAD: Final = (
    "# Written by `python -m tests.bundle.write` from tests/bundle/cases/. For `promtool`:\n"
)
CASES: Final[tuple[Case, ...]] = (
    *api.CASES,
    *exporter.CASES,
    *slo.CASES,
    *places.CASES,
)
ORDER: Final = ("availability", "slo", "api", "exporter")
"""Rules that others are made of come first; Prometheus is a turn late otherwise."""


def files() -> Mapping[str, str]:
    """Each file's name and text."""
    names = sorted({case.alert for case in CASES})
    return {f"{name}.yaml": _file([case for case in CASES if case.alert == name]) for name in names}


def _file(cases: list[Case]) -> str:
    alert = cases[0].alert
    paths = _needed(alert)
    document = {
        "rule_files": [f"../{path.name}" for path in paths],
        "evaluation_interval": EVALUATED,
        "group_eval_order": [
            group["name"] for path in paths for group in yaml.safe_load(path.read_text())["groups"]
        ],
        "tests": [case.text() for case in cases],
    }
    dumped = yaml.safe_dump(document, sort_keys=False, width=100_000)
    return f"{HEAD}#   promtool test rules alerts/tests/{alert}.yaml\n{dumped}"


def _needed(alert: str) -> list[Path]:
    """The file of the alert, and those with what it is made of: fewer rules are quicker."""
    expressions = [rule["expr"] for rule in alerts() if rule["alert"] == alert]
    derived = any("oran_mano:" in expr or "ALERTS" in expr for expr in expressions)
    ordered = sorted(RULES, key=lambda path: ORDER.index(path.name.partition(".")[0]))
    own = f"- alert: {alert}\n"
    return [
        path
        for path in ordered
        if own in path.read_text() or (derived and path.name.startswith(("availability", "slo")))
    ]


def main() -> int:
    """Write every file, and take away those of alerts that are gone."""
    folder = ALERTS / "tests"
    folder.mkdir(exist_ok=True)
    wanted = files()
    for path in folder.glob("[A-Z]*.yaml"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
