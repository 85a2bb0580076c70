"""Files are looked at beside the event loop: one that hangs holds up nothing else."""

import asyncio
import base64
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

import pytest

from exporter.auth.clock import Clock
from exporter.auth.token_file import TokenFile
from exporter.config.schema import Auth
from exporter.model.observation import Key
from exporter.process.app import App
from exporter.process.load import load_plan
from exporter.process.options import Options
from exporter.system.file_watch import FileWatch
from exporter.system.file_watcher import FileWatcher
from exporter.system.regular_files import content
from exporter.web.listen_address import ListenAddress
from tests.support.certificates import Authority
from tests.support.hanging_files import hanging
from tests.support.hostile import LOOPBACK, OK, Peer, serve, sized
from tests.support.servers import eventually, get
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import Hand, Server, stage

AMPLE: Final = 30.0
SURFACE: Final = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
HANGS: Final = "the volume hangs, since 20"


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another volume than a test's own."""
    with TemporaryDirectory(prefix="test-looks-", dir="/dev/shm") as name:
        yield Path(name)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds are less."""
    monkeypatch.setattr("exporter.system.file_watcher._INTERVAL", 0.05)
    monkeypatch.setattr("exporter.system.file_watcher._SLOW", 0.1)
    monkeypatch.setattr("exporter.system.file_watcher._PATIENCE", 0.5)


async def until(condition: Callable[[], object]) -> None:
    async def looked() -> object:
        return condition() or None

    await eventually(looked, within=AMPLE)


def become(file: Path, content: str) -> None:
    """As Kubernetes does it: another file in its place."""
    fresh = file.with_name(f"{file.name}.fresh")
    fresh.write_text(content)
    fresh.replace(file)


# --- The whole of it -----------------------------------------------------------------------------


def bare(content: str) -> str:
    return content


def basic(password: str) -> str:
    return base64.b64encode(f"me:{password}".encode()).decode()


READERS: Final[dict[str, tuple[str, str, Callable[[str], str]]]] = {
    "header": ("headers: {{X-Key_file: {file}}}", "X-Key: {}\r\n", bare),
    "token": (
        "auth: {{type: bearer, token_file: {file}}}",
        "Authorization: Bearer {}\r\n",
        bare,
    ),
    "password": (
        "auth: {{type: basic, username: me, password_file: {file}}}",
        "Authorization: Basic {}\r\n",
        basic,
    ),
}
"""The setting that names a file, what is sent of it, and in which form."""


class Api:
    """Two APIs that answer all with 200, and what each was sent since it was asked last."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def __call__(self, peer: Peer) -> None:
        while True:
            request = (await peer.request()).decode()
            shown = str(peer.certificate()["serialNumber"]) if peer.certificate() else ""
            self.sent.append(f"{request}{shown}")
            await peer.send(OK + sized(b"{}"))

    async def sees(self, target: str, words: str) -> None:
        """Wait for another request to a target that has this in it."""
        self.sent.clear()
        await until(
            lambda: any(f" /{target}/" in each and words in each for each in list(self.sent))
        )


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[tuple[App, str]]:
    app = App(load_plan(file, {}), Options(ListenAddress(LOOPBACK, 0)), lambda: load_plan(file, {}))
    address = await app.open()
    app.start()
    try:
        yield app, f"http://{address}/metrics"
    finally:
        await app.stop()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if HANGS in each.getMessage()]


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("kind", READERS)
async def test_a_file_that_hangs_keeps_its_last_value_and_holds_up_nothing(
    kind: str, tmp_path: Path, elsewhere: Path, caplog: pytest.LogCaptureFixture
) -> None:
    setting, line, form = READERS[kind]
    file, other, api = tmp_path / "secret", elsewhere / "key", Api()
    file.write_text("first")
    other.write_text("first")
    async with serve(api) as server:
        config = tmp_path / "lab.yaml"
        config.write_text(
            "targets:\n"
            f"- {{name: hung, interval: 1s, url: '{server.url}/hung',"
            f" {setting.format(file=file)}}}\n"
            f"- {{name: well, interval: 1s, url: '{server.url}/well',"
            f" headers: {{X-Key_file: {other}}}}}\n"
        )
        async with running(config) as (_, metrics):
            await api.sees("hung", line.format(form("first")))
            fresh = tmp_path / "fresh"
            fresh.write_text("second")
            with hanging(fresh):
                fresh.replace(file)
                await until(lambda: told(caplog))
                other.write_text("second")
                await api.sees("well", "X-Key: second\r\n")
                await api.sees("hung", line.format(form("first")))
                assert (await get(metrics))[0] == 200
            await api.sees("hung", line.format(form("second")))
    (record,) = [each for each in caplog.records if HANGS in each.getMessage()]
    assert record.levelname == "WARNING"
    assert vars(record)["fields"] == {"file": str(file)}


