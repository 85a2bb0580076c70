"""When the configuration is read again, and what becomes of one that cannot be used."""

import asyncio
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Semaphore
from typing import Final

import pytest

from exporter.config import ConfigError, Problem, digest_of
from exporter.model.observation import Key, Skip
from exporter.persistence.directory import StateDirectory
from exporter.process.app import App
from exporter.process.load import NOTHING, LoadedPlan, load_plan
from exporter.process.options import Options
from exporter.process.reload import Reloader
from exporter.web.listen_address import ListenAddress
from tests.support.hanging_files import hanging

ONE: Final = "targets: [{name: one, url: http://127.0.0.1:9/v1}]\n"
TWO: Final = "targets: [{name: two, url: http://127.0.0.1:9/v1}]\n"
TICK: Final = 0.01


class Bench:
    """A reloader on a real file; what it put into force, and whether each attempt worked."""

    def __init__(self, file: Path, *, nothing: bool = False) -> None:
        self.file = file
        self.attempted = asyncio.Event()
        self.names: list[str] = []
        self.worked: list[bool] = []
        first = NOTHING if nothing else load_plan(file, {})
        self.reloader = Reloader(self.load, self.apply, self.done, file, first)

    def load(self) -> LoadedPlan:
        return load_plan(self.file, {})

    def apply(self, loaded: LoadedPlan) -> None:
        self.names = [each.target.name for each in loaded.plan.targets]

    def done(self, worked: bool) -> None:  # noqa: FBT001  # as the reloader tells it
        self.worked.append(worked)
        self.attempted.set()

    async def watched(self, until: Callable[[], bool]) -> None:
        task = asyncio.create_task(self.reloader.watch(TICK))
        try:
            async with asyncio.timeout(10):
                while not until():
                    await self.attempted.wait()
                    self.attempted.clear()
        finally:
            task.cancel()
            await asyncio.wait({task})


def write(file: Path, text: str) -> None:
    file.write_text(text)


def move(file: Path, to: Path) -> None:
    file.rename(to)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "lab.yaml"
    path.write_text(ONE)
    return path


async def test_a_change_before_the_watching_began_is_seen(file: Path) -> None:
    bench = Bench(file)
    write(file, TWO)
    await bench.watched(lambda: bench.names == ["two"])
    assert bench.worked == [True]


