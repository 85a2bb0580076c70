"""Whatever lies where a file should be: who reads it says so in a line, and waits for nobody."""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from requests.exceptions import RequestException

from exporter.auth.clock import Clock
from exporter.auth.secrets import Secrets
from exporter.auth.token_file import TokenFile
from exporter.client.extra_headers import ExtraHeaders
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.client.tls import TlsContexts, context_of, tls_problem
from exporter.config import ConfigError
from exporter.config.schema import Auth, Target, Tls
from exporter.model.observation import Key
from exporter.persistence.directory import StateDirectory
from exporter.persistence.document import StateDocument, encode
from exporter.process.app import App
from exporter.process.load import NOTHING, UnusableError, load_plan
from exporter.process.options import Options
from exporter.process.reload import Reloader
from exporter.system.file_watcher import FileWatcher
from exporter.system.regular_files import (
    Look,
    NotRegularError,
    content,
    fixed,
    handed_over,
    seen_by,
)
from exporter.system.threads import in_thread
from exporter.traces.otlp.failures import Failures
from exporter.traces.otlp.session import Watched
from exporter.traces.otlp.settings import settings_of
from exporter.web.listen_address import ListenAddress
from tests.support.certificates import Authority
from tests.support.hanging_files import hanging
from tests.support.servers import eventually
from tests.support.watched_files import look

AMPLE: Final = 20.0
LAB: Final = "targets: [{{name: lab, url: 'https://127.0.0.1:9/v1'{more}}}]\n"


def link_to_zero(file: Path) -> None:
    file.symlink_to("/dev/zero")


def bound_socket(file: Path) -> None:
    before = Path.cwd()
    os.chdir(file.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(file.name)
    finally:
        os.chdir(before)


KINDS: Final[dict[str, tuple[Callable[[Path], None], str]]] = {
    "pipe": (os.mkfifo, "is a pipe, not a regular file"),
    "socket": (bound_socket, "is a socket, not a regular file"),
    "device": (link_to_zero, "is a device, not a regular file"),
    "directory": (Path.mkdir, "is a directory, not a regular file"),
    "dangling": (lambda file: file.symlink_to("nowhere"), "No such file or directory"),
}


def of_config(file: Path) -> str:
    with pytest.raises(UnusableError) as raised:
        load_plan(file, {}, at_start=True)
    return str(raised.value)


def named(key: str) -> Callable[[Path], str]:
    def read(file: Path) -> str:
        config = file.with_name("lab.yaml")
        config.write_text(LAB.format(more=f", {key.format(file=file)}"))
        return of_config(config)

    return read


def of_context(file: Path) -> str:
    with pytest.raises(OSError) as raised:  # noqa: PT011  # its text is the result
        context_of(Tls(ca_file=str(file)), lambda _: None)
    return str(tls_problem(Tls(ca_file=str(file)))) + str(raised.value.strerror)


def of_pair(file: Path) -> str:
    shown = Authority(file.parent).shown(file.parent)
    told = [tls_problem(Tls(shown.ca_file, shown.cert_file, str(file)))]
    told += [tls_problem(Tls(shown.ca_file, str(file), shown.key_file))]
    assert told[0] == told[1]
    return str(told[0])


def of_header(file: Path) -> str:
    with pytest.raises((OSError, ValueError)) as raised:
        files_of(
            connection_settings(Target("lab", "http://lab", headers={"X_file": str(file)}))
        ).headers["X_file"].required()
    return str(raised.value)


def of_traces(file: Path) -> str:
    told: list[str] = []
    for name in ("CERTIFICATE", "CLIENT_CERTIFICATE"):
        given = {f"OTEL_EXPORTER_OTLP_{name}": str(file)}
        with pytest.raises(ConfigError) as raised:
            settings_of({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://127.0.0.1:9"} | given)
        told += [problem.message for problem in raised.value.problems]
    assert told[0] == told[1]
    return told[0]


def of_sending(file: Path) -> str:
    failures = Failures()
    with Watched(failures, None) as session, pytest.raises((OSError, RequestException)):
        session.request("POST", "https://127.0.0.1:9", verify=str(file), timeout=60)
    return failures.reason


READERS: Final[dict[str, Callable[[Path], str]]] = {
    "the configuration": of_config,
    "a password": named("auth: {{username: a, password_file: {file}}}"),
    "a token": named("auth: {{token_file: {file}}}"),
    "a header": named("headers: {{X-Key_file: {file}}}"),
    "trusted authorities": named("tls: {{ca_file: {file}}}"),
    "trusted authorities, replaced after the look": of_context,
    "a certificate and its key": of_pair,
    "a header, replaced after the look": of_header,
    "a collector's certificates": of_traces,
    "a collector's certificates, replaced after the look": of_sending,
}


@pytest.fixture(autouse=True)
def _heard_again() -> object:
    logger = logging.getLogger("opentelemetry.exporter")
    yield
    logger.handlers, logger.propagate = [], True


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("reader", READERS)
async def test_it_is_said_and_not_waited_for(reader: str, kind: str, tmp_path: Path) -> None:
    make, words = KINDS[kind]
    file = tmp_path / "file"
    make(file)
    reading = in_thread(lambda: READERS[reader](file), "reader")
    line = await asyncio.wait_for(reading, AMPLE)
    assert words in line
    assert "\n" not in line


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dangling"])
async def test_a_state_that_is_none_is_moved_aside(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make, words = KINDS[kind]
    make(tmp_path / "state.json")
    directory = StateDirectory(tmp_path)
    assert await asyncio.wait_for(in_thread(directory.read, "reader"), AMPLE) == StateDocument()
    (record,) = caplog.records
    assert words in str(vars(record)["fields"])
    directory.write(encode(StateDocument()))
    assert directory.read() == StateDocument()
    directory.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("dangling", "directory")])
async def test_what_is_in_the_way_of_a_new_state_is_removed(kind: str, tmp_path: Path) -> None:
    directory = StateDirectory(tmp_path)
    KINDS[kind][0](tmp_path / "state.json.new")

    def write() -> None:
        directory.write(encode(StateDocument()))

    with pytest.raises(OSError):  # noqa: PT011  # its kind is not the point
        await asyncio.wait_for(in_thread(write, "writer"), AMPLE)
    write()
    assert directory.read() == StateDocument()
    directory.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "dangling"])
