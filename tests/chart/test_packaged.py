"""Rules and dashboards reach a cluster as they are in the sources."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.chart.support import (
    MANIFESTS,
    TARGET,
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
    groups = [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]

    assert spec == {"groups": groups}


def test_the_runbooks_may_be_elsewhere() -> None:
    text = yaml.safe_dump(the("PrometheusRule", manifests("sidecar-values.yaml")))

    assert "runbook_url: https://wiki.example.net/mano/TargetDown.md" in text
    assert "oran-mano-exporter.example.net" not in text


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
    values = {"config": TARGET, "dashboards": {"enabled": True, "annotations": {"folder": "A"}}}
    maps = [one for one in objects(values) if "config.yaml" not in one.get("data", {"config.yaml"})]

    assert {key: text for one in maps for key, text in one["data"].items()} == {
        path.name: path.read_text() for path in DASHBOARDS
    }
    for one in maps:
        assert one["metadata"]["labels"]["grafana_dashboard"] == "1"
        assert one["metadata"]["annotations"] == {"folder": "A"}
        assert all(json.loads(text)["title"] for text in one["data"].values())
        assert len(json.dumps(one)) < 2**20, "more than a ConfigMap holds"


def test_the_dashboards_lead_to_runbooks_elsewhere_too() -> None:
    elsewhere = {"runbookUrl": "https://wiki.example.net/mano"}
    values = {"config": TARGET, "dashboards": {"enabled": True}, "prometheusRule": elsewhere}
    text = "".join(map(json.dumps, objects(values)))

    assert "https://wiki.example.net/mano/TargetDown.md" in text
    assert "oran-mano-exporter.example.net" not in text