@pytest.mark.usefixtures("soon")
async def test_a_certificate_that_hangs_keeps_the_last_one_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority, api = Authority(tmp_path), Api()
    tls = authority.shown(tmp_path)
    async with serve(api, tls=authority.demanding()) as server:
        config = tmp_path / "lab.yaml"
        config.write_text(
            "targets:\n"
            f"- {{name: lab, interval: 1s, url: '{server.url}/lab',"
            f" connection: {{max_age: 0s}}, tls: {{ca_file: {tls.ca_file},"
            f" cert_file: {tls.cert_file}, key_file: {tls.key_file}}}}}\n"
        )
        async with running(config) as (_, metrics):
            await api.sees("lab", "")
            first = serial(api.sent[-1])
            renewed = tmp_path / "renewed"
            renewed.mkdir()
            authority.shown(renewed)
            with hanging(renewed / "key.pem"):
                for name in ("cert.pem", "key.pem"):
                    (renewed / name).replace(tmp_path / name)
                await until(lambda: told(caplog))
                await api.sees("lab", first)
                assert (await get(metrics))[0] == 200
            await until(lambda: api.sent and serial(api.sent[-1]) != first)
    assert len(told(caplog)) == 1


def serial(sent: str) -> str:
    return sent.rpartition("\r\n")[2]


@pytest.mark.usefixtures("soon")
async def test_neither_a_run_nor_a_reload_touches_a_file_on_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, api = Authority(tmp_path), Api()
    tls = authority.shown(tmp_path)
    for name in ("key", "token", "ours"):
        (tmp_path / name).write_text("first")
    touched: list[str] = []
    for name in ("stat", "lstat", "open", "mkdir", "close"):
        monkeypatch.setattr(os, name, noting(getattr(os, name), name, tmp_path, touched))
    async with serve(api, tls=authority.demanding()) as server:
        config = tmp_path / "lab.yaml"
        text = (
            f"state: {{journal: {tmp_path}/JOURNAL}}\ntargets:\n"
            f"- {{name: lab, interval: 1s, url: '{server.url}/lab',"
            f" connection: {{max_age: 0s}}, tls: {{ca_file: {tls.ca_file},"
            f" cert_file: {tls.cert_file}, key_file: {tls.key_file}}},"
            f" auth: {{type: bearer, token_file: {tmp_path}/token}},"
            f" headers: {{X-Key_file: {tmp_path}/key}}}}\n"
        )
        config.write_text(text.replace("JOURNAL", "a"))
        async with running(config) as (app, _):
            await api.sees("lab", "X-Key: first\r\n")
            touched.clear()
            become(tmp_path / "key", "second")
            become(tmp_path / "token", "second")
            touched.clear()
            await api.sees("lab", "X-Key: second\r\n")
            await api.sees("lab", "Authorization: Bearer second\r\n")
            assert touched == []
            config.write_text(text.replace("JOURNAL", "b").replace("max_age: 0s", "max_age: 1s"))
            touched.clear()
            assert await app._reload_on_request() == []  # noqa: SLF001  # as SIGHUP does
            await api.sees("lab", "X-Key: second\r\n")
            assert touched == []


def noting(
    call: Callable[..., Any], name: str, folder: Path, touched: list[str]
) -> Callable[..., Any]:
    """The call, which notes what of a folder it is at, where that is on the event loop."""

    def noted(what: Any, *more: Any, **named: Any) -> Any:  # noqa: ANN401  # as it is called
        if threading.current_thread() is threading.main_thread():
            at = str(what) if not isinstance(what, int) else of_descriptor(what)
            if at.startswith(str(folder)):
                touched.append(f"{name} {at}")
        return call(what, *more, **named)

    return noted


