"""Every object that the chart and the examples make is one that a cluster takes."""

import base64
import json
import subprocess
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
import yaml

from exporter import __version__
from tests.chart.support import (
    CASES,
    CHART,
    MANIFESTS,
    TARGET,
    Object,
    exporter_in,
    libraries,
    lint,
    manifests,
    objects,
    of_kind,
    pods,
    the,
    values_of,
)
from tests.support import tools

OPERATOR: Final = frozenset({"ServiceMonitor", "PodMonitor", "PrometheusRule"})
OLDEST: Final = "1.29"  # from which native sidecars are on by default
LATEST: Final = "1.37"
CHECK: Final = Path(tools.__file__).with_name("operator") / "check.mjs"


def wrong(objects: list[Object], kubernetes: str) -> list[str]:
    """What the schemas of Kubernetes, without the operator's kinds, have against them."""
    libraries()
    import kubernetes_validate  # noqa: PLC0415  # there after `make tools`

    found = []
    for one in objects:
        try:
            kubernetes_validate.validate(one, kubernetes, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{one['kind']} {'.'.join(map(str, error.path))}: {error.message}")
    return found


def wrong_for_operator(objects: list[Object]) -> list[str]:
    """What the schemas of the Prometheus operator have against them."""
    node, folder = tools.operator_schemas()
    argv = [str(node), "--input-type=module", "-e", CHECK.read_text()]
    told = subprocess.run(
        argv, cwd=folder, input=json.dumps(objects), check=True, text=True, capture_output=True
    )
    return told.stdout.splitlines()


@pytest.mark.parametrize("case", CASES)
def test_lint_has_nothing_against_it(case: str) -> None:
    assert lint(values_of(case)) == []


@pytest.mark.parametrize("kubernetes", [OLDEST, LATEST])
@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_takes_every_object(name: str, kubernetes: str) -> None:
    core = [one for one in manifests(name) if one["kind"] not in OPERATOR]

    assert core
    assert wrong(core, kubernetes) == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_operator_takes_every_object(name: str) -> None:
    assert wrong_for_operator([o for o in manifests(name) if o["kind"] in OPERATOR]) == []


def test_every_kind_and_every_template_has_a_case() -> None:
    kinds = {one["kind"] for name in CASES for one in manifests(name)}

    assert kinds >= {
        "ConfigMap",
        "Deployment",
        "NetworkPolicy",
        "PersistentVolumeClaim",
        "Pod",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "ServiceAccount",
        *OPERATOR,
    }


@pytest.mark.parametrize("name", MANIFESTS)
def test_names_are_used_once(name: str) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in manifests(name)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", MANIFESTS)
def test_what_is_selected_is_there(name: str) -> None:
    made = manifests(name)
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind("Deployment", made)]
    services = [one["metadata"]["labels"] for one in of_kind("Service", made)]
    ports = {port["name"] for pod in pods(made) for port in _ports(pod)}
    looks = [
        *((one["spec"]["selector"], labels) for one in of_kind("Service", made)),
        *((_match(one, "selector"), labels) for one in of_kind("Deployment", made)),
        *((_match(one, "selector"), labels) for one in of_kind("PodDisruptionBudget", made)),
        *((_match(one, "podSelector"), labels) for one in of_kind("NetworkPolicy", made)),
        *((_match(one, "selector"), services) for one in of_kind("ServiceMonitor", made)),
        *((_match(one, "selector"), labels) for one in of_kind("PodMonitor", made)),
    ]
    for selector, among in looks:
        assert any(selector.items() <= one.items() for one in among)
    for one in of_kind("Service", made):
        assert {port["targetPort"] for port in one["spec"]["ports"]} <= ports


def test_the_test_pod_is_nobodys_backend() -> None:
    made = manifests("default-values.yaml")
    selector = the("Service", made)["spec"]["selector"]

    assert not selector.items() <= the("Pod", made)["metadata"].get("labels", {}).items()


def test_the_test_pod_runs_where_the_exporter_may() -> None:
    values = values_of("locked-down-values.yaml")
    told = ("nodeSelector", "tolerations", "priorityClassName")

    test = the("Pod", objects(values))["spec"]

    assert {key: test[key] for key in told} == {key: values[key] for key in told}


def test_a_monitor_keeps_our_label_endpoint() -> None:
    for name, kind, key in (
        ("operator-values.yaml", "ServiceMonitor", "endpoints"),
        ("sidecar-values.yaml", "PodMonitor", "podMetricsEndpoints"),
        ("sidecar.yaml", "PodMonitor", "podMetricsEndpoints"),
    ):
        (endpoint,) = the(kind, manifests(name))["spec"][key]
        assert (endpoint["honorLabels"], endpoint["port"]) == (True, "mano-exporter")


