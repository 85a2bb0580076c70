"""What the pages about the chart show can be done as it stands there."""

import re
from typing import Final

import pytest
import yaml

from tests.chart.support import (
    CHART,
    EXAMPLES,
    IN_POD,
    TARGET,
    Object,
    Values,
    in_api,
    objects,
    pods,
    render,
    the,
)
from tests.support.tools import ROOT

PAGES: Final = ROOT / "docs" / "install"


def shown(page: str, name: str) -> str:
    """The only block of a page that is that file, or part of it."""
    (text,) = re.findall(
        rf"```yaml\n# {re.escape(name)}[^\n]*\n(.*?)```", (PAGES / page).read_text(), re.DOTALL
    )
    return str(text)


def test_the_values_of_a_real_installation() -> None:
    values: Values = yaml.safe_load(shown("helm.md", "values.yaml"))

    made = objects(values)

    assert (
        yaml.safe_load(
            the("ConfigMap", [o for o in made if _is_configuration(o)])["data"]["config.yaml"]
        )
        == values["config"]
    )
    assert {"ServiceMonitor", "PrometheusRule", "NetworkPolicy"} < {one["kind"] for one in made}


def test_the_values_of_a_sidecar() -> None:
    values: Values = yaml.safe_load(shown("sidecar.md", "values.yaml"))["oran-mano-exporter"]

    assert the("Deployment", in_api(values))["spec"]["replicas"] == values["sidecar"]["pods"]


def test_the_includes_are_those_of_the_example() -> None:
    pattern = r"include \"(oran-mano-exporter\.sidecar\.[a-z]+)\""
    example = (EXAMPLES / "mano-api" / "templates" / "deployment.yaml").read_text()
    notes = render({"mode": "sidecar", "config": {"targets": [{"url": "http://127.0.0.1/v1"}]}})

    used = re.findall(pattern, example)
    assert len(used) == 2
    assert 'with index .Subcharts "oran-mano-exporter"' in shown(
        "sidecar.md", "templates/deployment.yaml"
    )
    assert re.findall(pattern, shown("sidecar.md", "templates/deployment.yaml")) == used
    assert re.findall(pattern, notes["oran-mano-exporter/templates/NOTES.txt"]) == used


def test_the_requests_of_the_page_are_the_defaults() -> None:
    resources = yaml.safe_load((CHART / "values.yaml").read_text())["resources"]
    told = "The defaults ({requests[cpu]} CPU, {requests[memory]} memory, at most {limits[memory]})"

    assert told.format(**resources) in (PAGES / "helm.md").read_text()


@pytest.mark.parametrize("message", ["config.targets is empty", "it probes nothing"])
def test_what_is_told_to_be_seen_is_said(message: str) -> None:
    templates = "".join(path.read_text() for path in CHART.glob("templates/**/*.*"))

    assert message in templates
    assert message in (PAGES / "helm.md").read_text()


def test_a_quota_that_demands_a_limit_of_cpu_is_met_by_what_the_page_says() -> None:
    """Kubernetes' admission demands it of every container that such a quota counts."""
    (row,) = [
        line
        for line in (PAGES / "helm.md")
        .read_text()
        .partition("## When something is wrong")[2]
        .splitlines()
        if "must specify limits.cpu" in line
    ]
    (said,) = re.findall(r"`(resources: .*?)`", row)
    values: Values = yaml.safe_load(said)

    for base in ({"config": TARGET}, {"config": IN_POD, "mode": "sidecar"}):
        made = in_api({**base, **values}) if "mode" in base else objects({**base, **values})
        for container in ours_in(made):
            assert container["resources"]["limits"] == values["resources"]["limits"]
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}
    assert [
        one for one in ours_in(objects({"config": TARGET})) if "cpu" in one["resources"]["limits"]
    ] == []


def ours_in(made: list[Object]) -> list[Object]:
    """The containers of our image."""
    every = [c for pod in pods(made) for c in [*pod.get("initContainers", []), *pod["containers"]]]
    return [one for one in every if "oran-mano-exporter" in one["image"]]


def _is_configuration(one: Values) -> bool:
    return one["kind"] == "ConfigMap" and "config.yaml" in one["data"]
