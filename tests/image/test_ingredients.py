"""Where an image cannot be built, its tests fail and say what to do."""

import os
from pathlib import Path

import pytest

from tests.image import ingredients


def test_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ingredients.CannotBuild, match=r"takes root: .*apt-get install buildah deb"):
        ingredients.ingredients()


def test_without_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ingredients.CannotBuild, match=r"buildah is missing: run `make tools`"):
        ingredients.ingredients()


def test_without_a_base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOOLS_CACHE", str(tmp_path))
    with pytest.raises(ingredients.CannotBuild, match=r"base-.*\.tar is missing: run `make tools`"):
        ingredients.ingredients()


def test_on_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingredients, "_release", lambda: {"ID": "other"})
    with pytest.raises(ingredients.CannotBuild, match="run on a Debian machine"):
        ingredients.ingredients()
