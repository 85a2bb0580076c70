"""What every expression of the dashboards keeps to; all of them are asked elsewhere."""

import re
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.metrics.families import BY_NAME
from exporter.metrics.families.row import REASONS, SKIP_REASONS
from tests.support import promql
from tests.support.dashboards import (
    GIVEN,
    RIGHTLY_EMPTY,
    Expression,
    charts,
    documents,
    expressions,
    filled,
)
from tests.support.tools import ROOT
from tools.dashboards.faults import FAULTS, NOBODYS
from tools.dashboards.faults import reasons as blamed_reasons

DOCUMENTS: Final = documents()
EXPRESSIONS: Final = expressions()
RECORDED: Final = {
    rule["record"]
    for path in (ROOT / "alerts").glob("*.rules.yaml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
    if "record" in rule
}
PROMETHEUS_OWN: Final = {"up", "ALERTS", "ALERTS_FOR_STATE"}
"""What Prometheus itself says of what it scrapes, and of its rules."""

every_dashboard = pytest.mark.parametrize("name", DOCUMENTS)
every_expression = pytest.mark.parametrize(
    "asked", EXPRESSIONS, ids=lambda each: each.name.replace(" ", "-")
)


@every_expression
def test_its_metrics_exist(asked: Expression) -> None:
    unknown = promql.metrics(asked.expr) - _exposed() - RECORDED - PROMETHEUS_OWN
    assert unknown == set()


@every_expression
def test_it_does_not_tell_pods_apart(asked: Expression) -> None:
    bare = [
        metric
        for metric in promql.metrics(asked.expr) - RECORDED
        if not all(promql.is_aggregated(asked.expr, at) for at in promql.places(asked.expr, metric))
    ]
    assert bare == []
    by = re.findall(r"\bby \(([^)]*)\)", asked.expr)
    assert not {"instance", "pod"} & {label.strip() for each in by for label in each.split(",")}


@every_dashboard
def test_series_are_named_by_labels_that_they_have(name: str) -> None:
    for panel in charts(DOCUMENTS[name]):
        for asked in panel["targets"]:
            for label in re.findall(r"{{(\w+)}}", asked.get("legendFormat", "")):
                assert re.search(rf"\bby \([^)]*\b{label}\b|oran_mano:", asked["expr"]), panel

    for panel in charts(DOCUMENTS[name]):
        for leads in panel["fieldConfig"]["defaults"]["links"]:
            for label in re.findall(r"__field\.labels\.(\w+)", leads["url"]):
                for asked in panel["targets"]:
                    labels = rf"\bby \([^)]*\b{label}\b|oran_mano:|^min\("
                    assert re.search(labels, asked["expr"]), (panel["title"], label)


def test_every_expression_parses(tmp_path: Path, promtool: Path) -> None:
    rules = [
        {"record": f"dashboards:{number}", "expr": asked.expr}
        for number, asked in enumerate(EXPRESSIONS)
    ]
    file = tmp_path / "expressions.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", file], check=False, capture_output=True, text=True
    )
    assert f"SUCCESS: {len(rules)} rules found" in done.stdout, done.stderr


def test_every_reason_has_somebody_to_mend_it() -> None:
    blamed = list(blamed_reasons())
    assert sorted([*blamed, *NOBODYS]) == sorted([*REASONS, *SKIP_REASONS])


def test_the_page_says_whose_fault_each_reason_is() -> None:
    page = (ROOT / "docs" / "dashboards.md").read_text()
    for fault in FAULTS:
        named = fault.reasons + fault.skips
        reasons = ", ".join(f"[`{reason}`](reasons.md#{reason})" for reason in named)
        assert f"| {fault.who} | {reasons} |" in page


def test_panels_that_may_be_empty_exist() -> None:
    assert set(RIGHTLY_EMPTY) <= {asked.name for asked in EXPRESSIONS}


# --- What the tests themselves rely on -----------------------------------------------------------


def _exposed() -> set[str]:
    """Every name of a sample that the exporter exposes."""
    histograms = [name for name, family in BY_NAME.items() if family.kind == "histogram"]
    return set(BY_NAME) | {
        f"{name}{end}" for name in histograms for end in ("_bucket", "_sum", "_count")
    }


@pytest.mark.parametrize(
    ("expr", "metrics", "aggregated"),
    [
        ("max by (a) (up{a='b'})", {"up"}, True),
        ('rate(some_total{pod=~"x"}[1m])', {"some_total"}, False),
        ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[1m])))", {"x_bucket"}, True),
        ("count(a:b == 0) or 0 * count(max by (t) (c))", {"a:b", "c"}, True),
        ("max by (a) (one) / two", {"one", "two"}, False),
        ("min_over_time(one[1h] @ end())", {"one"}, False),
    ],
)
def test_the_reader_of_promql(expr: str, metrics: set[str], *, aggregated: bool) -> None:
    assert promql.metrics(expr) == metrics
    found = [at for metric in metrics for at in promql.places(expr, metric)]
    assert all(promql.is_aggregated(expr, at) for at in found) == aggregated


def test_variables_are_filled_or_missed() -> None:
    assert filled('{a=~"$target"}[${__rate_interval:raw}]') == '{a=~".*"}[1m]'
    with pytest.raises(KeyError):
        filled("$unheard", GIVEN)
