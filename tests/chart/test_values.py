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
    Object,
    RefusedError,
    Values,
    exporter_in,
    in_api,
    lint,
    objects,
    pods,
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
        ({"extraEnv": [{"value": "b"}]}, "at '/extraEnv/0': missing property 'name'"),
        ({"extraEnv": [{"name": "A", "value": 1}]}, "at '/extraEnv/0/value': got number, want str"),
        ({"extraEnv": [{"name": "A", "value": True}]}, "at '/extraEnv/0/value': got boolean, want"),
        ({"extraEnv": [{"name": "A", "vale": "b"}]}, "additional properties 'vale' not allowed"),
        ({"extraEnv": [{"name": "A=B"}]}, "at '/extraEnv/0/name': 'A=B' does not match pattern"),
        (
            {"extraEnv": [{"name": "A", "value": "b", "valueFrom": {"fieldRef": {}}}]},
            "at '/extraEnv/0': 'not' failed",
        ),
        *(
            ({"extraEnv": [{"name": name, "value": "lab"}]}, "at '/extraEnv/0/name': 'not' failed")
            for name in ("ORAN_MANO_TARGET", "MANO_EXPORTER_NAMESPACE", "MANO_EXPORTER_POD")
        ),
        ({"envFrom": [{"prefix": "A_"}]}, "at '/envFrom/0': 'oneOf' failed"),
        ({"envFrom": [{"secretRef": {}}]}, "at '/envFrom/0/secretRef': missing property 'name'"),
        ({"envFrom": [{"secret": {"name": "a"}}]}, "additional properties 'secret' not allowed"),
        ({"serviceMonitor": {"namespaceOverride": "A"}}, "at '/serviceMonitor/namespaceOverride'"),
        ({"prometheusRule": {"namespaceOverride": "A"}}, "at '/prometheusRule/namespaceOverride'"),
        ({"dashboards": {"folderAnnotation": "a b"}}, "at '/dashboards/folderAnnotation': 'a b'"),
        ({"dashboards": {"namespaceOverride": "a.b"}}, "at '/dashboards/namespaceOverride': 'a.b'"),
        ({"extraVolumes": [{"emptyDir": {}}]}, "at '/extraVolumes/0': missing property 'name'"),
        (
            {"extraVolumes": [{"name": "mano-exporter-config", "emptyDir": {}}]},
            "at '/extraVolumes/0/name': 'not' failed",
        ),
        ({"extraVolumes": [{"name": "A_b"}]}, "at '/extraVolumes/0/name': 'A_b' does not match"),
        (
            {"extraVolumeMounts": [{"name": "mano-exporter-config", "mountPath": "/a"}]},
            "at '/extraVolumeMounts/0/name': 'not' failed",
        ),
        (
            {"extraVolumeMounts": [{"name": "a", "mountPath": "/etc/oran-mano-exporter"}]},
            "at '/extraVolumeMounts/0/mountPath': 'not' failed",
        ),
        ({"resources": {"limits": {"cpu": "1x"}}}, "at '/resources/limits/cpu': '1x' does not"),
        ({"resources": {"limits": {"memory": "128MB"}}}, "at '/resources/limits/memory': '128MB'"),
        ({"resources": {"requests": {"cpu": "-1"}}}, "at '/resources/requests/cpu': '-1' does not"),
        ({"resources": {"requests": {"cpu": -1}}}, "at '/resources/requests/cpu': minimum: got -1"),
        ({"resources": {"requests": {"cpu": ["1"]}}}, "at '/resources/requests/cpu': got array"),
        ({"global": {"imageRegistry": "https://mirror"}}, "at '/global/imageRegistry': 'https://"),
        ({"global": {"imageRegistry": 1}}, "at '/global/imageRegistry': got number, want string"),
        ({"global": {"imagePullSecrets": "mirror"}}, "at '/global/imagePullSecrets': got string"),
        ({"imagePullSecrets": [{}]}, "at '/imagePullSecrets/0': missing property 'name'"),
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
        (
            {"config": {"targets": [*TARGET["targets"], {"name": "a"}, *TARGET["targets"]]}},
            "config.targets[2].name is lab, as that of config.targets[0]: each has to have its own",
        ),
        (
            {"config": TARGET, "extraEnv": [{"name": "TZ"}, {"name": "TZ", "value": "UTC"}]},
            "extraEnv[1].name is TZ, as that of extraEnv[0]: each has to have its own",
        ),
        (
            {"config": TARGET, "extraVolumes": [{"name": "a"}, {"name": "a"}]},
            "extraVolumes[1].name is a, as that of extraVolumes[0]",
        ),
        (
            {
                "config": TARGET,
                "extraVolumes": [{"name": "a"}],
                "extraVolumeMounts": [{"name": "a", "mountPath": "/a"}] * 2,
            },
            "extraVolumeMounts[1].mountPath is /a, as that of extraVolumeMounts[0]",
        ),
        (
            {"config": TARGET, "extraVolumeMounts": [{"name": "a", "mountPath": "/a"}]},
            "extraVolumeMounts[0].name is a, which is none of extraVolumes",
        ),
    ],
)
def test_the_templates_refuse(values: Values, told: str) -> None:
    assert told in refusal(values)


@pytest.mark.parametrize(
    "quantity",
    ["100m", "1", 1, 0.5, "1.5", ".5", "5.", "1e3", "1E", "64Mi", "1Gi", "128M", "1k", "0"],
)
def test_every_way_to_write_a_quantity_is_taken(quantity: object) -> None:
    limits = {"cpu": quantity, "memory": quantity}
    deployment = the("Deployment", objects({"config": TARGET, "resources": {"limits": limits}}))

    got = exporter_in(deployment["spec"]["template"]["spec"])["resources"]["limits"]

    assert got == limits
    assert wrong([deployment], OLDEST) == []


@pytest.mark.parametrize(
    ("registry", "repository", "image"),
    [
        ("", "oran-mano-exporter", "oran-mano-exporter:1"),
        ("r.example.net", "oran-mano-exporter", "r.example.net/oran-mano-exporter:1"),
        ("r.example.net", "o-ran/exporter", "r.example.net/o-ran/exporter:1"),
        ("r:5000/mirror", "oran-mano-exporter", "r:5000/mirror/oran-mano-exporter:1"),
        ("r.example.net", "other.example.net/o-ran/exporter", "r.example.net/o-ran/exporter:1"),
        ("r.example.net", "localhost/exporter", "r.example.net/exporter:1"),
        ("r.example.net", "other:5000/exporter", "r.example.net/exporter:1"),
    ],
)
def test_one_registry_for_all_charts(registry: str, repository: str, image: str) -> None:
    values = {
        "global": {"imageRegistry": registry},
        "image": {"repository": repository, "tag": "1"},
    }

    for base in ({"config": TARGET}, {"config": IN_POD, "mode": "sidecar"}):
        made = in_api({**base, **values}) if "mode" in base else objects({**base, **values})
        ours = [c["image"] for pod in pods(made) for c in _containers(pod) if c["name"] != "api"]
        assert set(ours) == {image}


def _containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def test_secrets_for_all_registries_come_besides_our_own() -> None:
    values = {
        "config": TARGET,
        "global": {"imagePullSecrets": ["all", {"name": "both"}]},
        "imagePullSecrets": [{"name": "both"}, {"name": "ours"}],
    }

    for pod in pods(objects(values)):
        assert pod["imagePullSecrets"] == [{"name": "all"}, {"name": "both"}, {"name": "ours"}]


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

    assert set(schema["properties"]) - {"enabled"} == set(values)
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
                "where your people read, and its address into prometheusRule.runbookUrl",
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
