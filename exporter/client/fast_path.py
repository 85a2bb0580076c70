"""A GET that is prepared once and sent many times, for less than half of what a session costs.

This is the one file that leans on names below aiohttp's public surface. Whether they are there, in
a version that is known, is found out as it is imported. Where not, or where the environment says so
(``switches``), a GET goes through a session as all else does, with the same answers and faults.
"""

import asyncio
import math
from time import monotonic, perf_counter
from typing import Any, Final, cast

import aiohttp
from aiohttp import http_writer
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest, ConnectionKey
from aiohttp.connector import BaseConnector, Connection
from aiohttp.http_parser import RawResponseMessage

from exporter.client.connections import LIMITS, Order, Pool
from exporter.client.deadlines import EARLY
from exporter.client.http_protocol import HttpProtocol
from exporter.client.timing import CallTiming

_KNOWN: Final = "3.14."
_NAMES: Final[tuple[tuple[Any, tuple[str, ...]], ...]] = (
    (http_writer, ("_serialize_headers",)),
    (BaseConnector, ("connect", "_release")),
    (ClientRequest, ("connection_key", "is_ssl")),
    (ResponseHandler, ("_drop_timeout", "_on_read_timeout", "_reschedule_timeout")),
    (ResponseHandler, ("_parser", "_reading_paused")),
)
_SET_AT_FIRST: Final[tuple[tuple[type[Any], tuple[str, ...]], ...]] = (
    (BaseConnector, ("_acquired", "_conns", "_keepalive_timeout")),
    (Connection, ("_protocol",)),
    (ResponseHandler, ("_payload", "_read_timeout", "_read_timeout_handle", "_tail")),
)
_SWITCHING: Final = 101
_INTERIM: Final = range(100, 200)


def usable(version: str) -> bool:
    """Tell whether this aiohttp is one that what follows was written for."""
    return (
        version.startswith(_KNOWN)
        and all(hasattr(place, name) for place, names in _NAMES for name in names)
        and all(set(names) <= _set_by(kind) for kind, names in _SET_AT_FIRST)
    )


def _set_by(kind: type[Any]) -> frozenset[str]:
    """What its instances are made with; nothing is known of one that is not made in Python."""
    code = getattr(kind.__init__, "__code__", None)
    return frozenset(code.co_names if code is not None else ())


USABLE: Final = usable(aiohttp.__version__)


class FastProtocol(HttpProtocol):
    """A connection whose read time-out is one timer that moves, not two for each answer.

    While it is kept it has no parser, which would hold on to the last answer (6 KB).
    """

    _due: float | None = None

    def begin(self) -> None:
        """A request is about to be sent.

        Raises:
            aiohttp.ServerDisconnectedError: see ``HttpProtocol``.
        """
        if self._tail:  # came while there was no parser
            raise aiohttp.ServerDisconnectedError
        super().begin()

    def rest(self) -> None:
        """All of an answer came, and nothing more is asked for now."""
        self._parser = self._payload = None

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over, and with it the timer."""
        super().connection_lost(exc)
        if self._read_timeout_handle is not None:
            self._read_timeout_handle.cancel()
            self._read_timeout_handle = None

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002  # its name
        """Asked after each chunk, though hardly ever anything was paused."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def _reschedule_timeout(self) -> None:
        self._due = self._loop.time() + self._read_timeout if self._read_timeout else None
        if self._read_timeout_handle is None:
            self._look()

    def _drop_timeout(self) -> None:
        self._due = None

    def _look(self) -> None:
        self._read_timeout_handle = None
        if self._due is None:
            return
        if self._due <= self._loop.time() + EARLY:
            self._on_read_timeout()
        else:
            self._read_timeout_handle = self._loop.call_at(self._due, self._look)


