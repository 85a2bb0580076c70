"""What may be said in the values: what is wrong is refused in words that help."""

import json
import re
from typing import Final

import pytest
import yaml

from tests.chart.support import (
    CHART,
    IN_POD,
    TARGET,
    RefusedError,
    Values,
    exporter_in,
    lint,
    objects,
    render,
    the,
)
from tests.chart.test_objects import OLDEST, OPERATOR, wrong
from tests.chart.values_reference import README, page

PARTLY: Final = {"config", "resources", "livenessProbe", "readinessProbe"}
"""What may hold more than the defaults do."""


def refusal(values: Values) -> str:
    with pytest.raises(RefusedError) as raised:
        render(values)
    return str(raised.value)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"replicaCont": 1}, "at '': additional properties 'replicaCont' not allowed"),
        ({"image": {"tagg": "1"}}, "at '/image': additional properties 'tagg' not allowed"),
        ({"replicaCount": "1"}, "at '/replicaCount': got string, want integer"),
        ({"replicaCount": -1}, "at '/replicaCount': minimum: got -1, want 0"),
        ({"mode": "daemonset"}, "at '/mode': value must be one of 'deployment', 'sidecar'"),
        ({"port": 80}, "at '/port': minimum: got 80, want 1,024"),
        ({"config": "targets: []"}, "at '/config': got string, want object"),
        ({"secrets": {"password": 12345}}, "at '/secrets/password': got number, want string"),
        ({"secrets": {"config.yaml": "x"}}, "invalid propertyName 'config.yaml'"),
        ({"image": {"digest": "latest"}}, "at '/image/digest': 'latest' does not match pattern"),
        ({"reloadInterval": "30"}, "at '/reloadInterval': '30' does not match pattern"),
        ({"reloadInterval": "0s"}, "at '/reloadInterval': '0s' does not match pattern"),
        ({"reloadInterval": 0}, "at '/reloadInterval': got number, want string"),
        ({"config": {"targets": {}}}, "at '/config/targets': got object, want array"),
        ({"config": {"targets": ["lab"]}}, "at '/config/targets/0': got string, want object"),
        (
            {"config": {"targets": [{"name": "a", "rate_limits": None}]}},
            "at '/config/targets/0/rate_limits': got null, want object",
        ),
        ({"fullnameOverride": "123"}, "at '/fullnameOverride': '123' does not match pattern"),
        ({"fullnameOverride": "a" * 53}, "at '/fullnameOverride': '"),
        ({"nameOverride": "mano.v1"}, "at '/nameOverride': 'mano.v1' does not match pattern"),
        (
            {"commonLabels": {"app.kubernetes.io/name": "a"}},
            "invalid propertyName 'app.kubernetes.io/name'",
        ),
        (
            {"podLabels": {"app.kubernetes.io/instance": "a"}},
            "invalid propertyName 'app.kubernetes.io/instance'",
        ),
        ({"livenessProbe": {"httpGet": {}}}, "additional properties 'httpGet' not allowed"),
        ({"serviceMonitor": {"enabled": "yes"}}, "at '/serviceMonitor/enabled': got string"),
        ({"sidecar": {"pods": 0}}, "at '/sidecar/pods': minimum: got 0, want 1"),
        ({"log": {"level": "warning"}}, "at '/log/level': value must be one of 'debug', 'info'"),
        ({"extraEnv": ["A=b"]}, "at '/extraEnv/0': got string, want object"),
        ({"podAnnotations": {"a": 1}}, "at '/podAnnotations/a': got number, want string"),
    ],
)
def test_the_schema_refuses(values: Values, told: str) -> None:
    assert told in refusal({"config": TARGET, **values})


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "config.targets is empty: say what to probe"),
        ({"config": {"targets": []}}, "config.targets is empty: say what to probe"),
        ({"config": None}, "config.targets is empty: say what to probe"),
        ({"config": None, "reloadInterval": "0"}, "config.targets is empty: say what to probe"),
        ({"config": {"targets": [*TARGET["targets"], {"url": "u"}]}}, "targets[1].name is missing"),
        (
            {"config": TARGET, "replicaCount": 2},
            "replicaCount is 2, and replicas cannot agree yet who probes",
        ),
        (
            {"config": TARGET, "secrets": {"a": "b"}, "existingSecret": "c"},
            "secrets and existingSecret are both set",
        ),
        (
            {"config": TARGET, "networkPolicy": {"enabled": True}},
            "networkPolicy.egress is empty: the API could not be reached",
        ),
    ],
)
def test_the_templates_refuse(values: Values, told: str) -> None:
    assert told in refusal(values)


def test_what_a_parent_chart_adds_is_taken() -> None:
    assert render({"config": TARGET, "global": {"registry": "x"}, "enabled": True})


@pytest.mark.parametrize(
    "base",
    [{"config": TARGET}, {"config": IN_POD, "mode": "sidecar"}],
    ids=["deployment", "sidecar"],
)
@pytest.mark.parametrize("key", yaml.safe_load((CHART / "values.yaml").read_text()))
def test_a_null_is_refused_in_words_or_means_nothing(key: str, base: Values) -> None:
    """As Helm has it, null takes a default away."""
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())[key]
    nulls: list[Values] = [{key: None}]
    if isinstance(defaults, dict):
        nulls += [{key: {inner: None}} for inner in defaults]
    for values in nulls:
        try:
            made = objects({**base, **values})
        except RefusedError as refused:
            assert re.search(r"missing propert|config\.targets is empty", str(refused))  # noqa: PT017
        else:
            assert [one for one in made if one["kind"] not in OPERATOR]
            assert wrong(made, OLDEST) == [], values


def test_a_probe_that_is_null_is_off() -> None:
    values = {"config": TARGET, "livenessProbe": None, "readinessProbe": None}

    container = exporter_in(the("Deployment", objects(values))["spec"]["template"]["spec"])

    assert container.keys().isdisjoint({"livenessProbe", "readinessProbe"})


def test_a_pause_is_allowed() -> None:
    assert "replicas: 0" in "".join(render({"config": TARGET, "replicaCount": 0}).values())


def test_the_defaults_alone_can_be_linted() -> None:
    assert lint() == []


def test_the_reference_in_the_readme_is_that_of_the_values() -> None:
    assert README.read_text() == page(README.read_text()), "run `make docs`"


def test_every_key_of_the_schema_is_a_value_and_the_other_way_round() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())

    assert set(schema["properties"]) - {"global", "enabled"} == set(values)
    for key, value in values.items():
        known = schema["properties"][key].get("properties")
        if known is not None and key not in PARTLY:
            assert set(known) == set(value), key


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"config": TARGET}, ["helm test --namespace noc mano", "Nothing scrapes it yet"]),
        (
            {"config": TARGET, "prometheusRule": {"enabled": True}},
            [
                "port-forward --namespace noc service/mano-oran-mano-exporter 10945",
                "docs/runbooks where your people read, and its address into prometheusRule.runbookUrl",
            ],
        ),
        (
            {"config": {"targets": [{"url": "http://127.0.0.1/v1"}]}, "mode": "sidecar"},
            ['include "oran-mano-exporter.sidecar.container"', "No rules come with it"],
        ),
        ({"config": TARGET, "secrets": {"a": "b"}}, ["prefer existingSecret"]),
    ],
)
def test_the_notes_say_what_to_do_next(values: Values, told: list[str]) -> None:
    notes = render(values)["oran-mano-exporter/templates/NOTES.txt"]

    assert [line for line in told if line not in notes] == []
