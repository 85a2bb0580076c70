"""An HTTP proxy on loopback: what it was told, and where it leads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.support.hostile import LOOPBACK

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class Proxy:
    """Leads to that port of this machine, whatever host was asked for."""

    def __init__(self, to: int, refusal: bytes | None) -> None:
        self.url = ""
        self.heads: list[bytes] = []
        """The head of each CONNECT, and of the first request of each other connection."""
        self._to = to
        self._refusal = refusal
        self._tasks: set[asyncio.Task[None] | None] = set()

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do one connection."""
        self._tasks.add(asyncio.current_task())
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._lead(reader, writer)
        writer.transport.abort()

    async def end(self) -> None:
        """Leave nothing open."""
        running = [task for task in self._tasks if task is not None and not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        if self._refusal is not None:
            writer.write(self._refusal)
            await reader.read()  # until the client left
            return
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._to)
        if head.startswith(b"CONNECT "):
            writer.write(_ESTABLISHED)
        else:
            far_writer.write(_as_to_an_origin(head))
        try:
            there = asyncio.ensure_future(_copy(reader, far_writer))
            await _copy(far_reader, writer)
            there.cancel()
        finally:
            far_writer.transport.abort()


def _as_to_an_origin(head: bytes) -> bytes:
    """The absolute form becomes the origin form (RFC 9112, section 3.2.2)."""
    method, url, rest = head.split(b" ", 2)
    return b" ".join((method, urlsplit(url).path or b"/", rest))


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    target.close()


@asynccontextmanager
async def proxy(to: int = 0, *, refusal: bytes | None = None) -> AsyncIterator[Proxy]:
    """Listen; lead to that port, or answer each first request with the refusal."""
    subject = Proxy(to, refusal)
    listener = await asyncio.start_server(subject.attend, LOOPBACK, 0)
    subject.url = f"http://{LOOPBACK}:{listener.sockets[0].getsockname()[1]}"
    try:
        yield subject
    finally:
        listener.close()
        await subject.end()
