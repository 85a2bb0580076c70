"""A folder of files with one fault each. Their first line has all that a user would be told."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
import yaml
from msgspec.structs import fields

from exporter.config import ConfigError, describe, load, schema
from tests.unit.config.support import HERE, KEYS

FAULTS: Final = sorted((HERE / "faults").glob("*.yaml"))
_MARK: Final = "# expect: "


def _expected(file: Path) -> str:
    first = file.read_bytes().splitlines()[0].decode()
    assert first.startswith(_MARK)
    return re.sub(r"\{([A-Z]\w+)\}", _keys, first.removeprefix(_MARK))


def _keys(name: re.Match[str]) -> str:
    """The keys of a struct that a line names in braces."""
    return ", ".join(sorted(field.encode_name for field in fields(getattr(schema, name[1]))))


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
    monkeypatch.setattr("exporter.config.yaml.compose._LOADER", yaml.SafeLoader)

    with pytest.raises(ConfigError) as raised:
        load(file, {})

    (line,) = describe(raised.value, "FILE")
    if "this is not YAML" in expected:
        assert line.split(": ")[:2] == expected.split(": ")[:2]
        assert "hunter2" not in line
    else:
        assert line == expected


@pytest.mark.parametrize("key", sorted(KEYS))
def test_each_key_has_a_fault(key: str, steps_at_fault: Sequence[Sequence[str]]) -> None:
    wanted = key.split(".")

    assert any(
        len(steps) == len(wanted) and all(w in ("*", s) for w, s in zip(wanted, steps, strict=True))
        for steps in steps_at_fault
    )


@pytest.fixture(scope="module")
def steps_at_fault() -> list[list[str]]:
    found = []
    for file in FAULTS:
        with pytest.raises(ConfigError) as raised:
            load(file, {})
        (problem,) = raised.value.problems
        found.append([step for step in problem.path if isinstance(step, str)])
    return found
