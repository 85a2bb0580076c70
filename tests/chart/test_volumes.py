"""The journal outlives the pod, on a claim of the chart's or on one that is there."""

import pytest
import yaml

from tests.chart.support import (
    TARGET,
    Object,
    RefusedError,
    Values,
    exporter_in,
    manifests,
    objects,
    of_kind,
    render,
    the,
)
from tests.chart.test_running import JOURNAL
from tests.chart.test_security import NOBODY


def claim_of(made: list[Object]) -> str:
    """That which the exporter's journal is on."""
    pod = the("Deployment", made)["spec"]["template"]["spec"]
    (mount,) = [m for m in exporter_in(pod)["volumeMounts"] if m["mountPath"] == JOURNAL]
    (volume,) = [one for one in pod["volumes"] if one["name"] == mount["name"]]
    assert not mount.get("readOnly")
    assert pod["securityContext"]["fsGroup"] == NOBODY, "it could not write"
    return str(volume["persistentVolumeClaim"]["claimName"])


def journal_of(made: list[Object]) -> object:
    (text,) = [one["data"]["config.yaml"] for one in of_kind("ConfigMap", made)]
    return yaml.safe_load(text).get("state", {}).get("journal")


def kept(**persistence: object) -> list[Object]:
    return objects({"config": TARGET, "persistence": {"enabled": True, **persistence}})


def test_without_being_asked_for_nothing_is_kept() -> None:
    made = objects({"config": TARGET})

    assert of_kind("PersistentVolumeClaim", made) == []
    assert journal_of(made) is None


def test_a_claim_is_made_and_the_journal_is_on_it() -> None:
    claim = the("PersistentVolumeClaim", manifests("team-values.yaml"))

    assert claim["spec"] == {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "fast",
    }
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert claim_of(manifests("team-values.yaml")) == claim["metadata"]["name"]


def test_the_class_of_the_cluster_is_taken_where_none_is_named() -> None:
    made = kept()

    assert "storageClassName" not in the("PersistentVolumeClaim", made)["spec"]
    assert journal_of(made) == JOURNAL


def test_a_claim_that_is_there_is_taken() -> None:
    made = kept(existingClaim="123")

    assert of_kind("PersistentVolumeClaim", made) == []
    assert claim_of(made) == "123"
    assert journal_of(made) == JOURNAL


def test_a_folder_within_it_may_be_named() -> None:
    config = {**TARGET, "state": {"journal": f"{JOURNAL}/north"}}
    made = objects({"config": config, "persistence": {"enabled": True}})

    assert journal_of(made) == f"{JOURNAL}/north"
    assert claim_of(made)


def test_the_test_pod_has_nothing_of_it() -> None:
    assert "volumes" not in the("Pod", manifests("team-values.yaml"))["spec"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"config": {**TARGET, "state": {"journal": "/data"}}},
            "config.state.journal is /data, and persistence keeps what is in /var/lib/oran-mano-",
        ),
        (
            {
                "config": TARGET,
                "extraVolumes": [{"name": "a"}],
                "extraVolumeMounts": [{"name": "a", "mountPath": f"{JOURNAL}/"}],
            },
            f"extraVolumeMounts[0].mountPath is {JOURNAL}/, where persistence mounts the journal",
        ),
        ({"config": TARGET, "persistence": {"size": "1GB"}}, "at '/persistence/size': '1GB' does"),
        (
            {"config": TARGET, "persistence": {"accessModes": ["ReadOnlyMany"]}},
            "at '/persistence/accessModes/0': value must be one of 'ReadWriteOnce'",
        ),
    ],
)
def test_what_keeps_nothing_is_refused(values: Values, told: str) -> None:
    persistence = {"enabled": True, **values.get("persistence", {})}

    with pytest.raises(RefusedError) as refused:
        render({**values, "persistence": persistence})

    assert told in str(refused.value)
