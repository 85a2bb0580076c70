"""Rules and dashboards reach a cluster as they are in the sources."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.chart.support import (
    MANIFESTS,
    TARGET,
    Object,
    RefusedError,
    Values,
    manifests,
    objects,
    of_kind,
    package,
    packaged_files,
    the,
)
from tests.support.tools import ROOT

RULES: Final = sorted((ROOT / "alerts").glob("*.rules.yaml"))
DASHBOARDS: Final = sorted((ROOT / "dashboards").glob("*.json"))


def test_the_archive_holds_the_sources_and_nothing_else(tmp_path: Path) -> None:
    files = packaged_files(package(tmp_path))
    linked = {path: data for path, data in files.items() if path.startswith(("alerts", "dash"))}

    assert RULES
    assert DASHBOARDS
    assert linked == {
        f"{path.parent.name}/{path.name}": path.read_text() for path in (*RULES, *DASHBOARDS)
    }


def test_the_rules_are_those_of_the_sources() -> None:
    spec = the("PrometheusRule", manifests("operator-values.yaml"))["spec"]

    assert spec == {"groups": sources("docs/runbooks")}


def sources(runbooks: str) -> list[Object]:
    """The groups of all files, with the runbooks there."""
    texts = [one.read_text().replace("docs/runbooks", runbooks) for one in RULES]
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


def rules(**values: object) -> list[Object]:
    """All rules of a release with these values."""
    made = objects({"config": TARGET, "prometheusRule": {"enabled": True, **values}})
    return [
        rule for group in the("PrometheusRule", made)["spec"]["groups"] for rule in group["rules"]
    ]


@pytest.mark.parametrize("name", MANIFESTS)
def test_no_example_address_is_told_to_anybody(name: str) -> None:
    """Our own: those of the values are examples of others."""
    assert "oran-mano-exporter.example" not in json.dumps(manifests(name))


def test_the_runbooks_may_be_elsewhere() -> None:
    text = yaml.safe_dump(the("PrometheusRule", manifests("sidecar-values.yaml")))

    assert "runbook_url: https://wiki.example.net/mano/TargetDown.md" in text


def test_every_runbook_is_a_file_of_the_sources() -> None:
    for rule in rules():
        if "alert" in rule:
            assert (ROOT / rule["annotations"]["runbook_url"]).is_file()


def test_labels_are_added_to_every_alert_and_to_no_series() -> None:
    labels = {"team": "noc", "tier": "all"}
    severities = {"critical": {"labels": {"tier": "first"}, "annotations": {"board": "http://b"}}}

    for old, new in zip(
        rules(), rules(additionalRuleLabels=labels, severities=severities), strict=True
    ):
        if "record" in old:
            assert new == old
            continue
        urgent = old["labels"]["severity"] == "critical"
        assert new["labels"] == old["labels"] | labels | ({"tier": "first"} if urgent else {})
        assert new["annotations"] == old["annotations"] | ({"board": "http://b"} if urgent else {})
        assert new["expr"] == old["expr"]


def test_labels_that_tell_apart_are_in_every_grouping() -> None:
    for old, new in zip(
        rules(), rules(additionalAggregationLabels=["region", "zone"]), strict=True
    ):
        kept = re.findall(r"(?:by|on) \(([^()]+)\)", new["expr"])
        assert [
            one for one in kept if not one.startswith("cluster, namespace, region, zone, ")
        ] == []
        assert new == {**old, "expr": new["expr"]}
        assert new["expr"].replace("region, zone, ", "") == old["expr"]


def test_what_is_left_out_is_the_alert_alone() -> None:
    every = rules()
    names = [rule["alert"] for rule in every if "alert" in rule]

    assert rules(disabled=["TargetDown"]) == [r for r in every if r.get("alert") != "TargetDown"]
    assert rules(disabled=[*dict.fromkeys(names)]) == [r for r in every if "record" in r]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"disabled": ["TargetDwon"]}, "TargetDwon, which is no alert of this chart: ApiDeprec"),
        ({"disabled": ["oran_mano:probe_success"]}, "which is no alert of this chart"),
        (
            {"disabled": {"TargetDown": True}},
            "at '/prometheusRule/disabled': got object, want array",
        ),
        ({"additionalRuleLabels": {"severity": "page"}}, "invalid propertyName 'severity'"),
        ({"additionalRuleLabels": {"alertname": "a"}}, "invalid propertyName 'alertname'"),
        ({"additionalRuleLabels": {"cost-center": "a"}}, "invalid propertyName 'cost-center'"),
        ({"additionalRuleLabels": {"__a": "a"}}, "invalid propertyName '__a'"),
        ({"additionalRuleLabels": {"tier": 1}}, "'/prometheusRule/additionalRuleLabels/tier': got"),
        ({"severities": {"page": {}}}, "additional properties 'page' not allowed"),
        ({"severities": {"info": {"label": {}}}}, "additional properties 'label' not allowed"),
        ({"severities": {"info": {"labels": {"a b": "c"}}}}, "invalid propertyName 'a b'"),
        ({"additionalAggregationLabels": ["a b"]}, "additionalAggregationLabels/0': 'a b' does"),
        ({"additionalAggregationLabels": ["__a"]}, "additionalAggregationLabels/0': '__a' does"),
        ({"additionalAggregationLabels": ["cluster"]}, "additionalAggregationLabels/0': 'not'"),
        ({"additionalAggregationLabels": ["a", "a"]}, "items at 0 and 1 are equal"),
        ({"runbookUrl": "https://wiki/"}, "at '/prometheusRule/runbookUrl': 'https://wiki/' does"),
        ({"runbookUrl": "wiki"}, "at '/prometheusRule/runbookUrl': 'wiki' does not match"),
    ],
)
def test_what_is_wrong_about_rules_is_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises(RefusedError) as refused:
        rules(**values)

    assert told in str(refused.value)


@pytest.mark.parametrize("name", MANIFESTS)
def test_prometheus_takes_the_rules(name: str, promtool: Path, tmp_path: Path) -> None:
    rules = of_kind("PrometheusRule", manifests(name))
    for number, rule in enumerate(rules):
        (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump(rule["spec"]))

    for file in tmp_path.iterdir():
        check = subprocess.run([promtool, "check", "rules", file], check=False, capture_output=True)
        assert check.returncode == 0, check.stdout + check.stderr


def test_rules_are_rendered_somewhere() -> None:
    assert [name for name in MANIFESTS if of_kind("PrometheusRule", manifests(name))]


def test_the_dashboards_are_those_of_the_sources() -> None:
    values = {
        "config": TARGET,
        "dashboards": {"enabled": True, "annotations": {"folder": "A"}},
        "prometheusRule": {"runbookUrl": "https://wiki.example.net/mano"},
    }
    maps = boards(values)

    assert {key: text for one in maps for key, text in one["data"].items()} == {
        f"oran-mano-{path.name}": path.read_text().replace(
            "docs/runbooks", "https://wiki.example.net/mano"
        )
        for path in DASHBOARDS
    }
    for one in maps:
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert one["metadata"]["annotations"] == {"folder": "A"}
        assert all(json.loads(text)["title"] for text in one["data"].values())
        assert len(json.dumps(one)) < 2**20, "more than a ConfigMap holds"


@pytest.mark.parametrize(
    ("told", "annotations"),
    [
        ({}, {}),
        ({"folder": "O-RAN"}, {"grafana_folder": "O-RAN"}),
        (
            {"folder": "O-RAN", "folderAnnotation": "k8s-sidecar-target-directory"},
            {"k8s-sidecar-target-directory": "O-RAN"},
        ),
        (
            {"folder": "O-RAN", "annotations": {"team": "noc"}},
            {"grafana_folder": "O-RAN", "team": "noc"},
        ),
    ],
)
def test_the_folder_is_told_as_grafanas_sidecar_reads_it(
    told: dict[str, object], annotations: dict[str, str]
) -> None:
    for one in boards({"config": TARGET, "dashboards": {"enabled": True, **told}}):
        assert one["metadata"].get("annotations", {}) == annotations


def test_no_other_dashboard_of_a_grafana_is_called_so() -> None:
    """Its sidecar writes all ConfigMaps into one folder, a file for each key."""
    keys = [
        key
        for one in boards({"config": TARGET, "dashboards": {"enabled": True}})
        for key in one["data"]
    ]

    assert "oran-mano-on-call.json" in keys
    assert [key for key in keys if not key.startswith("oran-mano-")] == []


def boards(values: Values) -> list[Object]:
    """The ConfigMaps that are dashboards."""
    return [
        one for one in of_kind("ConfigMap", objects(values)) if "config.yaml" not in one["data"]
    ]


def test_a_dashboard_has_no_link_that_no_browser_opens() -> None:
    made = boards({"config": TARGET, "dashboards": {"enabled": True}})
    texts = [text for one in made for text in one["data"].values()]

    assert [json.loads(one) for one in texts] == [
        without_runbooks(json.loads(path.read_text())) for path in DASHBOARDS
    ]


def without_runbooks(value: Any) -> Any:  # noqa: ANN401  # JSON
    """The same without what leads to a runbook."""
    if isinstance(value, dict):
        return {key: without_runbooks(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_runbooks(one) for one in value if "/runbooks/" not in str(_url(one))]
    return value


def _url(value: object) -> object:
    return value.get("url") if isinstance(value, dict) else None
