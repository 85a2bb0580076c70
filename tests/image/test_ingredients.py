"""Where an image cannot be built, its tests fail and say what to do."""

import os
from pathlib import Path
from typing import Final

import pytest

from tests.image import ingredients

DEBIAN: Final = {"ID": "debian", "VERSION_CODENAME": "bookworm"}


@pytest.fixture
def rights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder of programs, for somebody who is root and may mount."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(ingredients, "_release", lambda: DEBIAN)
    monkeypatch.setenv("PATH", str(tmp_path))
    program(tmp_path, "unshare")
    return tmp_path


def program(folder: Path, name: str, code: int = 0) -> None:
    """A program that does nothing but end."""
    (folder / name).write_text(f"#!/bin/sh\nexit {code}\n")
    (folder / name).chmod(0o755)


def test_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ingredients.CannotBuild, match=r"takes root: .*apt-get install buildah deb"):
        ingredients.ingredients()


def test_without_the_right_to_mount(rights: Path) -> None:
    program(rights, "unshare", code=1)
    with pytest.raises(ingredients.CannotBuild, match=r"CAP_SYS_ADMIN \(docker run --privileged\)"):
        ingredients.ingredients()


@pytest.mark.usefixtures("rights")
def test_without_programs() -> None:
    with pytest.raises(ingredients.CannotBuild, match=r"buildah is missing: run `make tools`"):
        ingredients.ingredients()


def test_without_a_base(rights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ingredients.PROGRAMS:
        program(rights, name)
    monkeypatch.setenv("TOOLS_CACHE", str(rights / "cache"))
    with pytest.raises(ingredients.CannotBuild, match=r"base-.*\.tar is missing: run `make tools`"):
        ingredients.ingredients()


@pytest.mark.usefixtures("rights")
def test_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingredients, "_release", lambda: {"ID": "other"})
    with pytest.raises(ingredients.CannotBuild, match="run on a Debian machine"):
        ingredients.ingredients()
