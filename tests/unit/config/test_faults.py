"""A folder of files with one fault each. Their first line has all that a user would be told."""

from pathlib import Path
from typing import Final

import pytest
import yaml

from exporter.config import ConfigError, describe, load
from tests.unit.config.support import HERE

FAULTS: Final = sorted((HERE / "faults").glob("*.yaml"))
_MARK: Final = "# expect: "


def _expected(file: Path) -> str:
    first = file.read_bytes().splitlines()[0].decode()
    assert first.startswith(_MARK)
    return first.removeprefix(_MARK)


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_one_fault_is_one_line(file: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(file, {})

    assert describe(raised.value, "FILE") == [_expected(file)]


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_line_is_short_and_printable(file: Path) -> None:
    line = _expected(file)

    assert line.startswith("FILE:")
    assert line.isprintable()
    assert len(line) < 300


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_planted_secret_is_nowhere(file: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(file, {})

    assert "hunter2" not in f"{raised.value!r} {raised.value} {raised.value.problems}"


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_without_libyaml_too(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other loader words syntax in its own way; it must not quote the file either."""
    expected = _expected(file)
    monkeypatch.setattr("exporter.config.compose._LOADER", yaml.SafeLoader)

    with pytest.raises(ConfigError) as raised:
        load(file, {})

    (line,) = describe(raised.value, "FILE")
    if "this is not YAML" in expected:
        assert line.split(": ")[:2] == expected.split(": ")[:2]
        assert "hunter2" not in line
    else:
        assert line == expected


def test_there_are_many() -> None:
    assert len(FAULTS) > 100
