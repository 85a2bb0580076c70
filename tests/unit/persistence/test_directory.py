"""The directory: whole after any crash, nothing lost, one exporter alone."""

import fcntl
import json
import logging
import multiprocessing
import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.persistence.directory import StateDirectory, TakenError
from exporter.persistence.document import StateDocument, encode
from tests.unit.persistence.writing import document, write_for_ever


@contextmanager
def taken(path: Path) -> Iterator[StateDirectory]:
    directory = StateDirectory(path)
    try:
        yield directory
    finally:
        directory.close()


def test_what_was_written_last_is_read(tmp_path: Path) -> None:
    with taken(tmp_path / "state") as directory:
        assert directory.read() == StateDocument()
        directory.write(encode(document(1)))
        directory.write(encode(document(2)))
        assert directory.read() == document(2)
    with taken(tmp_path / "state") as directory:
        assert directory.read() == document(2)
    assert {file.name for file in (tmp_path / "state").iterdir()} == {"state.json", "lock"}


def test_a_kill_while_it_is_written_leaves_the_former_or_the_new_one(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.unit.persistence.writing"])
    chance = random.Random(1)
    for _ in range(100):
        told, tell = context.Pipe(duplex=False)
        process = context.Process(target=write_for_ever, args=(tmp_path, tell), daemon=True)
        process.start()
        tell.close()
        last = 0
        for _ in range(chance.randint(1, 4)):
            last = told.recv()
        process.kill()
        process.join()
        while told.poll():
            try:
                last = told.recv()
            except EOFError:
                break
        process.close()
        told.close()
        with taken(tmp_path) as directory:
            assert directory.read() in (document(last), document(last + 1))
        assert not [*tmp_path.glob("*unreadable*")]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00" * 4096, encode(document(1))[:-10]])
def test_what_cannot_be_read_is_moved_aside_and_told(
    content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state.json").write_bytes(content)
    with caplog.at_level(logging.WARNING), taken(tmp_path) as directory:
        assert directory.read() == StateDocument()
        (tmp_path / "state.json").write_bytes(b"again")
        assert directory.read() == StateDocument()
    kept = sorted(tmp_path.glob("state.json.unreadable-*"), key=lambda file: file.stat().st_ino)
    assert {file.read_bytes() for file in kept} == {content, b"again"}
    assert len(caplog.records) == 2
    assert "a new one begins" in caplog.text


def test_one_alone_has_it(tmp_path: Path) -> None:
    with taken(tmp_path), pytest.raises(TakenError):
        StateDirectory(tmp_path)
    with taken(tmp_path):
        pass  # and it is free again


def test_a_file_system_without_locks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks"):
        StateDirectory(tmp_path)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As if the disk were full from there on."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_keeps_what_was_there(tmp_path: Path) -> None:
    with taken(tmp_path) as directory:
        directory.write(encode(document(1)))
        with largest_file(1000), pytest.raises(OSError, match="too large"):
            directory.write(encode(document(2)))
        assert directory.read() == document(1)
        assert not (tmp_path / "state.json.new").exists()
        directory.write(encode(document(2)))
        assert directory.read() == document(2)


def test_the_file_is_json_that_people_can_read(tmp_path: Path) -> None:
    with taken(tmp_path) as directory:
        directory.write(encode(document(7)))
    told = json.loads((tmp_path / "state.json").read_text())
    assert told["format"] == "oran-mano-exporter state"
    assert told["parts"]["surfaces"][0]["since"] == 7
