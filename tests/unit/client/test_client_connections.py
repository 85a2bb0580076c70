"""Which connection a request uses, and that none is left behind."""

import asyncio
import errno
import gc
import os
import socket
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from contextvars import copy_context
from functools import partial
from types import SimpleNamespace

import aiohttp
import pytest

from exporter.client import fast_path
from exporter.client.client import Client
from exporter.client.errors import Phase
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.client.timing import current
from exporter.config.schema import Timeouts, Tls
from exporter.config.values import Duration
from exporter.model.exchange import Exchange, Fault, Method, Request
from tests.support.caller import client, get, seconds, target, well
from tests.support.hostile import (
    LOOPBACK,
    OK,
    Peer,
    Step,
    answer,
    ask,
    black_hole,
    close,
    hang,
    play,
    serve,
    sized,
    turns,
)

JSON = OK + sized(b"{}")


def header_of(request: bytes, name: bytes) -> bytes | None:
    for line in request.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(name + b": "):
            return line[len(name) + 2 :]
    return None


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_an_idempotent_request_uses_a_kept_connection(method: Method) -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        assert (await well(subject)).timing.reused is False
        assert (await well(subject, method)).timing.reused is True
        assert server.connections == 1


async def test_a_post_never_does() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        for _ in range(2):
            assert (await well(subject, "POST", b'{"q":2}')).timing.reused is False
        assert server.connections == 3
        assert server.requests[1].endswith(b'\r\n\r\n{"q":2}')
        assert header_of(server.requests[1], b"connection") == b"close"


async def test_many_at_once_do_not_wait_for_each_other() -> None:
    count = 150  # more than aiohttp's own limit
    everybody = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        if len(peer.server.requests) == count:
            everybody.set()
        await everybody.wait()
        await peer.send(JSON)
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        running = [asyncio.create_task(well(subject)) for _ in range(count)]
        await server.asked(count)
        assert subject.in_flight == count
        await asyncio.gather(*running)


async def test_a_kept_connection_that_the_server_closed_is_not_used() -> None:
    async with serve(play(ask, JSON)) as server, client(server.url) as subject:
        await well(subject)
        await server.left()
        await turns()
        assert (await well(subject)).timing.reused is False
        assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_one_that_dies_under_the_request_is_replaced(method: Method) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(JSON)
        await peer.request()
        if peer.number > 3:
            await peer.send(JSON)
        await peer.close()

    body = b"{}" if method == "PUT" else None
    async with serve(script) as server, client(server.url) as subject:
        await asyncio.gather(*[well(subject) for _ in range(3)])
        assert server.connections == 3
        exchange = await well(subject, method, body)
        assert exchange.timing.reused is False
        assert server.connections == 4
        assert len(server.requests) == 7
        assert all(request.startswith(method.encode()) for request in server.requests[3:])
        assert server.requests[6].endswith(body or b"\r\n\r\n")


async def test_what_nobody_asked_for_answers_nothing() -> None:
    said = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(JSON)
        await peer.send(OK + sized(b"stale"))
        said.set()
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        await well(subject)
        await said.wait()
        exchange = await well(subject)
        assert exchange.body == b"{}"
        assert exchange.timing.reused is False


async def test_half_of_an_answer_that_nobody_asked_for_is_no_begin_of_one() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(JSON)
        await peer.send(b"HTTP/1.1 5")
        await peer.request()
        await peer.send(JSON)
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        assert (await well(subject)).body == b"{}"
        await turns()
        assert (await well(subject)).body == b"{}"


async def test_a_kept_connection_holds_nothing_of_its_last_answer() -> None:
    """With a thousand targets all of those would be there at once."""
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        exchange = await well(subject)
        held = weakref.ref(exchange.headers)
        del exchange
        await well(subject, "POST")  # the task that read it went on
        gc.collect()
        assert held() is None


async def test_a_new_connection_is_not_tried_twice() -> None:
    async with serve(play(ask, close)) as server, client(server.url) as subject:
        assert isinstance(await get(subject), Fault)
        assert (server.connections, len(server.requests)) == (1, 1)


async def test_an_idle_connection_is_kept_for_longer_than_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    idle = 0.0
    for module in (aiohttp.connector, fast_path):
        monkeypatch.setattr(module, "monotonic", lambda: time.monotonic() + idle)
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        idle = 70.0
        assert (await well(subject)).timing.reused
        idle += 80.0
        assert not (await well(subject)).timing.reused
        assert server.connections == 2


async def test_addresses_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def getaddrinfo(host: object, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, port))]

    async with serve(answer(JSON)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        async with client(f"http://mano.example:{server.port}") as subject:
            await well(subject, "POST")
            await well(subject, "POST")
    assert asked == ["mano.example"] * 2


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(_: object, port: int, *__: object, **___: object) -> list[object]:
        hosts = ("127.0.0.2", LOOPBACK)  # nobody listens on the first one
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    async with serve(answer(JSON)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        async with client(f"http://mano.example:{server.port}") as subject:
            timing = (await well(subject)).timing
    assert tuple(seconds(timing.phases)) == ("dns", "connect", "send", "wait", "receive")


async def test_an_address_for_which_no_descriptor_is_left_is_our_fault_whatever_others_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[object] = []

    def getaddrinfo(_: object, port: int, *__: object, **___: object) -> list[object]:
        hosts = ("127.0.0.2", "127.0.0.3")  # nobody listens there
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port)) for host in hosts]

    def make(*kind: int) -> socket.socket:
        made.append(kind)
        if len(made) == 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return socket.socket(*kind)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr("exporter.client.connections.socket", SimpleNamespace(socket=make))
    async with client("http://mano.example:9") as subject:
        fault = await get(subject)
    assert isinstance(fault, Fault)
    assert (fault.reason, fault.detail) == ("internal", "the exporter has too many open files")


