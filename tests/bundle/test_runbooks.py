"""Every alert has a page for three in the morning, and what it says to type works."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.metrics.families import BY_NAME
from tests.bundle.case import alerts
from tests.bundle.test_rules import EXPRESSIONS
from tests.support.tools import ROOT

SEVERITIES: Final[dict[str, list[str]]] = {}
"""Of each alert, in the order of its rules: what comes nearer is told twice."""
for _rule in alerts():
    SEVERITIES.setdefault(_rule["alert"], []).append(_rule["labels"]["severity"])
PAGES: Final = {path.stem: path.read_text() for path in (ROOT / "docs/runbooks").glob("*.md")}
SECTIONS: Final = ["Meaning", "Impact", "Look", "Mend", "Silence"]


def queries() -> Iterator[tuple[str, str]]:
    """What the pages say to ask Prometheus."""
    for name, text in PAGES.items():
        for block in re.findall(r"```promql\n(.*?)```", text, re.DOTALL):
            yield from ((name, line) for line in block.splitlines())


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert set(PAGES) == set(SEVERITIES)


@pytest.mark.parametrize("name", sorted(SEVERITIES))
def test_the_page_is_whole(name: str) -> None:
    page, severity = PAGES[name], ", then ".join(dict.fromkeys(SEVERITIES[name]))
    assert page.startswith(f"# {name}\n\nSeverity: {severity}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == SECTIONS
    assert f"amtool silence add alertname={name} " in page
    assert len(page.splitlines()) < 60


def test_queries_are_valid(promtool: Path, tmp_path: Path) -> None:
    rules = [
        {"record": f"test:query:{index}", "expr": query}
        for index, (_, query) in enumerate(queries())
    ]
    assert len(rules) >= len(PAGES)
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    argv = [str(promtool), "check", "rules", str(path)]
    done = subprocess.run(argv, check=False, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_of_metrics_are_right() -> None:
    known = {*BY_NAME, *(name for name, _ in EXPRESSIONS)}
    for name, query in queries():
        for metric in re.findall(r"oran_mano[\w:]+|process_\w+", query):
            assert re.sub("_(bucket|count|sum)$", "", metric) in known, name


def test_every_alert_is_told_of_some_fault() -> None:
    """In the column of its severity; or its page says by itself after how long it tells."""
    page = (ROOT / "docs" / "alerts.md").read_text()
    table = page.partition("## Which fault tells what")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:-1] for row in table.splitlines() if row.startswith("| ")][1:]
    columns = {"critical": 1, "warning": 2, "info": 3}
    told = {
        (name, severity)
        for row in rows
        for severity, column in columns.items()
        for name in re.findall(r"`([A-Z]\w+)`", row[column])
    }
    alone = {name for name, page in PAGES.items() if re.search("^After: .+$", page, re.MULTILINE)}
    every = {(name, each) for name, several in SEVERITIES.items() for each in several}
    assert told <= every
    assert {name for name, _ in every - told} <= alone


def test_commands_exist() -> None:
    source = (ROOT / "exporter" / "commands" / "main.py").read_text()
    for name, page in PAGES.items():
        for command in re.findall(r"`oran-mano-exporter (\w+)", page):
            assert f'"{command}"' in source, name