async def test_it_is_the_content_that_counts(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Semaphore(0)

    def look(content: bytes) -> bytes:
        looked.release()
        return digest_of(content)

    monkeypatch.setattr("exporter.process.reload.digest_of", look)
    bench = Bench(file)
    os.utime(file, (1, 1))
    write(file, ONE)
    watching = asyncio.create_task(bench.reloader.watch(TICK))
    async with asyncio.timeout(10):
        for _ in range(5):
            await asyncio.to_thread(looked.acquire)
        assert bench.worked == []
        write(file, TWO)
        await bench.attempted.wait()
    watching.cancel()
    assert bench.names == ["two"]


async def test_another_file_at_fault_is_looked_at_again_and_told_once(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(file)
    auth = "{type: login, username: u, password_file: missing}"
    write(file, f"targets: [{{name: two, url: http://127.0.0.1:9/v1, auth: {auth}}}]\n")
    await bench.watched(lambda: len(bench.worked) > 3)
    assert bench.names == []
    assert sum("not reloaded" in record.getMessage() for record in caplog.records) == 1
    write(file.parent / "missing", "hunter22")
    await bench.watched(lambda: bench.names == ["two"])


async def test_without_anything_in_force_it_is_tried_again_whatever_the_interval(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.process.reload._RETRY", TICK)
    write(file, "nothing\n")
    bench = Bench(file, nothing=True)
    watching = asyncio.create_task(bench.reloader.watch(0))
    async with asyncio.timeout(10):
        await bench.attempted.wait()
        write(file, ONE)
        await watching  # something is in force: nothing is left to wait for
    assert bench.names == ["one"]


async def test_what_hangs_is_named_and_bars_no_other_attempt(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(file)
    password = file.parent / "password"
    password.write_text("hunter22")
    auth = "{type: login, username: u, password_file: password}"
    write(file, f"targets: [{{name: two, url: http://127.0.0.1:9/v1, auth: {auth}}}]\n")
    with hanging(password):
        monkeypatch.setattr("exporter.process.reload._PATIENCE", 0.5)
        for _ in range(2):
            (line,) = await bench.reloader.reload()
            told = rf'"{password}" is not read within \S+ s: the volume hangs, since 20\S+Z'
            assert re.fullmatch(told, line)
        monkeypatch.setattr("exporter.process.reload._PATIENCE", 30)
        (file.parent / "fresh").write_text("hunter23")
        move(file.parent / "fresh", password)
        assert await bench.reloader.reload() == []  # the former one still hangs
    assert bench.names == ["two"]
    assert bench.worked == [False, False, True]
    assert "hunter" not in caplog.text


async def test_a_few_threads_may_hang_and_watching_leaves_some_to_who_asks(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("exporter.process.reload._PATIENCE", TICK)
    go_on = threading.Event()
    loads: list[None] = []
    bench = Bench(file)

    def load() -> LoadedPlan:
        loads.append(None)
        go_on.wait(30)
        return bench.load()

    bench.reloader = Reloader(load, bench.apply, bench.done, file, NOTHING)
    await bench.watched(lambda: len(bench.worked) >= 6)
    by_itself = len(loads)
    for _ in range(8):
        (line,) = await bench.reloader.reload()
        assert line.startswith("its files are not read within")
    assert (by_itself, len(loads)) == (2, 5)
    go_on.set()
    monkeypatch.setattr("exporter.process.reload._PATIENCE", 30)
    await bench.watched(lambda: bench.names == ["one"])
    assert sum("the volume hangs" in record.getMessage() for record in caplog.records) < 12


async def test_no_fault_ends_the_watching(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(file)
    started = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if not bench.worked:
            raise RuntimeError("can't start new thread")  # as Python says it
        started(thread)

    write(file, TWO)
    monkeypatch.setattr(threading.Thread, "start", start)
    await bench.watched(lambda: bench.names == ["two"])
    assert bench.worked == [False, True]


async def test_a_pipe_that_is_handed_over_is_read_once(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the shell's ``<(...)`` gives it, which is how secrets reach a file that is none."""
    reading, writing = os.pipe()
    os.write(writing, TWO.encode())
    os.close(writing)
    handed = Path(f"/dev/fd/{reading}")
    try:
        first = load_plan(handed, {}, at_start=True)
        app = App(first, Options(ListenAddress("127.0.0.1", 0), config_file=handed), lambda: first)
        assert [target.name for target in app.snapshot().targets] == ["two"]
        bench = Bench(file)
        monkeypatch.setattr(bench, "file", handed)
        (line,) = await bench.reloader.reload()
    finally:
        os.close(reading)
    assert line.startswith(f"{handed}: is a pipe, not a regular file; allowed: ")


async def test_a_pipe_in_its_place_is_told_once_and_the_file_is_read_when_it_is_back(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(file)
    move(file, file.parent / "away")
    os.mkfifo(file)
    await bench.watched(lambda: len(bench.worked) > 3)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert f"{file}: is a pipe, not a regular file" in told[0]
    move(file.parent / "away", file)
    await bench.watched(lambda: bench.names == ["one"])
    assert bench.reloader.problems == []


async def test_what_cannot_be_applied_tells_its_place(file: Path) -> None:
    bench = Bench(file)

    def refuse(_: LoadedPlan) -> None:
        raise ConfigError([Problem(("targets", 0, "url"), "is not wanted")])

    reloader = Reloader(bench.load, refuse, bench.done, file, NOTHING)
    (line,) = await reloader.reload()
    assert line == f"{file}:1: targets[0].url: is not wanted"
    assert reloader.problems == [line]


async def test_a_directory_that_cannot_be_had_changes_nothing(tmp_path: Path, file: Path) -> None:
    taken = StateDirectory(tmp_path / "taken")
    app = App(load_plan(file, {}), Options(ListenAddress("127.0.0.1", 0)), lambda: NOTHING)
    write(file, f"{TWO}state: {{journal: {taken.path}}}\n")
    with pytest.raises(ConfigError, match="used by another"):
        app.prepare(load_plan(file, {}))
    taken.close()
    snapshot = app.snapshot()
    assert [target.name for target in snapshot.targets] == ["one"]
    assert {surface.key.target for surface in snapshot.surfaces} == {"one"}


async def test_nothing_is_put_into_force_at_the_end(file: Path) -> None:
    bench = Bench(file)
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def load() -> LoadedPlan:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(10)
        return bench.load()

    reloader = Reloader(load, bench.apply, bench.done, file, NOTHING)
    reading = asyncio.create_task(reloader.reload())
    await begun.wait()
    reloader.end()
    go_on.set()
    assert await reading == ["the exporter is about to end"]
    assert bench.names == []


async def test_what_a_reload_cut_off_is_not_counted_at_the_end(file: Path) -> None:
    app = App(load_plan(file, {}), Options(ListenAddress("127.0.0.1", 0)), lambda: NOTHING)
    await app.open()
    app.start()
    app._emit(Skip(Key("one", "auth", "auth.login"), 0, "shutdown"))  # noqa: SLF001
    assert await app.stop() == 0
