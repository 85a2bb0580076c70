"""When it is written, and what happens when it cannot be."""

import asyncio
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from msgspec import Raw

from exporter.config.problems import ConfigError
from exporter.model.observation import Key
from exporter.model.past import Past
from exporter.persistence.directory import StateDirectory, TakenError
from exporter.persistence.document import StateDocument, encode
from exporter.persistence.writer import StateWriter
from tests.support.servers import eventually

KEY: Final = Key("lab", "monitoring", "monitoring.health")


class Bench:
    """A keeper with what it keeps, and how often it failed."""

    def __init__(self, debounce: float = 0.01) -> None:
        self.surfaces: tuple[Past, ...] = ()
        self.failures = 0
        self.keeper = StateWriter(lambda: self.surfaces, self._failed, debounce, retry=0.01)

    def _failed(self) -> None:
        self.failures += 1

    def apply(self, journal: str) -> tuple[Past, ...]:
        return self.keeper.apply(self.keeper.open(journal))

    def change(self, since: float) -> None:
        self.surfaces = (Past(KEY, "http://lab", failing=False, since=float(since)),)
        self.keeper.changed()


def found(path: Path) -> tuple[Past, ...]:
    """What the next exporter would find."""
    directory = StateDirectory(path)
    try:
        return directory.read().surfaces
    finally:
        directory.close()


def is_free(path: Path) -> bool:
    try:
        StateDirectory(path).close()
    except TakenError:
        return False
    return True


async def until(look: Callable[[], object]) -> None:
    async def looked() -> object:
        return look() or None

    await eventually(looked, within=5)


async def test_what_changed_is_written_and_found_again(tmp_path: Path) -> None:
    bench = Bench()
    assert bench.apply(str(tmp_path)) == ()
    bench.change(1)
    await until((tmp_path / "state.json").exists)
    assert b'"since":1.0' in (tmp_path / "state.json").read_bytes()
    bench.change(2)
    await bench.keeper.close()
    assert found(tmp_path) == bench.surfaces
    other = Bench()
    assert other.apply(str(tmp_path)) == bench.surfaces
    await other.keeper.close()


async def test_changes_that_come_together_are_written_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(StateDirectory, "write", lambda _, data: written.append(data))
    bench = Bench()
    bench.apply(str(tmp_path))
    for since in range(100):
        bench.change(since)
    await until(lambda: written)
    await bench.keeper.close()
    assert len(written) == 1
    assert b'"since":99.0' in written[0]


async def test_without_a_directory_nothing_is_kept() -> None:
    bench = Bench()
    assert bench.apply("") == ()
    bench.change(1)
    await bench.keeper.close()
    assert bench.failures == 0


async def test_a_failure_is_told_once_counted_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "exporter")
    write, full = StateDirectory.write, True

    def write_or_not(directory: StateDirectory, data: bytes) -> None:
        if full:
            raise OSError(28, "No space left on device")
        write(directory, data)

    monkeypatch.setattr(StateDirectory, "write", write_or_not)
    bench = Bench()
    bench.apply(str(tmp_path))
    bench.change(1)
    await until(lambda: bench.failures >= 3)
    assert [record.getMessage() for record in caplog.records] == [
        "the state cannot be written, it is tried again"
    ]
    assert caplog.records[0].fields["error"] == "No space left on device"  # type: ignore[attr-defined]
    full = False
    await until(lambda: len(caplog.records) == 2)
    assert caplog.records[1].getMessage() == "the state is written again"
    await bench.keeper.close()
    assert found(tmp_path) == bench.surfaces


async def test_a_volume_that_hangs_holds_neither_the_loop_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(*_: object) -> None:
        begun.set()
        go_on.wait(10)

    monkeypatch.setattr(StateDirectory, "write", hang)
    monkeypatch.setattr("exporter.persistence.writer._GRACE", 0.05)
    bench = Bench()
    bench.apply(str(tmp_path))
    bench.change(1)
    await until(begun.is_set)
    async with asyncio.timeout(2):
        await bench.keeper.close()
    go_on.set()
    assert "the last state is not written" in caplog.text


async def test_a_volume_that_hangs_does_not_bar_another_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    write = StateDirectory.write

    def write_or_hang(directory: StateDirectory, data: bytes) -> None:
        if directory.path.name == "hangs":
            begun.set()
            go_on.wait(30)
        write(directory, data)

    monkeypatch.setattr(StateDirectory, "write", write_or_hang)
    bench = Bench()
    bench.apply(str(tmp_path / "hangs"))
    bench.change(1)
    await until(begun.is_set)
    bench.apply(str(tmp_path / "good"))
    await until((tmp_path / "good" / "state.json").exists)
    assert not is_free(tmp_path / "hangs")
    go_on.set()
    await until(lambda: is_free(tmp_path / "hangs"))
    bench.change(2)
    await bench.keeper.close()
    assert found(tmp_path / "good") == bench.surfaces


async def test_another_directory_takes_over(tmp_path: Path) -> None:
    bench = Bench()
    bench.apply(str(tmp_path / "a"))
    bench.change(1)
    assert bench.apply(str(tmp_path / "." / "a")) == ()
    bench.apply(str(tmp_path / "b"))
    await until((tmp_path / "b" / "state.json").exists)
    await until(lambda: is_free(tmp_path / "a"))
    bench.apply("")
    await until(lambda: is_free(tmp_path / "b"))
    await bench.keeper.close()
    assert found(tmp_path / "b") == bench.surfaces


async def test_one_that_cannot_be_used_leaves_the_former(tmp_path: Path) -> None:
    bench, other = Bench(), Bench()
    other.apply(str(tmp_path / "b"))
    bench.apply(str(tmp_path / "a"))
    (tmp_path / "file").touch()
    for path, reason in (
        (tmp_path / "b", "is used by another exporter; allowed: a directory of its own"),
        (tmp_path / "none" / "x", "cannot be used: No such file or directory"),
        (tmp_path / "file", "cannot be used: File exists"),
    ):
        with pytest.raises(ConfigError) as raised:
            bench.apply(str(path))
        (problem,) = raised.value.problems
        assert problem.path == ("state", "journal")
        assert problem.message == f'"{path}" {reason}'
    bench.change(3)
    await bench.keeper.close()
    await other.keeper.close()
    assert found(tmp_path / "a") == bench.surfaces


async def test_what_other_versions_wrote_is_kept_at_the_end_too(tmp_path: Path) -> None:
    others = {"later": Raw(b"[1]")}
    (tmp_path / "state.json").write_bytes(encode(StateDocument((), others)))
    bench = Bench(debounce=60)
    bench.apply(str(tmp_path))
    bench.change(1)
    await bench.keeper.close()
    assert b'"later":[1]' in (tmp_path / "state.json").read_bytes()
    assert found(tmp_path) == bench.surfaces
