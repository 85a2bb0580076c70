"""Real servers on loopback: started, watched until they answer, and gone after the test.

Everything waits on the event loop, so that a test can itself serve what Prometheus scrapes.
"""

import asyncio
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Self, TypeAlias, TypeVar

import aiohttp

from tests.support import tools

T = TypeVar("T")
LOOPBACK = "127.0.0.1"
_given: set[int] = set()

# Run before the server, in its process: the kernel ends that with us, even if we are killed.
# (A preexec_fn would do, but warns in a process with threads.)
LEASH = """
import ctypes, os, sys
PR_SET_PDEATHSIG, SIGKILL = 1, 9
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""


class ExitedError(Exception):
    """A server ended by itself."""


def free_port() -> int:
    """A port that nobody listens on, below those that Linux gives to outgoing connections.

    Tests that run side by side look in ranges of their own, and no port is given twice: nobody
    else takes it before its server does.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (32_768 - 15_000) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for _ in range(1000):
        port = 15_000 + worker * width + secrets.randbelow(width)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            if port not in _given:
                _given.add(port)
                return port
    message = "no free port in a thousand attempts"
    raise RuntimeError(message)


async def eventually(look: Callable[[], Awaitable[T | None]], *, within: float = 10) -> T:
    """Look again and again until there is something: the one place where tests poll."""
    deadline = time.monotonic() + within
    pause = 0.01
    while (found := await look()) is None:
        if time.monotonic() > deadline:
            message = f"nothing within {within} s"
            raise TimeoutError(message)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.2)
    return found


