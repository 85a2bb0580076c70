"""The chart as Helm's own engine renders it, and what to ask of the objects."""

# ruff: noqa: PLC0415  # Helm's engine is there after `make tools`, not when this is imported

import functools
import shutil
import sys
from collections.abc import Hashable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeAlias

import yaml

from tests.chart import helm
from tests.support import tools

CHART: Final = tools.ROOT / "helm" / "oran-mano-exporter"
EXAMPLES: Final = tools.ROOT / "docs" / "install" / "examples"
CASES: Final = tuple(path.name for path in sorted(CHART.glob("ci/*-values.yaml")))
MANIFESTS: Final = (*CASES, "mano-api", "sidecar.yaml")
"""All whose objects are looked at: the cases of the chart, and the examples of the docs."""

Object: TypeAlias = dict[str, Any]
Values: TypeAlias = dict[str, Any]

TARGET: Final[Values] = {"targets": [{"name": "lab", "url": "https://mano.example.net/v1"}]}
IN_POD: Final[Values] = {"targets": [{"url": "http://127.0.0.1:8080/v1"}]}


class _Strict(yaml.SafeLoader):
    """Takes no key twice, of which other readers would take either."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys = [key.value for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"a key is there twice: {sorted(keys)}"
        return super().construct_mapping(node, deep)


class RefusedError(Exception):
    """Helm does not render it; the message is what its user reads."""


@functools.cache
def libraries() -> None:
    """Let the chart's libraries be imported.

    Raises:
        ToolMissing: they are not there.
    """
    sys.path.append(str(tools.chart_libraries()))


def values_of(case: str) -> Values:
    loaded: Values = yaml.safe_load((CHART / "ci" / case).read_text())
    return loaded


def render(
    values: Values | None = None, chart: Path = CHART, *, name: str = "mano", namespace: str = "noc"
) -> dict[str, str]:
    """What each template gives, by its path; as ``helm template mano --namespace noc``.

    The library is asked, and where there is Helm itself it has to agree: in what it makes, and in
    what it refuses.

    Raises:
        RefusedError: the values are refused.
    """
    try:
        rendered = _by_library(values, chart, name, namespace)
    except RefusedError as refused:
        if (
            helm.is_here()
            and not helm.template(values, chart, name=name, namespace=namespace).returncode
        ):
            raise AssertionError(f"Helm itself takes what is refused: {refused}") from refused
        raise
    if helm.is_here():
        said = helm.template(values, chart, name=name, namespace=namespace)
        assert said.returncode == 0, said.stderr
        assert _by_name(parsed(said.stdout)) == _by_name(_objects_in(rendered))
    return rendered


def _by_library(values: Values | None, chart: Path, name: str, namespace: str) -> dict[str, str]:
    libraries()
    import helm_python

    with helm_python.Chart.load(chart) as loaded:
        try:
            return loaded.render(values, name=name, namespace=namespace)
        except helm_python.HelmError as error:
            raise RefusedError(str(error)) from error


def _by_name(among: list[Object]) -> list[tuple[str, str, Object]]:
    """In an order that both share."""
    named = [(one["kind"], one["metadata"]["name"], one) for one in among]
    return sorted(named, key=lambda one: one[:2])


def lint(values: Values | None = None) -> list[str]:
    """What ``helm lint --strict`` has against it."""
    libraries()
    import helm_python

    messages = helm_python.lint(CHART, values, strict=True)["messages"]
    return [f"{one['path']}: {one['error']}" for one in messages]


def package(into: Path) -> Path:
    """The archive that its users get."""
    libraries()
    import helm_python

    return Path(helm_python.package(CHART, destination=into))


def packaged_files(archive: Path) -> dict[str, str]:
    """What is in it besides templates."""
    libraries()
    import helm_python

    with helm_python.Chart.load(archive) as loaded:
        return {file["name"]: file["data"] for file in loaded.files}


def objects(
    values: Values | None = None, chart: Path = CHART, *, name: str = "mano", namespace: str = "noc"
) -> list[Object]:
    """All objects of a release."""
    return _objects_in(render(values, chart, name=name, namespace=namespace))


def _objects_in(rendered: dict[str, str]) -> list[Object]:
    texts = [text for path, text in rendered.items() if path.endswith(".yaml")]
    return [one for text in texts for one in parsed(text)]


def parsed(stream: str) -> list[Object]:
    """The objects of a stream of manifests."""
    return [one for one in yaml.load_all(stream, _Strict) if one]


@functools.cache
def manifests(name: str) -> list[Object]:
    """The objects of one of ``MANIFESTS``; a sidecar's with the pods of the API."""
    if name == "mano-api":
        return in_api({})
    if name.startswith("sidecar-"):
        return in_api(values_of(name))
    if name in CASES:
        return objects(values_of(name))
    return list(yaml.safe_load_all((EXAMPLES / name).read_text()))


def in_api(values: Values) -> list[Object]:
    """The objects of somebody's own chart, which has these values for ours."""
    pods = values.get("sidecar", {}).get("pods", 3)
    with TemporaryDirectory(prefix="test-chart-") as folder:
        parent = Path(folder, "mano-api")
        shutil.copytree(EXAMPLES / "mano-api", parent)
        (parent / "charts").mkdir()
        package(parent / "charts")
        return objects({"replicas": pods, "oran-mano-exporter": values}, parent)


def of_kind(kind: str, among: list[Object]) -> list[Object]:
    return [one for one in among if one["kind"] == kind]


def the(kind: str, among: list[Object]) -> Object:
    """The only one of a kind."""
    (one,) = of_kind(kind, among)
    return one


def pods(among: list[Object]) -> Iterator[Object]:
    """The ``spec`` of every pod that these would start."""
    for one in among:
        if one["kind"] == "Pod":
            yield one["spec"]
        elif "template" in one.get("spec", {}):
            yield one["spec"]["template"]["spec"]


def exporter_in(pod: Object) -> Object:
    """The exporter's container, as its own or as a sidecar."""
    among = [*pod.get("initContainers", []), *pod["containers"]]
    (found,) = [one for one in among if one["name"] == "oran-mano-exporter"]
    return dict(found)
