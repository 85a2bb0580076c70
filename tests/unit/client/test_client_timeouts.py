"""A time-out is named, with its seconds, in each phase."""

import asyncio
import errno
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import aiohttp
import pytest

from exporter.client.errors import Phase
from exporter.client.failure_reasons import Bounds, reason_of
from exporter.config.schema import Tls
from exporter.model.exchange import Fault, Request
from exporter.model.reasons import Reason
from tests.support.caller import client
from tests.support.hostile import OK, Script, ask, black_hole, drip, hang, play, serve

Place = Callable[[], AbstractAsyncContextManager[str]]

SIZED: Final = OK + b"Content-Length: 9\r\n\r\n"
PLENTY: Final = 10.0


def served(script: Script, scheme: str = "http") -> Place:
    @asynccontextmanager
    async def place() -> AsyncIterator[str]:
        async with serve(script) as server:
            yield server.url.replace("http", scheme)

    return place


@asynccontextmanager
async def nowhere() -> AsyncIterator[str]:
    with black_hole() as url:
        yield url


@asynccontextmanager
async def unresolved() -> AsyncIterator[str]:
    """The machine's resolver says nothing."""
    released = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(PLENTY))
        try:
            yield "http://mano.example:9"
        finally:
            released.set()


@pytest.mark.parametrize(
    ("place", "total", "reason", "detail"),
    [
        (
            unresolved,
            PLENTY,
            "dns",
            "the name was not resolved within the connect time-out of 0.25 s",
        ),
        (unresolved, 0.1, "dns", "the name was not resolved within the total time-out of 0.1 s"),
        (
            nowhere,
            PLENTY,
            "connect_timeout",
            "no connection to the server within the connect time-out of 0.25 s",
        ),
        (
            nowhere,
            0.1,
            "connect_timeout",
            "no connection to the server within the total time-out of 0.1 s",
        ),
        (
            served(hang, "https"),
            PLENTY,
            "tls_handshake",
            "the TLS handshake did not end within the connect time-out of 0.25 s",
        ),
        (
            served(hang, "https"),
            0.1,
            "tls_handshake",
            "the TLS handshake did not end within the total time-out of 0.1 s",
        ),
        (
            served(hang),
            PLENTY,
            "read_timeout",
            "no answer within the read time-out of 0.3 s",
        ),
        (served(hang), 0.1, "read_timeout", "no answer within the total time-out of 0.1 s"),
        (
            served(play(ask, SIZED + b"ab", hang)),
            PLENTY,
            "read_timeout",
            "no more of the body within the read time-out of 0.3 s",
        ),
        (
            served(play(ask, SIZED + b"ab", hang)),
            0.2,
            "read_timeout",
            "the body did not end within the total time-out of 0.2 s",
        ),
        (
            served(play(ask, OK + b"\r\n", drip(b"x"))),
            0.5,
            "read_timeout",
            "the body did not end within the total time-out of 0.5 s",
        ),
    ],
)
async def test_which_and_of_how_many_seconds(
    place: Place, total: float, reason: Reason, detail: str
) -> None:
    async with place() as url, client(url, tls=Tls(insecure_skip_verify=True)) as subject:
        fault = await subject.send(Request("GET", "/", {}, total))
    assert isinstance(fault, Fault)
    assert (fault.reason, fault.detail) == (reason, detail)


async def test_what_was_left_of_the_total() -> None:
    async with served(hang)() as url, client(url) as subject:
        fault = await subject.send(Request("GET", "/", {}, 0.1, total=27.0))
    assert isinstance(fault, Fault)
    assert fault.detail == "no answer in the 0.1 s left of the total time-out of 27 s"


async def test_pythons_own_bound_of_a_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.constants, "SSL_HANDSHAKE_TIMEOUT", 0.05)
    async with served(hang, "https")() as url, client(url) as subject:
        fault = await subject.send(Request("GET", "/", {}, PLENTY))
    assert isinstance(fault, Fault)
    assert (fault.reason, fault.detail) == ("tls_handshake", "no TLS within Python's 60 s")


@pytest.mark.parametrize(
    ("phase", "detail"),
    [
        ("connect", "no connection to mano:80 within the time that the system gives it"),
        ("wait", "no answer within the time that the system gives it"),
    ],
)
def test_the_systems_own(phase: Phase, detail: str) -> None:
    error = OSError(errno.ETIMEDOUT, "x")
    key = aiohttp.client_reqrep.ConnectionKey("mano", 80, False, True, None, None, None)  # noqa: FBT003
    wrapped = aiohttp.ClientConnectorError(key, error)
    wrapped.__cause__ = error
    assert reason_of(wrapped, phase, Bounds(10, 30, 27, 27))[1] == detail


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (29.99997, "within the total time-out of 30 s"),
        (29.8, "within the total time-out of 30 s"),
        (3.14159, "in the 3.142 s left of the total time-out of 30 s"),
    ],
)
def test_what_is_spent_before_the_first_request_is_no_news(rest: float, words: str) -> None:
    detail = reason_of(TimeoutError(), "wait", Bounds(10, 30, 29.999999, rest))[1]
    assert detail == f"no answer {words}"