class PreparedGet(ClientRequest):
    """A GET without a body, whole but for its ``traceparent``.

    To aiohttp's connector it is a request, which it opens connections for.
    """

    def __init__(self, order: Order, pool: Pool) -> None:
        """Prepare; nothing is opened.

        Raises:
            ValueError: a header has a character that none may have.
        """
        loop = asyncio.get_running_loop()
        super().__init__("GET", order.url, headers=order.headers, loop=loop, **order.way)
        self._connector = pool.connector
        self._timeout = pool.timeout
        self._idle = pool.connector._keepalive_timeout or 0.0
        self._key = super().connection_key
        if pool.connector.force_close:
            self.headers.setdefault("Connection", "close")
        path = str(self.url) if self.proxy and not self.is_ssl() else self.url.raw_path_qs
        head = http_writer._serialize_headers(f"GET {path} HTTP/1.1", self.headers)
        self._head = head.removesuffix(b"\r\n")

    @property
    def connection_key(self) -> ConnectionKey:
        """Which connections can carry it."""
        return self._key

    async def begin(self, traceparent: str, progress: CallTiming) -> "Answer":
        """Send it, and give the head of its answer.

        Raises:
            Exception: what a session raises, or what that would wrap.
        """
        end = f"traceparent: {traceparent}\r\n\r\n" if traceparent else "\r\n"
        protocol = self._kept()
        if protocol is None:
            protocol = await self._made()
        try:
            progress.sending = perf_counter()
            progress.protocol = protocol
            protocol.begin()
            protocol.set_response_params(
                read_until_eof=True,
                auto_decompress=False,
                read_timeout=self._timeout.sock_read,
                timeout_ceil_threshold=math.inf,
                **LIMITS,
            )
            protocol.start_timeout()
            protocol.write(self._head + end.encode())
            progress.waiting = perf_counter()
            message, content = await protocol.read()
            while message.code in _INTERIM and message.code != _SWITCHING:
                message, content = await protocol.read()
        except BaseException:
            self.leave(protocol, should_close=True)
            raise
        return Answer(message, content, self, protocol)

    def leave(self, protocol: FastProtocol, *, should_close: bool) -> None:
        """Give a connection back."""
        self._connector._release(self._key, protocol, should_close=should_close)
        if protocol.transport is not None:
            protocol.rest()

    def _kept(self) -> FastProtocol | None:
        """Take the one that was kept for longest, if that is as easy as it is nearly always."""
        connector, key = self._connector, self._key
        kept = connector._conns.get(key)
        if not kept:
            return None
        protocol, since = kept[0]
        if not protocol.is_connected() or monotonic() - since > self._idle:
            return None  # aiohttp looks at all of them, and closes what is of no use
        kept.popleft()
        if not kept:
            del connector._conns[key]
        connector._acquired.add(protocol)
        return cast("FastProtocol", protocol)

    async def _made(self) -> FastProtocol:
        try:
            connection = await self._connector.connect(self, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        protocol, connection._protocol = connection._protocol, None  # it is the answer's now
        return cast("FastProtocol", protocol)


class Answer:
    """The head of an answer, and its body as it comes: a ``Response``."""

    __slots__ = ("_get", "_protocol", "content", "headers", "status", "version")

    def __init__(
        self,
        message: RawResponseMessage,
        content: aiohttp.StreamReader,
        get: PreparedGet,
        protocol: FastProtocol,
    ) -> None:
        """Hold on to the connection until the body has come."""
        self.status, self.version, self.headers = message.code, message.version, message.headers
        self.content = content
        self._get = get
        self._protocol: FastProtocol | None = protocol
        content.on_eof(self._ended)

    @property
    def closed(self) -> bool:
        """Whether it has let go of its connection."""
        return self._protocol is None

    def release(self) -> None:
        """Let go of the connection; it is kept if all of the body came."""
        self._leave(should_close=False)

    def close(self) -> None:
        """Let go of the connection and end it."""
        self._leave(should_close=True)

    def _ended(self) -> None:
        """What became something else than HTTP is not kept, but closed by whoever sent."""
        if self.status != _SWITCHING:
            self._leave(should_close=False)

    def _leave(self, *, should_close: bool) -> None:
        protocol, self._protocol = self._protocol, None
        if protocol is not None:
            self._get.leave(protocol, should_close=should_close)
