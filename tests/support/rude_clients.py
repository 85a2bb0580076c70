"""Clients of the listener that do it no good: over sockets, as rude as they come."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tests.support.servers import LOOPBACK

_ESTABLISHED: Final = "01"
_SMALL: Final = 4096


def port_of(url: str) -> int:
    """Where a URL leads to."""
    return int(url.rpartition(":")[2])


def request(path: str, *headers: str, method: str = "GET") -> bytes:
    """A whole request."""
    lines = (f"{method} {path} HTTP/1.1", "Host: x", *headers)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


@asynccontextmanager
async def connected(
    port: int, sent: bytes = b""
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which that was sent."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(sent)
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(reader: asyncio.StreamReader, within: float = 30) -> bytes:
    """All that comes until the connection ends, by whatever end."""
    got = bytearray()
    try:
        async with asyncio.timeout(within):
            while more := await reader.read(65_536):
                got += more
    except ConnectionError:
        pass
    return bytes(got)


async def answered(reader: asyncio.StreamReader, within: float = 30) -> bytes:
    """The head and the body of the next answer that says how long it is."""
    async with asyncio.timeout(within):
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        return head + await reader.readexactly(length)


def deaf(port: int, sent: bytes) -> socket.socket:
    """A connection that asks and takes next to nothing of the answer."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
    made.connect((LOOPBACK, port))
    made.sendall(sent)
    return made


def held(port: int) -> int:
    """How many connections a server on this machine holds at that port."""
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return sum(
        int(row[1].rpartition(":")[2], 16) == port and row[3] == _ESTABLISHED and row[9] != "0"
        for row in rows
    )