async def test_targets_never_take_the_last_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        monkeypatch.setattr("exporter.system.spare_descriptors.allowed", lambda: 80)
        with ExitStack() as others:
            while others.enter_context(socket.socket()).fileno() < 80 - 20 - 10 - 1:
                pass
            fault = await get(subject)
        assert isinstance(fault, Fault)
        assert (fault.reason, fault.detail) == ("internal", "the exporter has too many open files")
        await well(subject)
        assert server.connections == 1


async def test_ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.fail("::1 cannot be used: sysctl -w net.ipv6.conf.lo.disable_ipv6=0")
    async with serve(answer(JSON), host="::1") as server, client(server.url) as subject:
        await well(subject)


async def test_a_cancelled_request_leaves_nothing_behind() -> None:
    async with serve(play(ask, hang)) as server, client(server.url) as subject:
        running = asyncio.create_task(well(subject))
        await server.asked()
        assert subject.in_flight == 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert subject.in_flight == 0
        await server.left()


async def test_cancelled_in_the_body() -> None:
    script = play(ask, OK + b"Content-Length: 9\r\n\r\nab", hang)
    async with serve(script) as server, client(server.url) as subject:
        running = asyncio.create_task(well(subject))
        await server.asked()
        await turns()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await server.left()


@asynccontextmanager
async def unresolved() -> AsyncIterator[str]:
    """The machine's resolver says nothing until all is over."""
    released = threading.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", lambda *_, **__: released.wait(10))
        try:
            yield "http://mano.example:9"
        finally:
            released.set()


@asynccontextmanager
async def unreached() -> AsyncIterator[str]:
    with black_hole() as url:
        yield url


@asynccontextmanager
async def silent(*steps: Step, scheme: str = "http") -> AsyncIterator[str]:
    async with serve(play(*steps, hang)) as server:
        yield server.url.replace("http", scheme)


@pytest.mark.parametrize(
    ("place", "reached", "kept"),
    [
        (unresolved, "dns", False),
        (unreached, "connect", False),
        (partial(silent, scheme="https"), "tls", False),
        (partial(silent, ask), "wait", False),
        (partial(silent, ask, OK + b"Content-Length: 9\r\n\r\nab"), "receive", False),
        (partial(silent, ask, JSON, ask), "wait", True),
        (partial(silent, ask, JSON, ask, OK + b"\r\nab"), "receive", True),
    ],
    ids=["name", "connection", "TLS", "answer", "body", "answer by a kept one", "body by it"],
)
async def test_closing_ends_at_once_what_is_in_flight_wherever_it_is(
    place: Callable[[], AbstractAsyncContextManager[str]], reached: Phase, *, kept: bool
) -> None:
    """No time-out ends it: the shortest of them is an hour."""
    hours = Timeouts(connect=Duration(3600), read=Duration(3600))
    tls = Tls(insecure_skip_verify=True)
    async with place() as url, client(url, tls=tls, timeouts=hours) as subject:
        asked = Request("GET", "/", {}, 3600)
        if kept:
            assert isinstance(await subject.send(asked), Exchange)
        context = copy_context()
        running = asyncio.create_task(subject.send(asked), context=context)
        while (progress := context.get(current)) is None or progress.reached != reached:
            await turns()
        await subject.close()
        async with asyncio.timeout(5):
            fault = await running
    assert isinstance(fault, Fault)
    assert (fault.reason, fault.detail) == ("reset", "the connection was lost")
    assert [*seconds(fault.timing.phases)][-1] == reached


async def test_what_is_closed_stays_closed() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        await subject.close()
        for fresh in (False, True):
            fault = await subject.send(Request("GET", "/", {}, 5, fresh=fresh))
            assert isinstance(fault, Fault)
            assert (fault.reason, fault.detail) == ("reset", "the connection was lost")
        assert server.connections == 1


async def test_closing_is_nothing_to_another_target_of_the_same_settings() -> None:
    released = asyncio.Event()

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(JSON)
        while True:
            await peer.request()
            await released.wait()
            await peer.send(JSON)

    async with (
        serve(script) as server,
        client(server.url) as subject,
        client(server.url) as other,
    ):
        for each in (subject, other):
            await well(each)
        running = [asyncio.create_task(well(other)), asyncio.create_task(get(subject))]
        await server.asked(4)
        assert (subject.in_flight, other.in_flight) == (1, 1)
        await subject.close()
        assert isinstance(await running[1], Fault)
        assert (subject.in_flight, other.in_flight) == (0, 1)
        released.set()
        kept = await running[0]
        assert isinstance(kept, Exchange)
        assert kept.timing.reused is True
        assert server.connections == 2


async def test_closing_ends_what_is_kept() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        await subject.close()
        await server.left()


async def test_a_client_that_sent_nothing_can_be_closed() -> None:
    wanted = connection_settings(target("http://127.0.0.1:9"))
    await Client(wanted, files_of(wanted)).close()
