"""The client of one target: whatever is sent to its API is sent here.

What a server or the network may do comes back as data, never as an exception. When each phase of
a request begins is noted where it begins: aiohttp's tracing would cost 10 us more a request, knows
nothing of TLS and does not say which connection was used.
"""

import asyncio
import math
import socket
from functools import partial
from time import perf_counter
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import AddrInfoType, Connection

from exporter import __version__
from exporter.api import body, faults, tls
from exporter.api.names import FAMILIES, Names, join
from exporter.api.progress import Progress, current
from exporter.config.schema import Target
from exporter.wire import Exchange, Fault, Request

_MAX_ANSWER: Final = body.MAX_BODY + 1024 * 1024
"""The most bytes of an answer: heads, chunk sizes and all."""
_MAX_HEADER: Final = 64 * 1024
"""The most bytes of one header; aiohttp takes 128 of them at most."""
_KEEP_ALIVE: Final = 75.0
"""Seconds that an idle connection is kept: intervals of up to a minute re-use it."""
_HEADERS: Final = {
    "User-Agent": f"oran-mano-exporter/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
}


class Client:
    """Sends requests to one target.

    Idempotent requests share a pool of kept connections that never queues, each other one has a
    connection of its own. Cookies, redirects, the environment's proxies and remembered addresses
    would make a probe see something else than what is there: none is used.
    """

    def __init__(self, target: Target) -> None:
        """Prepare; connections come with the first request.

        Args:
            target: whose API it is.

        Raises:
            OSError: a file of ``tls`` cannot be read or used.
        """
        self.in_flight = 0
        """Requests on the wire now."""
        self._base = target.url
        self._family = FAMILIES[target.connection.ip_protocol]
        self._server_name = target.tls.server_name
        self._tls: tls.Context | bool = True
        if target.url.startswith("https:"):
            self._tls = tls.context_of(target.tls, _handshake)
        self._timeout = aiohttp.ClientTimeout(
            total=None,  # send() binds all of it
            connect=target.timeouts.connect,
            sock_read=target.timeouts.read,
            ceil_threshold=math.inf,  # or 10.2 s would be 11
        )
        self._resolver = _Resolver()
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def send(self, request: Request) -> Exchange | Fault:
        """Send a request and read the answer to its end.

        An idempotent request that finds its kept connection dead is sent again (RFC 9112, section
        9.3.1): its duration covers everything, its phases are those of the last connection.

        Args:
            request: what to send, below the target's URL.

        Returns:
            The answer, whatever its status, or why there is none.

        Raises:
            asyncio.CancelledError: the caller was cancelled.
        """
        progress = Progress()
        token = current.set(progress)
        response: aiohttp.ClientResponse | None = None
        self.in_flight += 1
        try:
            async with asyncio.timeout(request.timeout):
                response = await self._head(request, progress)
                faults.check_status(response.status)
                content = await body.read(response.content, response.headers, progress)
            return Exchange(progress.timing(), response.status, response.headers, content)
        except faults.ERRORS as error:
            return _fault(error, progress, response)
        finally:
            if response is not None and not response.closed:
                response.close()
            progress.leave()
            self.in_flight -= 1
            current.reset(token)

    async def close(self) -> None:
        """Close every connection. Requests in flight end as faults."""
        while self._sessions:
            await self._sessions.popitem()[1].close()
        await asyncio.sleep(0)  # what was aborted closes its socket in the loop's next turn

    async def _head(self, request: Request, progress: Progress) -> aiohttp.ClientResponse:
        url = join(self._base, request.path, self._family)
        session = self._sessions.get(request.idempotent) or self._open(keep=request.idempotent)
        while True:
            try:
                response = await session.request(
                    request.method,
                    url,
                    headers=request.headers,
                    data=request.body,
                    allow_redirects=False,
                    server_hostname=self._server_name,
                )
            except faults.LOST:
                if not progress.reused:
                    raise
                progress.restart()
            else:
                progress.receiving = perf_counter()
                return response

    def _open(self, *, keep: bool) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=_KEEP_ALIVE if keep else None,
            force_close=not keep,
            family=self._family,
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=_socket,
            ssl=self._tls,
        )
        protocol = partial(_Protocol, loop=asyncio.get_running_loop())
        connector._factory = protocol  # type: ignore[assignment]  # noqa: SLF001  # see there
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            timeout=self._timeout,
            auto_decompress=False,
            request_class=_Request,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        # It would repeat on a new connection too, and hide every other reset.
        session._retry_connection = False  # noqa: SLF001  # there is no public way
        self._sessions[keep] = session
        return session


def _fault(error: Exception, progress: Progress, response: aiohttp.ClientResponse | None) -> Fault:
    timing = progress.timing()
    reason, detail = faults.reason_of(error, progress.reached)
    if response is None:
        return Fault(timing, reason, detail)
    return Fault(timing, reason, detail, response.status, response.headers, progress.received)


class _Protocol(ResponseHandler):
    """Ends what aiohttp would go on with.

    It does not wake the reader of a body when the parser fails after the head; it takes a reset
    for the end of a body that only the end of the connection delimits (RFC 9112, section 8); and
    interim answers (RFC 9110, section 15.2) or tiny chunks without end would keep it busy until
    the time is over.
    """

    _received = 0  # bytes since the last request

    def begin(self) -> None:
        if len(self):  # what nobody asked for would be taken for the answer
            raise aiohttp.ServerDisconnectedError
        self._received = 0

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._received > _MAX_ANSWER:
            self.set_exception(faults.TooLargeError())
        else:
            super().data_received(data)
        if self._exception is not None:
            self._fail(self._exception)

    def connection_lost(self, exc: BaseException | None) -> None:
        if exc is not None:
            lost = aiohttp.ClientPayloadError()
            lost.__cause__ = exc
            self._fail(lost)
        super().connection_lost(exc)

    def _fail(self, error: BaseException) -> None:
        stream = self._payload
        if stream is not None and not stream.is_eof() and stream.exception() is None:
            stream.set_exception(error)
            stream.feed_eof()  # or one that was just woken by the end of a chunk waits again


# --- Where phases begin --------------------------------------------------------------------------


class _Resolver(AbstractResolver):
    def __init__(self) -> None:
        self._names = Names()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        current.get().resolving = perf_counter()
        return [*await self._names.look_up(host, port, family)]

    async def close(self) -> None:
        """Nothing is open."""


def _socket(address: AddrInfoType) -> socket.socket:
    current.get().connect()
    family, kind, protocol, _, _ = address
    return socket.socket(family, kind, protocol)


def _handshake(peer: tls.Peer) -> None:
    current.get().handshake(peer)


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        progress = current.get()
        progress.transport = conn.transport
        if progress.peer is None and conn.transport is not None and self.is_ssl():
            progress.peer = conn.transport.get_extra_info("ssl_object")
        progress.sending = perf_counter()
        if isinstance(conn.protocol, _Protocol):
            conn.protocol.begin()
        response = await super().send(conn)
        progress.waiting = perf_counter()
        return response