def test_a_lock_that_is_none_is_a_mistake_of_the_configuration(kind: str, tmp_path: Path) -> None:
    KINDS[kind][0](tmp_path / "lock")
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.format(more="") + f"state: {{journal: {tmp_path}}}\n")
    with pytest.raises(ConfigError, match=r"cannot be used: (its lock is a|Is a|No such device)"):
        App(load_plan(file, {}), Options(ListenAddress("127.0.0.1", 0)), lambda: NOTHING)


@pytest.mark.parametrize("kind", KINDS)
async def test_watching_waits_for_no_writer(kind: str, tmp_path: Path) -> None:
    """A link that leads nowhere is a swap that is under way: nothing is said of it."""
    file = tmp_path / "lab.yaml"
    file.write_text(LAB.format(more=""))
    told = asyncio.Event()
    reloader = Reloader(
        lambda: load_plan(file, {}), lambda _: None, lambda _: told.set(), file, load_plan(file, {})
    )
    file.unlink()
    KINDS[kind][0](file)
    watching = asyncio.create_task(reloader.watch(0.01))
    if kind == "dangling":
        done, _ = await asyncio.wait({watching}, timeout=0.2)
        assert not done
        assert not told.is_set()
    else:
        await asyncio.wait_for(told.wait(), AMPLE)
        assert KINDS[kind][1] in reloader.problems[0]
    watching.cancel()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_file_that_was_good_becomes_something_else(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """While it runs: what was read last stays in use where that can be, with one warning."""
    make, words = KINDS[kind]
    header, token = tmp_path / "header", tmp_path / "token"
    for file in (header, token):
        file.write_text("hunter22")
    authority = Authority(tmp_path).tls
    target = Target(
        "lab",
        "https://lab",
        tls=authority,
        auth=Auth(type="bearer", token_file=str(token)),
        headers={"X-Key_file": str(header)},
    )
    files = files_of(connection_settings(target))
    headers = ExtraHeaders(target.headers, files.headers)
    key = Key("lab", "auth", "auth.login")
    owner = TokenFile(key, Secrets(files.secret, FileWatcher(), "lab"), lambda _: None, Clock())
    assert await owner.headers(key, 0) is not None
    contexts = TlsContexts(authority, files.tls)
    context = contexts.now[True]
    ca_file = Path(str(authority.ca_file))
    for file in (header, token, ca_file):
        file.unlink()
        make(file)

    async def read() -> None:
        for _ in range(5):
            for watch in files.every:
                look(watch)
            assert headers.now() == {"X-Key": "hunter22"}
            assert await owner.headers(key, 0) is None
            assert contexts.now[True] is context

    reading = in_thread(lambda: asyncio.run(read()), "reader")
    await asyncio.wait_for(reading, AMPLE)
    told = [str(vars(record)["fields"]) for record in caplog.records]
    assert len([line for line in told if words in line]) == (2 if kind == "dangling" else 3)
    assert "hunter22" not in str(told)


# --- The reading itself -------------------------------------------------------------------------


def test_a_content_is_read_up_to_what_is_wanted(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to("file")
    assert content(file, 100) == content(tmp_path / "link", 100) == b"0123456789"
    assert content(file, 4) == b"0123"


def test_errors_name_the_file_as_it_was_given(tmp_path: Path) -> None:
    for file in (tmp_path / "missing", tmp_path):
        with pytest.raises(OSError) as raised:  # noqa: PT011  # its file name is the point
            content(file, 1)
        assert raised.value.filename == str(file)


def test_what_was_looked_at_is_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("looked at")
    with fixed(file) as path:
        file.unlink()
        os.mkfifo(file)
        assert Path(path).read_text() == "looked at"


def test_no_descriptor_is_left(tmp_path: Path) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    for kind, (make, _) in KINDS.items():
        make(tmp_path / kind)
        with pytest.raises(OSError):  # noqa: PT011  # its kind is not the point
            content(tmp_path / kind, 1)
    assert len([*Path("/proc/self/fd").iterdir()]) == before


async def test_who_waits_sees_which_file_hangs(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("late")
    look = Look()
    with hanging(file):
        reading = in_thread(lambda: seen_by(look, lambda: content(file, 10)), "reader")

        async def seen() -> Path | None:
            return look.file

        assert await eventually(seen, within=AMPLE) == file
        assert not reading.done()
    assert await asyncio.wait_for(reading, AMPLE) == b"late"
    assert look.file is None


@pytest.mark.parametrize("spelled", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_what_is_handed_over_is_read_to_its_end(spelled: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"0123456789")
    os.close(writing)
    file = Path(spelled.format(reading))
    assert handed_over(file, 100) == b"0123456789"
    assert handed_over(file, 100) == b""
    with pytest.raises(NotRegularError):
        content(file, 1)
    os.close(reading)
    assert handed_over(file, 100) is None


def test_a_file_is_nothing_that_was_handed_over(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with file.open() as opened:
        assert handed_over(Path(f"/dev/fd/{opened.fileno()}"), 1) is None
    assert handed_over(file, 1) is None
