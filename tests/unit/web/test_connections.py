"""What clients may take of the listener: time, connections, memory."""

import asyncio
import re
import socket
import time
import tomllib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from exporter.metrics.exposition import Format
from exporter.web.connections import Limits
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server
from tests.support.rude_clients import answered, connected, deaf, held, port_of, request, said
from tests.support.servers import LOOPBACK, eventually, get

BODY: Final = b"x" * (16 * 1024 * 1024)
"""More than the kernel keeps for who does not read."""
HALVES: Final = {
    "silent": b"",
    "an empty line": b"\r\n",
    "half a method": b"GE",
    "half a target": b"GET /met",
    "half a header": b"GET /metrics HTTP/1.1\r\nHost: x\r\nAcc",
    "no empty line": b"GET /metrics HTTP/1.1\r\nHost: x\r\n",
    "half a body": request("/-/reload", "Content-Length: 9", method="POST") + b"abc",
    "half a chunk": request("/-/reload", "Transfer-Encoding: chunked", method="POST") + b"9\r\nabc",
    "half a second request": request("/-/healthy") + b"GET /",
    "after a request": request("/-/healthy"),
    "after an upgrade": request("/-/healthy", "Connection: upgrade", "Upgrade: h2c") + b"GET /",
}
DRIPPING: Final = {
    "a target": b"GET /",
    "a header": b"GET /metrics HTTP/1.1\r\nHost: ",
    "a second request": request("/-/healthy") + b"GET /",
    "a body": request("/-/reload", "Content-Length: 100000", method="POST"),
}


class Door:
    """Pages of which one is answered when the test says so."""

    def __init__(self) -> None:
        self.opened, self.waiting = asyncio.Event(), 0

    async def reload(self) -> list[str]:
        self.waiting += 1
        await self.opened.wait()
        return []

    async def busy(self, count: int) -> None:
        async def look() -> bool | None:
            return self.waiting == count or None

        await eventually(look, within=20)


RELOAD: Final = request("/-/reload", method="POST")


@asynccontextmanager
async def serving(limits: Limits, door: Door | None = None) -> AsyncIterator[str]:
    async def metrics(form: Format) -> list[bytes]:
        del form
        return [BODY]

    pages = Pages(
        metrics=metrics,
        status=lambda: lambda: "x" * len(BODY),
        unhealthy=lambda: None,
        unready=lambda: None,
        reload=None if door is None else door.reload,
    )
    server = Server(pages, "/metrics", limits)
    address = await server.open(ListenAddress(LOOPBACK, 0))
    try:
        yield f"http://{address}"
    finally:
        await server.close()


async def lasted(port: int, sent: bytes, *, drips: bool = False) -> float:
    """Seconds until the server ends a connection on which that was sent."""
    async with connected(port, sent) as (reader, writer):
        began = time.monotonic()

        async def drip() -> None:
            while True:
                writer.write(b"a")
                await asyncio.sleep(0.05)

        dripping = asyncio.create_task(drip()) if drips else None
        try:
            await said(reader)
        finally:
            if dripping is not None:
                dripping.cancel()
        return time.monotonic() - began


async def until_held(port: int, count: int) -> None:
    """Wait until the server holds so many connections."""

    async def look() -> bool | None:
        return held(port) == count or None

    await eventually(look, within=30)


def test_a_head_has_10_s_a_write_30_s_and_there_are_64_connections() -> None:
    assert Limits() == Limits(head=10, stuck=30, connections=64)


def test_aiohttp_is_one_that_cuts_heads_that_never_end() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    (wanted,) = [text for text in project["dependencies"] if text.startswith("aiohttp")]
    assert wanted == "aiohttp>=3.14.5,<4"
    (locked,) = re.findall(
        r"^aiohttp==([0-9.]+)", Path("requirements/runtime.txt").read_text(), re.MULTILINE
    )
    assert tuple(map(int, locked.split("."))) >= (3, 14, 5)


