"""Names of releases, namespaces and others' objects: what looks like a number stays text."""

import base64
from typing import Final

import pytest

from tests.chart.support import (
    IN_POD,
    TARGET,
    Object,
    RefusedError,
    Values,
    objects,
    of_kind,
    pods,
    render,
    the,
)
from tests.chart.test_objects import LATEST, OLDEST, OPERATOR, wrong

EVERYTHING: Final[Values] = {
    "config": TARGET,
    "existingSecret": "123",
    "priorityClassName": "100",
    "serviceAccount": {"name": "456"},
    "nameOverride": "789",
    "fullnameOverride": "mano",
    "image": {"repository": "1", "tag": "2"},
    "dashboards": {"enabled": True},
    "podDisruptionBudget": {"enabled": True},
    "networkPolicy": {"enabled": True, "egress": [{}]},
}


def core(made: list[Object]) -> list[Object]:
    return [one for one in made if one["kind"] not in OPERATOR]


@pytest.mark.parametrize("kubernetes", [OLDEST, LATEST])
@pytest.mark.parametrize(
    "values",
    [
        EVERYTHING,
        {**EVERYTHING, "existingSecret": "", "secrets": {"123": "456"}},
        {"config": IN_POD, "mode": "sidecar", "existingSecret": "123"},
    ],
)
def test_numbers_are_names_too(values: Values, kubernetes: str) -> None:
    made = objects(values, name="123", namespace="456")

    assert wrong(core(made), kubernetes) == []
    assert {one["metadata"]["namespace"] for one in made} == {"456"}


def test_what_was_named_is_used() -> None:
    for pod in pods(objects(EVERYTHING, name="123")):
        assert (pod["priorityClassName"], pod["serviceAccountName"]) == ("100", "456")
        assert [one["image"] for one in pod["containers"]] == ["1:2"]


def test_the_files_of_a_secret_are_called_as_it_was_said() -> None:
    made = objects({"config": TARGET, "secrets": {"123": "456"}})

    assert {base64.b64decode(text) for text in the("Secret", made)["data"].values()} == {b"456"}
    assert [*the("Secret", made)["data"]] == ["123"]


def test_the_dots_of_a_release_are_in_no_name() -> None:
    made = objects({"config": TARGET}, name="mano.v1")

    assert the("Service", made)["metadata"]["name"] == "mano-v1-oran-mano-exporter"
    assert the("Deployment", made)["metadata"]["labels"]["app.kubernetes.io/instance"] == "mano.v1"


def test_long_names_are_cut_to_what_a_service_takes() -> None:
    made = objects({"config": TARGET}, name="a" * 51 + ".b")

    assert the("Service", made)["metadata"]["name"] == "a" * 51


@pytest.mark.parametrize("name", ["5g", "123"])
def test_a_service_begins_with_a_letter(name: str) -> None:
    with pytest.raises(RefusedError, match=r"begins with a digit.*: set fullnameOverride"):
        render({"config": TARGET}, name=name)

    made = objects({"config": TARGET, "fullnameOverride": "mano"}, name=name)
    assert the("Service", made)["metadata"]["name"] == "mano"


def test_a_sidecar_has_no_service_to_name() -> None:
    made = objects({"config": IN_POD, "mode": "sidecar"}, name="5g")

    assert the("ConfigMap", made)["metadata"]["name"] == "5g-oran-mano-exporter"


def test_what_is_more_particular_wins_among_labels() -> None:
    values = {
        "config": TARGET,
        "commonLabels": {"team": "all", "app.kubernetes.io/version": "9"},
        "podLabels": {"team": "noc"},
        "dashboards": {"enabled": True, "labels": {"team": "screens"}},
    }
    made = objects(values)
    deployment = the("Deployment", made)

    assert deployment["metadata"]["labels"]["team"] == "all"
    assert deployment["metadata"]["labels"]["app.kubernetes.io/version"] == "9"
    assert deployment["spec"]["template"]["metadata"]["labels"]["team"] == "noc"
    teams = {one["metadata"]["labels"]["team"] for one in of_kind("ConfigMap", made)}
    assert teams == {"all", "screens"}
