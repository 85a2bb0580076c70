"""How far a request got, and when: the stamps that phases and reasons are made of."""

import asyncio
import time
from contextvars import ContextVar
from time import perf_counter
from typing import Final

from aiohttp import ClientResponse

from exporter.api.faults import Phase
from exporter.api.tls import Peer
from exporter.observation import Phases, Transport
from exporter.wire import Timing

_IPV4_NAME: Final = 2
"""Address and port; an IPv6 name has two parts more."""


class Progress:
    """One request under way. Each stamp is when that phase began; ``None``: not reached.

    A phase lasts until the next one that was reached began, the last one until the end. All of
    it is on the performance counter: the event loop's clock may be a coarse one.
    """

    __slots__ = (
        "_began", "_started", "connecting", "handshaking", "peer", "received",
        "receiving", "redirects", "resolving", "response", "sending", "transport", "waiting",
    )  # fmt: skip

    peer: Peer | None
    response: ClientResponse | None
    transport: asyncio.Transport | None
    resolving: float | None
    connecting: float | None
    handshaking: float | None
    sending: float | None
    waiting: float | None
    receiving: float | None

    def __init__(self) -> None:
        """Begin now."""
        self._started = asyncio.get_running_loop().time()
        self._began = perf_counter()
        self.received = 0
        """Bytes of the body, as they came."""
        self.redirects = 0
        self.transport = None
        self.restart()

    def restart(self) -> None:
        """Begin anew on another connection; the time that was spent stays spent."""
        self.leave()
        self.peer = self.transport = self.response = None
        self.resolving = self.connecting = self.handshaking = None
        self.sending = self.waiting = self.receiving = None

    def connect(self) -> None:
        """A socket is made: the first one, or the next after an address that failed."""
        if self.connecting is None:
            self.connecting = perf_counter()
        self.handshaking = None

    def handshake(self, peer: Peer) -> None:
        """The TLS handshake begins."""
        self.handshaking = perf_counter()
        self.peer = peer

    @property
    def reached(self) -> Phase | None:
        """The last phase that was begun."""
        if self.receiving is not None:
            return "receive"
        if self.waiting is not None:
            return "wait"
        if self.sending is not None:
            return "send"
        if self.handshaking is not None:
            return "tls"
        if self.connecting is not None:
            return "connect"
        return None if self.resolving is None else "dns"

    @property
    def reused(self) -> bool | None:
        """Whether a kept connection was used; ``None`` before there is a connection."""
        return None if self.sending is None else self.connecting is None

    def leave(self) -> None:
        """Leave no connection behind that is not kept.

        Closing is only its begin: what was not sent yet, and with TLS the server's consent, are
        waited for (30 s), while an endless body would go on coming.
        """
        if self.transport is not None and self.transport.is_closing():
            self.transport.abort()

    def timing(self) -> Timing:
        """Sum up, at the end."""
        end = perf_counter()
        return Timing(
            at=time.time(),
            started=self._started,
            duration=end - self._began,
            phases=self._phases(end),
            reused=self.reused,
            certificate_expiry=None if self.peer is None else self.peer.earliest_expiry,
            transport=self._carried(),
        )

    def _carried(self) -> Transport | None:
        if self.transport is None:
            return None
        name = self.transport.get_extra_info("peername")
        version = None if self.response is None else self.response.version
        return Transport(
            ip_protocol=None if name is None else 6 if len(name) > _IPV4_NAME else 4,
            http=None if version is None else f"{version.major}.{version.minor}",
            tls=None if self.peer is None else self.peer.version(),
            redirects=self.redirects,
        )

    def _phases(self, end: float) -> Phases:
        begun = (
            self.receiving, self.waiting, self.sending,
            self.handshaking, self.connecting, self.resolving,
        )  # fmt: skip
        lasted: list[float | None] = []
        for start in begun:  # from the last to the first
            if start is None:
                lasted.append(None)
            else:
                lasted.append(end - start)
                end = start
        receive, wait, send, tls, connect, dns = lasted
        return Phases(None, dns, connect, tls, send, wait, receive)


current: Final[ContextVar[Progress]] = ContextVar("current")
"""The request that the running task is about."""