async def test_what_is_no_whole_request_ends_in_time() -> None:
    limits = replace(Limits(), head=1.0)
    async with serving(limits) as url:
        port = port_of(url)
        took = await asyncio.gather(
            *(lasted(port, sent) for sent in HALVES.values()),
            *(lasted(port, sent, drips=True) for sent in DRIPPING.values()),
        )
    named = dict(zip((*HALVES, *(f"dripping {name}" for name in DRIPPING)), took, strict=True))
    assert {name: seconds for name, seconds in named.items() if not 0.9 < seconds < 20} == {}


async def test_the_connection_that_was_idle_longest_makes_room_and_never_a_busy_one() -> None:
    door = Door()
    async with serving(replace(Limits(), connections=5), door) as url, AsyncExitStack() as stack:
        port = port_of(url)

        async def enter(sent: bytes) -> asyncio.StreamReader:
            reader, _ = await stack.enter_async_context(connected(port, sent))
            return reader

        busy = await enter(RELOAD)
        await door.busy(1)
        used = await stack.enter_async_context(connected(port, request("/-/healthy")))
        await answered(used[0])
        half = await enter(b"GET /metrics HT")
        silent = await enter(b"")
        fresh = await enter(request("/-/healthy"))
        await answered(fresh)
        used[1].write(request("/-/healthy"))  # so that it is the one that was idle shortest
        await answered(used[0])
        for next_to_go in (half, silent, fresh):
            newer = await enter(request("/-/ready"))
            assert b"200 OK" in await answered(newer)
            assert await said(next_to_go) == b""
        used[1].write(request("/-/healthy"))
        assert b"200 OK" in await answered(used[0])
        door.opened.set()
        assert b"reloaded" in await answered(busy)


async def test_of_many_that_come_at_once_the_first_make_room(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(replace(Limits(), connections=5)) as url:
        port = port_of(url)
        silent = [socket.create_connection((LOOPBACK, port)) for _ in range(40)]
        try:
            await until_held(port, 5)
            assert await get(f"{url}/-/healthy") == (200, b"healthy\n")
        finally:
            for one in silent:
                one.close()
    assert caplog.records == []


async def test_where_all_are_busy_the_new_one_is_turned_away_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door()
    async with serving(replace(Limits(), connections=2), door) as url, AsyncExitStack() as stack:
        port = port_of(url)
        busy = [(await stack.enter_async_context(connected(port, RELOAD)))[0] for _ in range(2)]
        await door.busy(2)
        for _ in range(3):
            async with connected(port, request("/-/healthy")) as (turned_away, _):
                assert await said(turned_away) == b""
        door.opened.set()
        for reader in busy:
            assert b"reloaded" in await answered(reader)
        assert await get(f"{url}/-/healthy") == (200, b"healthy\n")
    (record,) = caplog.records
    assert record.message == "a connection is turned away: all are busy"


@pytest.mark.parametrize("path", ["/metrics", "/"])
async def test_who_takes_nothing_of_an_answer_is_let_go(path: str) -> None:
    async with serving(replace(Limits(), stuck=0.6)) as url:
        port = port_of(url)
        once, often = request(path), request(path) * 20
        readers = [deaf(port, sent) for sent in (once, once, often, request("/-/healthy") + once)]
        try:
            await until_held(port, len(readers))
            await until_held(port, 0)
        finally:
            for reader in readers:
                reader.close()


async def test_who_reads_slowly_gets_all_of_it() -> None:
    async with (
        serving(replace(Limits(), stuck=3)) as url,
        connected(port_of(url), request("/metrics")) as (reader, _),
    ):
        head = await reader.readuntil(b"\r\n\r\n")
        left = len(BODY)
        while left:
            left -= len(await reader.read(1024 * 1024))
            await asyncio.sleep(0.1)
    assert head.startswith(b"HTTP/1.1 200 OK")


async def test_an_answer_that_is_done_as_its_time_runs_out_is_no_fault(
    caplog: pytest.LogCaptureFixture,
) -> None:
    door = Door()
    async with serving(Limits(), door) as url, connected(port_of(url), RELOAD):
        await door.busy(1)
        asyncio.get_running_loop().call_later(0.2, door.opened.set)
        asyncio.get_running_loop().call_later(0.1, time.sleep, 1)  # both are due when it is over
    assert caplog.records == []
