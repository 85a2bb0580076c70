"""TLS in front of a server that has none, so that there are certificates to watch."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final
from urllib.parse import urlsplit

from tests.support.servers import LOOPBACK

_PIECE: Final = 65536


@asynccontextmanager
async def certified(url: str, context: ssl.SSLContext) -> AsyncIterator[str]:
    """The same server by another URL, with a certificate."""
    origin = urlsplit(url)

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ssl.SSLError):
            there, back = await asyncio.open_connection(origin.hostname, origin.port)
            await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async with await asyncio.start_server(attend, LOOPBACK, 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        yield f"https://{LOOPBACK}:{port}{origin.path}"


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(_PIECE):
            target.write(piece)
            await target.drain()
    finally:
        target.close()