def test_others_objects_are_where_they_are_looked_for() -> None:
    made = manifests("team-values.yaml")
    where = {(one["kind"], one["metadata"]["namespace"]) for one in made}
    configuration = {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Pod", "Service"}

    assert where == {
        *((kind, "noc") for kind in {*configuration, "ServiceAccount"}),
        ("ConfigMap", "grafana"),
        ("PrometheusRule", "monitoring"),
        ("ServiceMonitor", "monitoring"),
    }
    assert the("ServiceMonitor", made)["spec"]["namespaceSelector"] == {"matchNames": ["noc"]}


def test_a_monitor_beside_the_pods_looks_nowhere_else() -> None:
    monitor = the("ServiceMonitor", manifests("operator-values.yaml"))

    assert "namespaceSelector" not in monitor["spec"]


def test_a_pod_monitor_elsewhere_finds_the_pods() -> None:
    values = values_of("sidecar-values.yaml")
    monitor = {**values["serviceMonitor"], "namespaceOverride": "monitoring"}
    made = objects({**values, "serviceMonitor": monitor})

    assert the("PodMonitor", made)["metadata"]["namespace"] == "monitoring"
    assert the("PodMonitor", made)["spec"]["namespaceSelector"] == {"matchNames": ["noc"]}
    assert wrong_for_operator([the("PodMonitor", made)]) == []


def test_variables_come_from_whole_secrets_and_config_maps_too() -> None:
    (pod,) = (
        one["spec"]["template"]["spec"]
        for one in manifests("team-values.yaml")
        if one["kind"] == "Deployment"
    )

    assert exporter_in(pod)["envFrom"] == values_of("team-values.yaml")["envFrom"]


def test_dns_is_always_let_out() -> None:
    policy = the("NetworkPolicy", manifests("locked-down-values.yaml"))["spec"]

    assert policy["policyTypes"] == ["Ingress", "Egress"]
    dns, *others = policy["egress"]
    assert dns == {
        "ports": [{"port": port, "protocol": p} for port in (53, 5353) for p in ("UDP", "TCP")]
    }
    assert others == values_of("locked-down-values.yaml")["networkPolicy"]["egress"]


def test_nothing_needs_rights_in_the_cluster() -> None:
    for name in MANIFESTS:
        assert {one["kind"] for one in manifests(name)}.isdisjoint(
            {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
        )


def test_another_configuration_is_another_pod_only_where_nothing_is_reloaded() -> None:
    def checksum(reload_interval: str, interval: str, password: str = "a") -> str | None:
        (target,) = TARGET["targets"]
        values = {
            "config": {"targets": [{**target, "interval": interval}]},
            "reloadInterval": reload_interval,
            "secrets": {"password": password},
        }
        template = the("Deployment", objects(values))["spec"]["template"]
        told: str | None = template["metadata"]["annotations"].get("checksum/config")
        return told

    assert checksum("30s", "30s") is None
    assert checksum("0", "30s") == checksum("0", "30s")
    assert len({checksum("0", "30s"), checksum("0", "60s"), checksum("0", "30s", "b")}) == 3


def test_two_never_probe_at_once_during_a_rollout() -> None:
    deployment = the("Deployment", manifests("default-values.yaml"))["spec"]

    assert (deployment["replicas"], deployment["strategy"]) == (1, {"type": "Recreate"})


def test_the_schemas_tell_good_from_bad() -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "a"},
        "spec": {"ports": [{"port": "http"}], "selektor": {}},
    }
    monitor = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": "a"},
        "spec": {"selector": {}, "endpoints": [{"port": "a", "intervall": "3s"}]},
    }
    endpoints = [{"port": 1}]

    assert wrong([service], LATEST) != []
    assert wrong_for_operator([monitor]) == [
        "ServiceMonitor a: unknown key /spec/endpoints/0/intervall"
    ]
    assert wrong_for_operator([{**monitor, "spec": {"selector": {}, "endpoints": endpoints}}]) == [
        "ServiceMonitor a: data/spec/endpoints/0/port must be string"
    ]


def test_a_sidecar_in_the_chart_has_no_objects_of_a_deployment() -> None:
    kinds = {one["kind"] for one in objects(values_of("sidecar-values.yaml"))}

    assert kinds == {"ConfigMap", "PodMonitor", "PrometheusRule"}


def test_versions_are_those_of_the_exporter() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


def test_what_a_catalog_of_charts_shows() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    kind, _, icon = chart["icon"].partition(",")

    assert kind == "data:image/svg+xml;base64"
    assert ET.fromstring(base64.b64decode(icon)).tag == "{http://www.w3.org/2000/svg}svg"
    assert all(one["name"] for one in chart["maintainers"])
    assert {*chart["annotations"]} >= {f"artifacthub.io/{key}" for key in ("category", "license")}
    assert "://" not in (CHART / "Chart.yaml").read_text(), "an address: does it lead anywhere?"


def test_a_failed_test_pod_gives_way_to_the_next() -> None:
    """By its own name, which is always the same; a failed one stays until then, to be looked at."""
    annotations = the("Pod", manifests("default-values.yaml"))["metadata"]["annotations"]

    assert annotations["helm.sh/hook"] == "test"
    assert {*annotations["helm.sh/hook-delete-policy"].split(",")} == {
        "before-hook-creation",
        "hook-succeeded",
    }


def _match(one: Object, key: str) -> dict[str, str]:
    return dict(one["spec"][key]["matchLabels"])


def _ports(pod: Object) -> list[Object]:
    every = [*pod.get("initContainers", []), *pod["containers"]]
    return [port for container in every for port in container.get("ports", [])]