async def get(url: str, params: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """One GET on a connection of its own: its status and body."""
    limit = aiohttp.ClientTimeout(total=5)
    async with (
        aiohttp.ClientSession(timeout=limit) as session,
        session.get(url, params=params) as response,
    ):
        return response.status, await response.read()


# --- Any server ----------------------------------------------------------------------------------


class Server(ABC):
    """Started as a whole when entered, or not at all; nothing is left behind when left."""

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            await self._start(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @abstractmethod
    async def _start(self, stack: AsyncExitStack) -> None: ...


class Start:
    """Enters servers that are left together: the fixture ``start`` does so after the test."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def __call__(self, server: AbstractAsyncContextManager[T]) -> T:
        """Enter one."""
        return await self._stack.enter_async_context(server)


class Process(Server):
    """A child process, ready ``within`` some seconds when entered, ended by its pid when left.

    The end is SIGTERM and, after ``grace`` seconds, SIGKILL. ``env`` is the whole environment.
    """

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        ready: "Ready",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        within: float = 20,
        grace: float = 5,
    ) -> None:
        self._argv = [str(part) for part in argv]
        self._ready = ready
        self._env = env
        self._cwd = cwd
        self._within = within
        self._grace = grace

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = stack.enter_context(TemporaryDirectory(prefix="test-process-"))
        self._output = Path(folder, "output")
        self._child = self._spawn()
        stack.push_async_callback(self._end)
        try:
            await eventually(self._is_ready, within=self._within)
        except TimeoutError:
            message = f"{self._argv[0]} is not ready after {self._within} s:\n{self._tail()}"
            raise TimeoutError(message) from None

    @property
    def pid(self) -> int:
        """The server's own pid."""
        return self._child.pid

    def output(self) -> str:
        """What it wrote so far, to either stream."""
        return self._output.read_text(errors="replace")

    def check(self) -> None:
        """Raise if it ended, with what it said last."""
        if (code := self._child.poll()) is not None:
            message = f"{self._argv[0]} ended with {code}:\n{self._tail()}"
            raise ExitedError(message)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._child.send_signal(number)

    async def wait(self, within: float = 5) -> int:
        """Its exit code, once it ended; subprocess.TimeoutExpired if it does not."""
        return await asyncio.to_thread(self._child.wait, within)

    async def line(self, pattern: str, within: float = 10) -> re.Match[str]:
        """The first match in the output, once it is there."""

        async def look() -> re.Match[str] | None:
            if found := re.search(pattern, self.output(), re.MULTILINE):
                return found
            self.check()
            return None

        return await eventually(look, within=within)

    def _spawn(self) -> subprocess.Popen[bytes]:
        leash = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())]
        with self._output.open("wb") as output:
            return subprocess.Popen(
                [*leash, *self._argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=self._cwd,
            )

    async def _is_ready(self) -> bool | None:
        self.check()
        return await self._ready(self) or None

    async def _end(self) -> None:
        try:
            self._child.terminate()
            await self.wait(self._grace)
        except subprocess.TimeoutExpired:
            pass  # it did not listen
        finally:
            self._child.kill()  # nothing happens if it is gone
            self._child.wait()

    def _tail(self) -> str:
        return "\n".join(self.output().splitlines()[-20:])


Ready: TypeAlias = Callable[[Process], Awaitable[bool]]


def answers(url: str, *, status: int | None = 200) -> Ready:
    """Ready when that URL answers: with this status, or with any."""

    async def ready(_: Process) -> bool:
        try:
            got, _body = await get(url)
        except (aiohttp.ClientError, TimeoutError):
            return False
        return status in (None, got)

    return ready


def prints(pattern: str) -> Ready:
    """Ready when the output matches."""

    async def ready(process: Process) -> bool:
        return re.search(pattern, process.output(), re.MULTILINE) is not None

    return ready


# --- Prometheus ----------------------------------------------------------------------------------


class Sample(NamedTuple):
    """One point of one series."""

    labels: dict[str, str]
    value: float
    at: float


class Prometheus(Server):
    """A Prometheus with nothing stored yet, unless ``data`` is a folder of blocks.

    ``scrape_configs`` take the place of ``targets``.

    Its discovery hands out the first targets 5 s after the start, whatever the interval.
    """

    def __init__(
        self,
        targets: Sequence[str] = (),
        *,
        scrape_configs: Sequence[Mapping[str, object]] | None = None,
        scrape_interval: str = "1s",
        rules: Sequence[Path] = (),
        alertmanagers: Sequence[str] = (),
        flags: Sequence[str] = (),
        port: int | None = None,
        data: Path | None = None,
    ) -> None:
        address = f"{LOOPBACK}:{port or free_port()}"
        self._data = data
        static = {"job_name": "test", "static_configs": [{"targets": list(targets)}]}
        self.url = f"http://{address}"
        self._flags = [f"--web.listen-address={address}", *flags]
        self._config = {
            "global": {"scrape_interval": scrape_interval, "evaluation_interval": scrape_interval},
            "scrape_configs": [static] if scrape_configs is None else list(scrape_configs),
            "rule_files": [str(path.absolute()) for path in rules],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        }

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="test-prometheus-")))
        config = folder / "prometheus.json"
        config.write_text(json.dumps(self._config))  # JSON is YAML too
        argv = [
            str(tools.prometheus()),
            f"--config.file={config}",
            f"--storage.tsdb.path={self._data or folder / 'data'}",
            "--enable-feature=exemplar-storage",
            "--scrape.discovery-reload-interval=100ms",  # 5 s more to the first scrape otherwise
            *self._flags,
        ]
        server = Process(argv, ready=answers(f"{self.url}/-/ready"))
        self.process = await stack.enter_async_context(server)

    async def api(self, path: str, **params: str) -> Any:  # noqa: ANN401 - whatever JSON it is
        """The data of one of its endpoints: ``await prometheus.api("rules")``."""
        _, body = await get(f"{self.url}/api/v1/{path}", params)
        answer = json.loads(body)
        if answer["status"] != "success":
            message = f"{path}: {answer['error']}"
            raise ValueError(message)
        return answer["data"]

    async def query(self, expr: str) -> list[Sample]:
        """What an expression is now; a range (``up[1m]``) gives all of its points."""
        data = await self.api("query", query=expr)
        result = data["result"]
        if data["resultType"] == "scalar":
            return [_sample({}, result)]
        return [
            _sample(series["metric"], point)
            for series in result
            for point in series.get("values") or [series["value"]]
        ]

    async def wait_for(
        self,
        expr: str,
        predicate: Callable[[list[Sample]], bool] = bool,
        within: float = 30,
    ) -> list[Sample]:
        """Query until the samples suit; any do, unless a predicate is given."""
        samples: list[Sample] = []

        async def look() -> list[Sample] | None:
            nonlocal samples
            self.process.check()
            samples = await self.query(expr)
            return samples if predicate(samples) else None

        try:
            return await eventually(look, within=within)
        except TimeoutError:
            message = f"{expr} is {samples} after {within} s; targets: {await self._targets()}"
            raise TimeoutError(message) from None

    async def _targets(self) -> str:
        active = (await self.api("targets", state="active"))["activeTargets"]
        return ", ".join(f"{one['scrapeUrl']} {one['health']} {one['lastError']}" for one in active)


def _sample(labels: dict[str, str], point: tuple[float, str]) -> Sample:
    return Sample(labels, float(point[1]), point[0])


# --- Prism ---------------------------------------------------------------------------------------


class Prism(Server):
    """A mock of an OpenAPI document, which also checks what is asked of it."""

    def __init__(
        self, document: Path, *, flags: Sequence[str] = (), port: int | None = None
    ) -> None:
        port = port or free_port()
        self.url = f"http://{LOOPBACK}:{port}"
        self._tail = ["--host", LOOPBACK, "--port", str(port), *flags, str(document)]

    async def _start(self, stack: AsyncExitStack) -> None:
        argv = [*tools.prism(), "mock", *self._tail]
        # No path is in every document, so any answer tells that it listens.
        server = Process(argv, ready=answers(self.url, status=None), within=60)
        self.process = await stack.enter_async_context(server)
