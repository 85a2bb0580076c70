"""Helm itself takes the chart, and makes of it what the library does that other tests ask."""

import platform
import tarfile
from pathlib import Path

import pytest

from tests.chart import helm
from tests.chart.support import (
    CASES,
    CHART,
    TARGET,
    RefusedError,
    objects,
    package,
    parsed,
    render,
    values_of,
)
from tests.support import fetching, tools


@pytest.mark.parametrize("case", CASES)
def test_lint_has_nothing_against_it(case: str) -> None:
    said = helm.run("lint", "--strict", CHART, values=values_of(case))

    assert said.returncode == 0, said.stdout
    assert "[" not in said.stdout
    assert "1 chart(s) linted, 0 chart(s) failed" in said.stdout


@pytest.mark.parametrize("case", CASES)
def test_it_makes_the_same(case: str) -> None:
    said = helm.template(values_of(case), CHART, name="mano", namespace="noc")

    made = {(one["kind"], one["metadata"]["name"]): one for one in parsed(said.stdout)}

    assert said.returncode == 0, said.stderr
    assert made == {(one["kind"], one["metadata"]["name"]): one for one in objects(values_of(case))}


def test_it_refuses_in_the_same_words() -> None:
    values = {"config": TARGET, "replicaCount": 2}
    told = "replicaCount is 2, and replicas cannot agree yet who probes"
    said = helm.template(values, CHART, name="mano", namespace="noc")

    with pytest.raises(RefusedError, match=told):
        render(values)
    assert said.returncode
    assert told in said.stderr


def test_it_packs_the_same(tmp_path: Path) -> None:
    said = helm.run("package", CHART, "--destination", tmp_path)
    (archive,) = tmp_path.glob("*.tgz")
    (tmp_path / "ours").mkdir()

    assert said.returncode == 0, said.stderr
    assert contents(archive) == contents(package(tmp_path / "ours"))


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as packed:
        opened = {one.name: packed.extractfile(one) for one in packed}
        return {name: file.read() for name, file in opened.items() if file}


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine for which there is none."""
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    monkeypatch.delenv("HELM", raising=False)
    monkeypatch.delenv("CI", raising=False)


@pytest.mark.usefixtures("elsewhere")
def test_where_there_is_none_it_is_skipped_with_a_reason() -> None:
    with pytest.raises(pytest.skip.Exception, match="no Helm is packed for riscv64: set HELM="):
        helm.run("version")
    (line,) = next(one for one in fetching.PACKAGES["tests"] if one.name == tools.HELM).lines()
    assert "none for riscv64" in line
    assert objects({"config": TARGET})


@pytest.mark.usefixtures("elsewhere")
def test_ci_has_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(tools.ToolMissing, match="none is packed for riscv64, and CI has to have"):
        helm.run("version")
