"""Where no connection comes about: names, addresses, and the limits of time and memory."""

import asyncio
import socket
import threading
import tracemalloc
import zlib
from typing import Literal

import pytest

from exporter.config.schema import Connection
from exporter.model.exchange import MAX_JSON, Fault, Request
from tests.support.caller import CONNECT, SLACK, TOTAL, check, client, get, seconds
from tests.support.hostile import (
    LOOPBACK,
    OK,
    Peer,
    ask,
    black_hole,
    hang,
    play,
    refusing,
    serve,
    sized,
)

NAME = "http://mano.example:9"


async def test_refused() -> None:
    with refusing() as url:
        async with client(url) as subject:
            fault = check(await get(subject), "connect_refused", "connect")
    assert fault.detail == f"connection refused by {url.removeprefix('http://')}"
    assert fault.timing.reused is None
    assert fault.timing.duration < SLACK


async def test_a_black_hole() -> None:
    with black_hole() as url:
        async with client(url) as subject:
            fault = check(await get(subject, total=10), "connect_timeout", "connect")
    assert fault.detail.startswith("no connection to")
    assert CONNECT <= fault.timing.duration < CONNECT + SLACK
    assert seconds(fault.timing.phases)["connect"] > 0.5 * CONNECT


async def test_a_black_hole_and_little_time() -> None:
    with black_hole() as url:
        async with client(url) as subject:
            fault = check(await get(subject, total=0.1), "connect_timeout", "connect")
    assert 0.1 <= fault.timing.duration < CONNECT + SLACK


async def test_no_time_at_all() -> None:
    async with serve(play(ask, hang)) as server, client(server.url) as subject:
        fault = await get(subject, total=0)
        assert isinstance(fault, Fault)
        assert fault.reason == "connect_timeout"


async def test_the_time_of_a_post_is_bound_too() -> None:
    async with serve(play(ask, hang)) as server, client(server.url) as subject:
        outcome = await subject.send(Request("POST", "/", {}, TOTAL, b"{}"))
        fault = check(outcome, "read_timeout", "wait", "tls")
        assert fault.timing.duration < TOTAL + SLACK
        await server.left()


async def test_an_address_that_needs_a_link() -> None:
    async with client("http://[fe80::1]:9") as subject:
        check(await get(subject), "connect_refused", "connect")


@pytest.mark.parametrize(
    ("url", "connection"),
    [
        ("http://127.0.0.1:9", Connection(ip_protocol="ip6")),
        ("http://[::1]:9", Connection(ip_protocol="ip4")),
    ],
)
async def test_only_the_internet_protocol_asked_for(url: str, connection: Connection) -> None:
    async with client(url, connection=connection) as subject:
        fault = await get(subject)
        assert isinstance(fault, Fault)
        assert fault.reason == "dns"
        assert "ip_protocol" in fault.detail


@pytest.mark.parametrize(
    ("protocol", "family"),
    [("auto", socket.AF_UNSPEC), ("ip4", socket.AF_INET), ("ip6", socket.AF_INET6)],
)
async def test_only_addresses_of_the_protocol_asked_for(
    monkeypatch: pytest.MonkeyPatch,
    protocol: Literal["auto", "ip4", "ip6"],
    family: socket.AddressFamily,
) -> None:
    asked: list[object] = []

    def getaddrinfo(_: object, __: object, family: object, *___: object, **____: object) -> None:
        asked.append(family)
        raise socket.gaierror(socket.EAI_NODATA, "x")

    async with client(NAME, connection=Connection(ip_protocol=protocol)) as subject:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        check(await get(subject), "dns", "dns", begun="dns")
    assert asked == [family]


# --- Names ---------------------------------------------------------------------------------------


async def test_a_name_that_does_not_exist() -> None:
    """Of the machine's resolver, which may as well not answer (RFC 6761, section 6.4)."""
    async with client("http://mano.invalid:9") as subject:
        check(await get(subject), "dns", "dns", begun="dns")


@pytest.mark.parametrize("host", ["a" * 64, "ü" * 70, "a..b", "127.1", "x:99999", "[::1", ""])
async def test_what_is_no_name(host: str) -> None:
    async with client(f"http://{host}") as subject:
        fault = await get(subject)
        assert isinstance(fault, Fault)
        assert fault.reason == "dns"


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "there is no such name"),
        (socket.gaierror(socket.EAI_NODATA, "x"), "the name has no such address"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "the name server does not answer"),
        (socket.gaierror(socket.EAI_FAIL, "x"), "the name resolution failed"),
        (OSError(5, "x"), "the name resolution failed"),
        (UnicodeError("x"), "the host is no valid name"),
    ],
)
async def test_what_the_resolver_says(
    monkeypatch: pytest.MonkeyPatch, error: Exception, detail: str
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise error

    async with client(NAME) as subject:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        assert check(await get(subject), "dns", "dns", begun="dns").detail == detail


async def test_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    asked: list[object] = []

    def getaddrinfo(host: object, *_: object, **__: object) -> list[object]:
        asked.append(host)
        assert threading.current_thread().daemon  # or the process could not end
        released.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, 1))]

    async with client(NAME) as subject:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        for outcome in await asyncio.gather(*[get(subject, total=0.1) for _ in range(20)]):
            fault = check(outcome, "dns", "dns", begun="dns")
            assert fault.timing.duration < 0.1 + SLACK
        assert asked == ["mano.example"]  # one thread, however many ask
        released.set()
        check(await get(subject), "connect_refused", "connect", begun="dns")


async def test_a_resolver_that_fails_too_late_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The client sees to it that asyncio has nothing to complain of."""
    released = threading.Event()
    looking: list[threading.Thread] = []

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        looking.append(threading.current_thread())
        released.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "x")

    async with client(NAME) as subject:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        check(await get(subject, total=0.05), "dns", "dns", begun="dns")
        (thread,) = looking
        released.set()
        await asyncio.to_thread(thread.join)
        await asyncio.sleep(0)  # what the thread left behind is done in this turn of the loop


async def test_nobody_waits_for_a_resolver_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10))

    async def attempt() -> None:
        async with client(NAME) as subject:
            check(await get(subject, total=0.05), "dns", "dns", begun="dns")

    ended = asyncio.get_running_loop().time() + SLACK
    await asyncio.to_thread(asyncio.run, attempt())
    assert asyncio.get_running_loop().time() < ended
    released.set()


# --- Memory --------------------------------------------------------------------------------------


async def peak_of(reply: bytes, block: bytes = b"") -> int:
    """The most memory that was held while a gigabyte was on offer, the server's part included."""

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(reply)
        for _ in range(1024):
            await peer.send(block)
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        tracemalloc.start()
        try:
            check(await get(subject, total=10), "too_large", "receive", "tls")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


async def test_memory_is_bounded_while_a_gigabyte_comes() -> None:
    block = bytes(1 << 20)
    assert await peak_of(OK + b"\r\n", block) < 3 * MAX_JSON
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n40000000\r\n"
    assert await peak_of(head, block) < 3 * MAX_JSON


async def test_memory_is_bounded_while_a_gigabyte_is_decompressed() -> None:
    packer = zlib.compressobj(wbits=31)
    member = b"".join(packer.compress(bytes(1 << 20)) for _ in range(128)) + packer.flush()
    bomb = OK + b"Content-Encoding: gzip\r\n" + sized(member * 8)
    assert await peak_of(bomb) < 6 * MAX_JSON
