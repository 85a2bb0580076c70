"""The shipped rules keep their conventions."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from exporter.metrics.families import BY_NAME
from tests.bundle.case import RULES, alerts
from tests.support.rules import seconds, shortened

AGGREGATION: Final = re.compile(r"\b(sum|max|min|count|count_values) by \(([\w, ]+)\) $")
FUNCTION: Final = re.compile(r"\b(increase|rate|last_over_time|max_over_time|absent)$")
METRIC: Final = re.compile(r"(?<![\w:\"])(oran_mano_\w+|up)\b(?![:(])")
COUNTED: Final = ("_total", "_bucket", "_count", "_sum")
EXPRESSIONS: Final = [
    (rule.get("record") or rule["alert"], rule["expr"])
    for path in RULES
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]


def uses(expr: str) -> Iterator[tuple[str, list[str]]]:
    """Each metric, and what stands before each parenthesis around it, the outermost first."""
    for found in METRIC.finditer(expr):
        around: list[int] = []
        for index, char in enumerate(expr[: found.start()]):
            if char == "(":
                around.append(index)
            elif char == ")":
                around.pop()
        yield found[1], [re.sub(r"\s+", " ", expr[:index][-90:]) for index in around]


def faults(expr: str) -> list[str]:
    """What in an expression would depend on a pod, or would not survive one."""
    found = []
    for metric, around in uses(expr):
        functions = [match[1] for text in around if (match := FUNCTION.search(text))]
        grouped = [match for text in around if (match := AGGREGATION.search(text))]
        if not grouped and "absent" not in functions:
            found.append(f"{metric} is not aggregated")
        if any(label in match[2] for match in grouped[:1] for label in ("instance", "pod")):
            found.append(f"{metric} keeps the pod")
        if metric.endswith(COUNTED):
            if not {"increase", "rate"} & set(functions):
                found.append(f"{metric} is taken as it is")
            if "sum" not in [match[1] for match in grouped]:
                found.append(f"{metric} is not summed")
        elif metric != "up" and not {"last_over_time", "max_over_time"} & set(functions):
            found.append(f"{metric} flaps with each missed scrape")
    return found


@pytest.mark.parametrize(("name", "expr"), EXPRESSIONS, ids=[name for name, _ in EXPRESSIONS])
def test_no_rule_depends_on_a_pod_or_one_scrape(name: str, expr: str) -> None:
    assert faults(expr) == [], name


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("oran_mano_token_valid == 0", "not aggregated"),
        ("max by (target, pod) (last_over_time(oran_mano_token_valid[5m]))", "keeps the pod"),
        ("max by (target) (oran_mano_token_valid)", "flaps"),
        ("increase(sum by (target) (oran_mano_probe_runs_total)[5m:])", ""),
        ("sum by (target) (oran_mano_probe_runs_total)", "taken as it is"),
        ("max by (target) (rate(oran_mano_probe_runs_total[5m]))", "not summed"),
        ("sum by (target) (rate(oran_mano_probe_runs_total[5m])) or up", "not aggregated"),
    ],
)
def test_what_does_is_seen(expr: str, fault: str) -> None:
    assert any(fault in one for one in faults(expr)) or not fault


def test_every_metric_exists() -> None:
    known = {*BY_NAME, "up"}
    bare = re.compile("_(bucket|count|sum)$")
    used = {bare.sub("", metric) for _, expr in EXPRESSIONS for metric, _ in uses(expr)}
    assert used - known == set()


def test_every_recorded_name_is_recorded_and_used_or_documented() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "alerts.md").read_text()
    recorded = {name for name, _ in EXPRESSIONS if ":" in name}
    used = {name for _, expr in EXPRESSIONS for name in re.findall(r"oran_mano:[\w:]+", expr)}
    assert used <= recorded
    assert [name for name in recorded - used if f"`{name}`" not in page] == []


def test_availability_is_defined_once() -> None:
    raw = re.compile(r"oran_mano_probe_(failures|throttled)_total|reason=\"circuit_open\"")
    assert {name for name, expr in EXPRESSIONS if raw.search(expr)} == {
        "oran_mano:probe_bad:increase5m",
        "oran_mano:probe_valid:increase5m",
    }


def test_windows_differ_in_nothing_but_their_length() -> None:
    for name, base, step, over in (
        *((window, "5m", "1m", 5) for window in ("15m", "30m", "1h", "6h")),
        ("1d", "1h", "12m", 5),
        ("3d", "1h", "30m", 2),
    ):
        assert over == seconds(base) / seconds(step)
        for what in ("slo_bad", "slo_valid", "probe_expected"):
            expected = f"sum_over_time(oran_mano:{what}:increase{base}[{name}:{step}]) / {over}"
            assert (f"oran_mano:{what}:increase{name}", expected) in EXPRESSIONS
    kinds: dict[str, set[str]] = {}
    for name, expr in EXPRESSIONS:
        if "burn_rate" in name:
            metric, _, window = name.rpartition(":")
            window = window.removeprefix("ratio")
            kinds.setdefault(metric, set()).add(re.sub(rf"(increase|ratio)?{window}\b", "W", expr))
    assert {metric: len(texts) for metric, texts in kinds.items()} == {
        "oran_mano:slo_burn_rate": 1,
        "oran_mano:slo_significant_burn_rate": 1,
    }


def test_no_group_but_the_hourly_one_is_older_than_what_an_expression_looks_back() -> None:
    """One missed evaluation, too, leaves no gap: `for` would begin anew."""
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            if group["name"] != "oran-mano-slo-hourly":
                assert 2 * seconds(group.get("interval", "1m")) < seconds("5m"), group["name"]
    hourly = [expr for _, expr in EXPRESSIONS if "_hourly:" in expr]
    assert len(hourly) == 1
    assert all("[30d]" in expr for expr in hourly)


def test_alerts_say_what_they_mean() -> None:
    bases = set()
    for rule in alerts():
        name, labels, notes = rule["alert"], rule["labels"], rule["annotations"]
        assert re.fullmatch(r"([A-Z][a-z]+){2,}", name)
        assert labels["severity"] in {"critical", "warning", "info"}
        assert set(notes) == {"summary", "description", "runbook_url"}
        base, _, page = notes["runbook_url"].rpartition("/")
        bases.add(base)
        assert page == f"{name}.md"
    assert len(bases) == 1


def test_rules_can_be_shortened(tmp_path: Path, promtool: Path) -> None:
    rules: dict[str, Any] = {
        "groups": [
            {
                "name": "g",
                "interval": "2m",
                "rules": [
                    {"alert": "A", "expr": "sum_over_time(a[15m:1m]) + b[1h]", "for": "90s"},
                    {"alert": "K", "expr": "d", "keep_firing_for": "5m"},
                    {"alert": "B", "expr": "c", "for": "1h"},
                ],
            }
        ]
    }
    group = shortened(rules, 60)["groups"][0]
    assert group == {
        "name": "g",
        "interval": "2000ms",
        "rules": [
            {"alert": "A", "expr": "sum_over_time(a[15000ms:1000ms]) + b[1h]", "for": "1500ms"},
            {"alert": "K", "expr": "d", "keep_firing_for": "5000ms"},
            {"alert": "B", "expr": "c", "for": "1h"},
        ],
    }
    for path in RULES:
        quick = tmp_path / path.name
        quick.write_text(yaml.safe_dump(shortened(yaml.safe_load(path.read_text()), 60)))
    files = sorted(tmp_path.iterdir())
    assert subprocess.run([promtool, "check", "rules", *files], check=False).returncode == 0
