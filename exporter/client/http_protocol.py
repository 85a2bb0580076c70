"""One connection: what is told of it, and the ends that aiohttp leaves open."""

import asyncio
from time import monotonic, perf_counter
from typing import Final, Literal, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

from exporter.client import errors
from exporter.client.tls import Peer
from exporter.model.exchange import MAX_BODY
from exporter.system.event_loop import turns_of

_MAX_ANSWER: Final = MAX_BODY + 1024 * 1024
"""The most bytes of an answer: heads, chunk sizes and all."""
_IPV4_NAME: Final = 2
"""Address and port; an IPv6 name has two parts more."""


class HttpProtocol(ResponseHandler):
    """Tells of its connection, and ends what aiohttp would go on with.

    Whatever is told is taken as the connection is made: asyncio's TLS lets go of it once it
    closes, and the end of an answer may be the end of its connection.

    aiohttp does not wake the reader of a body when the parser fails after the head; it takes a
    reset for the end of a body that only the end of the connection delimits (RFC 9112, section
    8); interim answers (RFC 9110, section 15.2) or tiny chunks without end would keep it busy
    until the time is over; and a connection in use would live as long as the server lets it.
    """

    ip_protocol: Literal[4, 6] | None = None
    tls: str | None = None
    """The version that was agreed on, such as ``TLSv1.3``; ``None`` without TLS."""
    certificate_expiry: float | None = None
    """As ``Peer.earliest_expiry``."""
    arrived = 0.0
    """When the last bytes came, on the performance counter, as far as the loop can tell."""
    lag = 0.0
    """Seconds by which that may be wrong: how long they may have waited for the loop."""
    busy = 0.0
    """``Turns.busy`` when the last request began to be sent."""

    _wire: asyncio.Transport | None = None  # aiohttp's own is gone once it is closed
    _failed = False
    _received = 0  # bytes since the last request
    _made = 0.0

    def __init__(self, max_age: float, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare for a connection that is replaced after ``max_age`` seconds."""
        super().__init__(loop)
        self._max_age = max_age
        self._turns = turns_of(loop)

    def begin(self) -> None:
        """A request is about to be sent.

        Raises:
            aiohttp.ServerDisconnectedError: the server said something unasked, or has not taken
                yet what it was asked before.
        """
        if len(self) or self.writing_paused:  # it would be taken for the answer
            raise aiohttp.ServerDisconnectedError
        self._received = 0
        self.busy = self._turns.busy()

    def write(self, request: bytes) -> None:
        """Send a request that is whole.

        Raises:
            aiohttp.ClientConnectionResetError: the connection is closing.
        """
        if self.transport is None or self.transport.is_closing():
            raise aiohttp.ClientConnectionResetError
        self.transport.write(request)

    def leave(self) -> None:
        """Leave nothing behind, if the connection is not kept.

        Closing is only its begin: what was not sent yet, and with TLS the server's consent, are
        waited for (30 s), while an endless body would go on coming.
        """
        if self._wire is not None and self._wire.is_closing():
            self._wire.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake, if there is one, is over."""
        self._made = monotonic()
        self._wire = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        if name is not None:
            self.ip_protocol = 6 if len(name) > _IPV4_NAME else 4
        peer = transport.get_extra_info("ssl_object")
        if isinstance(peer, Peer):
            self.tls, self.certificate_expiry = peer.version(), peer.earliest_expiry
        super().connection_made(transport)

    @property
    def should_close(self) -> bool:
        """Asked when a request is done with it."""
        return super().should_close or self._old

    def is_connected(self) -> bool:
        """Asked before it is used again, and from time to time."""
        return super().is_connected() and not self._old

    def close(self) -> None:
        """Nobody needs it any more.

        What is closing already is ended: to close it twice makes asyncio's TLS forget what there
        is to end. Nor is the consent of TLS waited for at the end of its age.
        """
        if self.transport is not None and (self._old or self.transport.is_closing()):
            self.abort()
        else:
            super().close()

    def data_received(self, data: bytes) -> None:
        """Bytes came; those after a fault are nobody's."""
        if self._failed:
            return
        self._date()
        self._received += len(data)
        if self._received > _MAX_ANSWER:
            self.set_exception(errors.TooLargeError(_MAX_ANSWER))
        else:
            super().data_received(data)
        if self._exception is not None:
            self._failed = True
            self._fail(self._exception)

    def eof_received(self) -> None:
        """No more bytes come: that may be the end of an answer."""
        self._date()
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        if exc is not None:
            lost = aiohttp.ClientPayloadError()
            lost.__cause__ = exc
            self._fail(lost)
        super().connection_lost(exc)

    def _date(self) -> None:
        self.arrived = self._turns.began
        self.lag = perf_counter() - self._turns.since

    @property
    def _old(self) -> bool:
        return monotonic() - self._made > self._max_age

    def _fail(self, error: BaseException) -> None:
        stream = self._payload
        if stream is not None and not stream.is_eof() and stream.exception() is None:
            stream.set_exception(error)
            stream.feed_eof()  # or one that was just woken by the end of a chunk waits again
