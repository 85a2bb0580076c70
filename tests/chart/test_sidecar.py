"""The exporter in the pods of the API: as somebody's own chart and the plain example merge it."""

from typing import Final

import pytest
import yaml

from tests.chart.support import (
    IN_POD,
    TARGET,
    Object,
    RefusedError,
    Values,
    exporter_in,
    in_api,
    manifests,
    objects,
    pods,
    render,
    the,
)

MERGED: Final = ("mano-api", "sidecar.yaml", "sidecar-values.yaml", "sidecar-account-values.yaml")


def merged(name: str) -> Object:
    (pod,) = pods(manifests(name))
    return pod


def config_of(made: list[Object]) -> Values:
    loaded: Values = yaml.safe_load(the("ConfigMap", made)["data"]["config.yaml"])
    return loaded


def only_target(config: Values) -> Values:
    (target,) = objects({"mode": "sidecar", **config})[0:1]
    return dict(config_of([target])["targets"][0])


@pytest.mark.parametrize("name", MERGED)
def test_only_a_schedule_that_stands_still_restarts_it_and_nothing_waits_for_it(name: str) -> None:
    container = exporter_in(merged(name))

    assert container in merged(name)["initContainers"]
    assert container["restartPolicy"] == "Always"
    assert container["livenessProbe"]["httpGet"]["path"] == "/-/healthy"
    assert container.keys().isdisjoint({"readinessProbe", "startupProbe", "lifecycle"})


@pytest.mark.parametrize("name", MERGED)
def test_its_target_is_named_by_namespace_and_pod(name: str) -> None:
    """Kubernetes puts in what stands before."""
    variables = exporter_in(merged(name))["env"]
    (target,) = config_of(manifests(name))["targets"]

    assert variables[:3] == [
        {
            "name": "MANO_EXPORTER_NAMESPACE",
            "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}},
        },
        {"name": "MANO_EXPORTER_POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "ORAN_MANO_TARGET", "value": "$(MANO_EXPORTER_NAMESPACE).$(MANO_EXPORTER_POD)"},
    ]
    assert "name" not in target


def test_the_plain_example_is_what_the_chart_makes() -> None:
    plain, chart = (merged(name) for name in ("sidecar.yaml", "mano-api"))
    modes = [one["volumes"][0]["projected"]["defaultMode"] for one in (plain, chart)]
    targets = [config_of(manifests(name))["targets"][0] for name in MERGED[:2]]

    assert exporter_in(plain) == exporter_in(chart)
    assert plain["containers"] == chart["containers"]
    assert modes == [0o444, 0o444]
    assert [_optional(one) for one in (plain, chart)] == [[True], [True]]
    assert [target.pop("rate_limits")["share"] for target in targets] == [
        pytest.approx(0.05 / 3),
        0.016,
    ]
    assert targets[0] == targets[1]


@pytest.mark.parametrize(
    ("target", "pods", "share"),
    [
        ({}, 1, 0.05),
        ({}, 4, 0.0125),
        ({}, 1000, 0.00005),
        ({"rate_limits": {"share": 0.2}}, 2, 0.1),
        ({"rate_limits": {"share": 1}}, 1, 1),
    ],
)
def test_the_share_is_divided(target: Values, pods: int, share: float) -> None:
    config = {"targets": [{**IN_POD["targets"][0], **target}]}

    got = only_target({"config": config, "sidecar": {"pods": pods}})

    assert got["rate_limits"] == {"share": share}


def test_it_reads_what_its_pod_answers_and_what_was_asked_for() -> None:
    surfaces = {"tn-manager.agents.list": {"mode": "read"}, "monitoring.health": {"interval": "5s"}}
    config = {"targets": [{**IN_POD["targets"][0], "surfaces": surfaces}]}

    assert only_target({"config": IN_POD})["surfaces"] == {
        "*": {"mode": "off"},
        "monitoring.health": {"mode": "read"},
        "monitoring.metrics": {"mode": "read"},
    }
    assert only_target({"config": config})["surfaces"] == {
        "*": {"mode": "off"},
        "monitoring.health": {"mode": "read", "interval": "5s"},
        "monitoring.metrics": {"mode": "read"},
        "tn-manager.agents.list": {"mode": "read"},
    }


NAMED: Final = {"targets": [{**IN_POD["targets"][0], "name": "lab"}]}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"config": NAMED}, "config.targets[0].name is set: leave it out"),
        ({"config": {"targets": [{"interval": "5s"}]}}, "config.targets[0].url is missing"),
        ({"config": {"targets": IN_POD["targets"] * 2}}, "config.targets has 2 entries"),
        ({"config": IN_POD, "replicaCount": 3}, "say with sidecar.pods how many"),
        (
            {"config": IN_POD, "networkPolicy": {"enabled": True, "egress": [{}]}},
            "networkPolicy and podDisruptionBudget are for the Deployment",
        ),
        (
            {"config": IN_POD, "podDisruptionBudget": {"enabled": True}},
            "networkPolicy and podDisruptionBudget are for the Deployment",
        ),
        (
            {"config": IN_POD, "serviceMonitor": {"enabled": True}},
            "sidecar.podLabels is empty: give the labels of the API's pods",
        ),
        (
            {"config": IN_POD, "persistence": {"enabled": True}},
            "persistence is for the Deployment: the pods of the API would share one claim",
        ),
        (
            {"config": IN_POD, "envFrom": [{"secretRef": {"name": "a"}}]},
            "envFrom[0] is not optional: true: what is missing would hold back the API",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(values: Values, told: str) -> None:
    with pytest.raises(RefusedError) as raised:
        render({"mode": "sidecar", **values})

    assert told in str(raised.value)


@pytest.mark.parametrize("name", MERGED)
def test_nothing_that_is_missing_holds_back_the_api(name: str) -> None:
    assert "--config.tolerate-errors" in exporter_in(merged(name))["args"]
    assert set(_optional(merged(name))) == {True}


def test_a_deployment_waits_for_what_is_missing_and_says_why_it_ends() -> None:
    for pod in pods(manifests("operator-values.yaml")):
        if "volumes" in pod:
            assert _optional(pod) == [False, False]
            assert "--config.tolerate-errors" not in exporter_in(pod)["args"]


def test_the_configuration_wins_over_a_secret_of_the_same_name() -> None:
    (volume,) = merged("sidecar-account-values.yaml")["volumes"]

    assert [[*one] for one in volume["projected"]["sources"]] == [["secret"], ["configMap"]]


def test_somebodys_chart_may_leave_it_out() -> None:
    (api,) = in_api({"enabled": False})

    assert [one["name"] for one in api["spec"]["template"]["spec"]["containers"]] == ["api"]
    assert "initContainers" not in api["spec"]["template"]["spec"]


def _optional(pod: Object) -> list[bool]:
    (volume,) = pod["volumes"]
    return [part["optional"] for one in volume["projected"]["sources"] for part in one.values()]


def test_somebodys_chart_has_to_say_that_it_is_a_sidecar() -> None:
    with pytest.raises(RefusedError, match=r"oran-mano-exporter\.mode is not sidecar"):
        in_api({"mode": "deployment", "config": TARGET})
