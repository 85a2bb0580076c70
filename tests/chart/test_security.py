"""The restricted Pod Security Standard of Kubernetes, held by every pod of chart and examples.

Its controls, baseline's included, are those of kubernetes.io/docs/concepts/security/
pod-security-standards; what is stricter here is our own.
"""

import copy
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from tests.chart.support import MANIFESTS, Object, exporter_in, manifests, of_kind, pods

VOLUMES: Final = frozenset(
    {
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    }
)
ASKED_FOR: Final = {"emptyDir", "persistentVolumeClaim"}
PROFILES: Final = ("RuntimeDefault", "Localhost")
NOBODY: Final = 65532


def violations(pod: Object) -> Iterator[str]:
    """What the standard forbids of a pod."""
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(key):
            yield key
    for volume in pod.get("volumes", []):
        if volume.keys() - VOLUMES - {"name"}:
            yield f"volume {volume['name']}"
    context = pod.get("securityContext", {})
    yield from (f"pod: {one}" for one in _forbidden(context))
    for container in _containers(pod):
        own = container.get("securityContext", {})
        inherited = {**context, **own}
        yield from (f"{container['name']}: {one}" for one in _of_container(container, own))
        yield from (f"{container['name']}: {one}" for one in _missing(inherited))


def _of_container(container: Object, context: Object) -> Iterator[str]:
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "hostPort"
    if any("host" in probe for probe in _probes(container)):
        yield "host of a probe"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    capabilities = context.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "capabilities.drop"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "capabilities.add"
    yield from _forbidden(context)


def _probes(container: Object) -> Iterator[Object]:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield container.get(name, {}).get("httpGet", {})


def _forbidden(context: Object) -> Iterator[str]:
    for key in ("privileged", "windowsOptions", "seLinuxOptions", "sysctls", "appArmorProfile"):
        if context.get(key):  # some settings of these are allowed; none is wanted
            yield key
    if context.get("procMount", "Default") != "Default":
        yield "procMount"
    if context.get("runAsUser") == 0:
        yield "runAsUser"


def _missing(context: Object) -> Iterator[str]:
    if context.get("runAsNonRoot") is not True:
        yield "runAsNonRoot"
    if context.get("seccompProfile", {}).get("type") not in PROFILES:
        yield "seccompProfile"


def _containers(pod: Object) -> list[Object]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("name", MANIFESTS)
def test_pods_are_restricted(name: str) -> None:
    found = list(pods(manifests(name)))

    assert found
    assert [one for pod in found for one in violations(pod)] == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_exporter_is_nobody_and_writes_nothing(name: str) -> None:
    for pod in pods(manifests(name)):
        ours = [one for one in _containers(pod) if "oran-mano-exporter" in one["image"]]
        assert ours
        for container in ours:
            context = container["securityContext"]
            assert context["runAsUser"] == context["runAsGroup"] == NOBODY
            assert context["readOnlyRootFilesystem"] is True
            assert [m for m in container.get("volumeMounts", []) if _writes(m, pod)] == []


@pytest.mark.parametrize("name", MANIFESTS)
def test_nobody_gets_a_token_of_the_cluster(name: str) -> None:
    for pod in pods(manifests(name)):
        assert pod["automountServiceAccountToken"] is False
    for account in of_kind("ServiceAccount", manifests(name)):
        assert account["automountServiceAccountToken"] is False


def test_secrets_are_read_by_the_exporter_alone() -> None:
    (pod, _) = pods(manifests("operator-values.yaml"))
    (volume,) = pod["volumes"]

    assert volume["projected"]["defaultMode"] == 0o440
    assert pod["securityContext"]["fsGroup"] == NOBODY
    assert exporter_in(pod)["volumeMounts"] == [
        {"name": volume["name"], "mountPath": "/etc/oran-mano-exporter", "readOnly": True}
    ]


def _set(path: str, value: object) -> Callable[[Object], None]:
    *way, last = path.split(".")

    def breach(pod: Object) -> None:
        at: Any = pod
        for key in way:
            at = at[int(key)] if key.isdigit() else at.setdefault(key, {})
        at[last] = value

    return breach


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("hostNetwork", True, "hostNetwork"),
        ("hostPID", True, "hostPID"),
        ("volumes", [{"name": "a", "hostPath": {"path": "/"}}], "volume a"),
        ("securityContext.runAsUser", 0, "pod: runAsUser"),
        ("containers.0.securityContext.runAsNonRoot", False, "{}: runAsNonRoot"),
        ("containers.0.securityContext.privileged", True, "{}: privileged"),
        ("containers.0.securityContext.procMount", "Unmasked", "{}: procMount"),
        ("containers.0.securityContext.capabilities", {}, "{}: capabilities.drop"),
        ("containers.0.securityContext.capabilities.add", ["SYS_TIME"], "{}: capabilities.add"),
        ("containers.0.securityContext.seccompProfile.type", "Unconfined", "{}: seccompProfile"),
        (
            "containers.0.securityContext.allowPrivilegeEscalation",
            True,
            "{}: allowPrivilegeEscalation",
        ),
        ("containers.0.ports", [{"containerPort": 1, "hostPort": 1}], "{}: hostPort"),
    ],
)
def test_what_is_not_restricted_is_seen(path: str, value: object, told: str) -> None:
    (first, _) = pods(manifests("default-values.yaml"))
    pod = copy.deepcopy(first)

    _set(path, value)(pod)

    assert list(violations(pod)) == [told.format("oran-mano-exporter")]


def _writes(mount: Object, pod: Object) -> bool:
    """Whether it can be written to, other than to a volume that was asked for."""
    (volume,) = [one for one in pod["volumes"] if one["name"] == mount["name"]]
    return not mount.get("readOnly") and volume.keys().isdisjoint(ASKED_FOR)