def of_descriptor(descriptor: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{descriptor}").readlink())
    except OSError:
        return ""


async def test_a_directory_of_the_state_that_hangs_bars_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.process.reload._PATIENCE", 0.5)
    hung, good, config = tmp_path / "hung", tmp_path / "good", tmp_path / "lab.yaml"
    hung.mkdir()
    (hung / "state.json").write_text("{}")
    text = f"targets: [{{name: lab, url: 'http://{LOOPBACK}:9/v1', interval: 60s}}]\n"
    config.write_text(text)
    async with running(config) as (app, metrics):

        async def reloaded(journal: Path) -> list[str]:
            config.write_text(f"{text}state: {{journal: {journal}}}\n")
            return await app._reload_on_request()  # noqa: SLF001  # as SIGHUP does

        with hanging(hung / "state.json"):
            began = monotonic()
            (line,) = await reloaded(hung)
            assert f'"{hung}/state.json" is not read' in line
            assert HANGS in line
            assert monotonic() - began < 20
            assert (await get(metrics))[0] == 200
            assert await reloaded(good) == []
            await until((good / "state.json").exists)
            assert await reloaded(good) == []
        monkeypatch.setattr("exporter.process.reload._PATIENCE", AMPLE)
        assert await reloaded(hung) == []
        await until((hung / "state.json").exists)


# --- Looks ---------------------------------------------------------------------------------------


def watch_of(file: Path, read: list[str]) -> FileWatch[str]:
    def make() -> str:
        read.append(content(file, 9).decode())
        if read[-1] == "bad":
            raise ValueError("is bad")
        return read[-1]

    return FileWatch((file,), make)


async def test_what_did_not_change_is_not_read_again_and_what_failed_is(tmp_path: Path) -> None:
    file, read, watcher = tmp_path / "file", list[str](), FileWatcher()
    file.write_text("one")
    watch = watch_of(file, read)
    for written, reads, value in (
        ("one", 1, "one"),
        ("two", 2, "two"),
        ("bad", 3, None),
        ("bad", 4, None),
        ("one", 5, "one"),
        ("one", 5, "one"),
    ):
        if written != file.read_text():
            become(file, written)
        await watcher.look_at(watch, AMPLE)
        assert (len(read), watch.seen.value) == (reads, value)
        assert isinstance(watch.seen.error, ValueError) is (value is None)


async def test_all_who_ask_at_once_see_what_is_new_by_few_threads(tmp_path: Path) -> None:
    """A token that is replaced: each surface of each target may be answered 401 at that moment."""
    read, watches = list[str](), list[FileWatch[str]]()
    for number in range(100):
        (tmp_path / str(number)).write_text("one")
        watches.append(watch_of(tmp_path / str(number), read))
        become(tmp_path / str(number), "two")
    watcher = FileWatcher()

    async def seen(watch: FileWatch[str]) -> str | None:
        await watcher.look_at(watch, AMPLE)
        return watch.seen.value

    assert await asyncio.gather(*map(seen, watches * 10)) == ["two"] * 1000
    assert len(read) == 200


async def test_an_older_look_takes_nothing_back(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    watch = watch_of(file, [])
    become(file, "two")
    older = watch.look()
    become(file, "three")
    newer = watch.look()
    assert older is not None
    assert newer is not None
    for seen in (newer, older):
        watch.take(seen)
    assert watch.seen.value == "three"


@pytest.mark.usefixtures("soon")
async def test_one_volume_that_hangs_holds_one_thread_and_is_waited_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exporter.system.file_watcher._INTERVAL", 0.3)
    watches = []
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("one")
        watches.append(watch_of(tmp_path / name, []))
        become(tmp_path / name, "two")
    watcher = FileWatcher()
    watcher.follow(watches)
    with hanging(tmp_path / "a"):
        watcher.start()
        await watcher.look_at(watches[0], 0.3)
        began = monotonic()
        for watch in watches * 10:
            await watcher.look_at(watch, AMPLE)
        assert monotonic() - began < AMPLE / 2
        looking = [each for each in threading.enumerate() if each.name == "looks"]
        assert len(looking) <= 2  # the one that was asked for, and the one that goes around
    await until(lambda: all(watch.seen.value == "two" for watch in watches))
    watcher.stop()
    await until(lambda: not any(each.name == "looks" for each in threading.enumerate()))


async def test_a_rejected_token_is_looked_at_at_once_for_as_long_as_the_run_is_patient(
    tmp_path: Path,
) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner = TokenFile(
        SURFACE,
        secrets_of(Auth(type="bearer", token_file=str(file)), FileWatcher()),
        lambda _: None,
        Clock(),
    )
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    fresh = tmp_path / "fresh"
    fresh.write_text("two")
    with hanging(fresh):
        fresh.replace(file)
        began = monotonic()
        assert await owner.renewed(first, SURFACE, 0.05) is None
        assert monotonic() - began < 20
        assert await owner.headers(SURFACE, 0) is first

    async def taken() -> object:
        found = await owner.headers(SURFACE, 0)
        return None if found is first else found

    assert await eventually(taken, within=AMPLE) == {"Authorization": "Bearer two"}
    become(file, "three")
    second = await owner.headers(SURFACE, 0)
    assert second is not None
    assert await owner.renewed(second, SURFACE, AMPLE) == {"Authorization": "Bearer three"}


async def test_a_login_waits_a_moment_for_a_file_that_hangs_and_sends_the_last_password(
    tmp_path: Path,
) -> None:
    file = tmp_path / "password"
    file.write_text("hunter2")
    auth = Auth(type="login", username="probe", password_file=str(file))
    clock = Hand()
    async with stage(Server(clock), clock, auth, watcher=FileWatcher()) as api:
        fresh = tmp_path / "fresh"
        fresh.write_text("another")
        with hanging(fresh):
            fresh.replace(file)
            assert await api.owner.headers(SURFACE, AMPLE) is not None


async def test_a_login_sends_the_newest_password(tmp_path: Path) -> None:
    """One that is refused is not tried for a while: it is not to be one that is over by now."""
    file = tmp_path / "password"
    file.write_text("old")
    auth = Auth(type="login", username="probe", password_file=str(file))
    clock = Hand()
    async with stage(Server(clock), clock, auth, watcher=FileWatcher()) as api:
        become(file, "hunter2")
        assert await api.owner.headers(SURFACE, AMPLE) is not None
        assert len(api.requests) == 1
