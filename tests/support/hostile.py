"""A server that does to each connection what a test says, byte by byte.

It lives in the test's own event loop: what the client sees next is decided, not awaited.
"""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeAlias

LOOPBACK = "127.0.0.1"
OK = b"HTTP/1.1 200 OK\r\n"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TURNS = 10


def sized(body: bytes) -> bytes:
    """The end of a head with the body's length, and the body."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def turns() -> None:
    """Let the loop turn until what is in the sockets now was read."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)


# --- The server ----------------------------------------------------------------------------------


class Server:
    """Where it listens, and what came."""

    def __init__(self, host: str, port: int, scheme: str) -> None:
        self.port = port
        self.url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"
        self.requests: list[bytes] = []
        self.connections = 0
        self._open = 0
        self._changed = asyncio.Condition()

    async def asked(self, count: int = 1) -> None:
        """Wait until there were so many requests."""
        await self._until(lambda: len(self.requests) >= count)

    async def left(self) -> None:
        """Wait until no connection is open."""
        await self._until(lambda: self._open == 0)

    async def changed(self, *, connections: int = 0) -> None:
        """Connections came or went, or a request came."""
        self._open += connections
        self.connections += max(0, connections)
        async with self._changed:
            self._changed.notify_all()

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(condition)


class Peer:
    """The server's end of one connection."""

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.number = server.connections
        """The first connection is 1."""
        self._reader = reader
        self._writer = writer

    async def request(self) -> bytes:
        """Read one request, its body too, and keep it with the server."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        request = head + await self._reader.readexactly(length)
        self.server.requests.append(request)
        await self.server.changed()
        return request

    async def send(self, data: bytes) -> None:
        """Send, and let the client read it before anything else happens."""
        self._writer.write(data)
        await self._writer.drain()
        await turns()

    def certificate(self) -> dict[str, Any]:
        """The one that the client showed."""
        shown: dict[str, Any] = self._writer.get_extra_info("peercert")
        return shown

    async def gone(self) -> None:
        """Wait until the client ended the connection."""
        while await self._reader.read(65536):
            pass

    async def reset(self) -> None:
        """End the connection with a RST (RFC 9293, section 3.10.4)."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._writer.transport.abort()

    async def close(self) -> None:
        """End the connection with a FIN, once all was sent."""
        self._writer.close()

    def abort(self) -> None:
        """Leave nothing open."""
        self._writer.transport.abort()


Script: TypeAlias = Callable[[Peer], Awaitable[object]]
Step: TypeAlias = bytes | Script

ask: Script = Peer.request
hang: Script = Peer.gone
reset: Script = Peer.reset
close: Script = Peer.close


def drip(data: bytes, pause: float = 0.01) -> Script:
    """Repeat these bytes for ever, with a pause before each time."""

    async def script(peer: Peer) -> None:
        while True:
            await asyncio.sleep(pause)
            await peer.send(data)

    return script


def flood(data: bytes) -> Script:
    """Repeat these bytes for ever, as fast as the client takes them."""
    return drip(data, 0)


def play(*steps: Step) -> Script:
    """Do one after the other; bytes are sent. In the end the connection is closed."""

    async def script(peer: Peer) -> None:
        for step in steps:
            await (peer.send(step) if isinstance(step, bytes) else step(peer))
        await peer.close()

    return script


def answer(*replies: bytes) -> Script:
    """Answer one request after the other, the last reply again and again."""

    async def script(peer: Peer) -> None:
        for reply in replies:
            await peer.request()
            await peer.send(reply)
        while True:
            await peer.request()
            await peer.send(replies[-1])

    return script


@asynccontextmanager
async def serve(
    script: Script, *, tls: ssl.SSLContext | None = None, host: str = LOOPBACK
) -> AsyncIterator[Server]:
    """Listen, and do the script to each connection; leave none of them open."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await server.changed(connections=1)
        peer = Peer(server, reader, writer)
        # The client may end it at any time, the test too (a cancelled task would be reported).
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await script(peer)
        peer.abort()
        await server.changed(connections=-1)

    listener = await asyncio.start_server(attend, host, 0, ssl=tls, backlog=1000)
    port: int = listener.sockets[0].getsockname()[1]
    server = Server(host, port, "http" if tls is None else "https")
    try:
        yield server
    finally:
        listener.close()
        running = [task for task in tasks if task is not None and not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running)


@asynccontextmanager
async def serve_stubbornly(
    tls: ssl.SSLContext, reply: bytes, raw: bytes = b""
) -> AsyncIterator[str]:
    """Answer one request over TLS at that URL, never agree to an end, but wait for the client's.

    What is ``raw`` is sent past TLS, once the client has read the reply.

    It is no asyncio server: those agree by themselves, and keep OpenSSL's alerts to themselves.
    """

    loop = asyncio.get_running_loop()

    def attend() -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False) as peer:
            with suppress(OSError):
                peer.do_handshake()
                peer.recv(65536)
                peer.sendall(reply)
                asyncio.run_coroutine_threadsafe(turns(), loop).result(5)
                os.write(peer.fileno(), raw)
            with suppress(OSError):
                while os.read(peer.fileno(), 65536):
                    pass

    with socket.create_server((LOOPBACK, 0)) as listener:
        attending = asyncio.create_task(asyncio.to_thread(attend))
        yield f"https://{LOOPBACK}:{listener.getsockname()[1]}"
        await asyncio.wait_for(attending, 5)


@contextmanager
def black_hole() -> Iterator[str]:
    """The URL of a port that answers no SYN: its listener's backlog is full."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.settimeout(0)
                filler.connect_ex(address)
            yield f"http://{LOOPBACK}:{address[1]}"
        finally:
            for filler in fillers:
                filler.close()


@contextmanager
def refusing() -> Iterator[str]:
    """The URL of a port where nobody listens, and nobody else can."""
    with socket.socket() as holder:
        holder.bind((LOOPBACK, 0))
        yield f"http://{LOOPBACK}:{holder.getsockname()[1]}"
