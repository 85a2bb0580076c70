"""How far a request got, and when: the stamps that phases and reasons are made of."""

import asyncio
import time
from contextvars import ContextVar
from time import perf_counter
from typing import Final

from exporter.client.errors import Phase
from exporter.client.http_protocol import HttpProtocol
from exporter.client.response import Response
from exporter.client.tls import Peer
from exporter.model.exchange import Timing
from exporter.model.observation import Phases, Transport
from exporter.system.event_loop import turns_of


class CallTiming:
    """One request under way. Each stamp is when that phase began; ``None``: not reached.

    A phase lasts until the next one that was reached began, the last one until the end. All of
    it is on the performance counter: the event loop's clock may be a coarse one. What is made ready
    before the first phase is no time of the API's, and an answer is dated as its bytes came, not as
    the loop got round to them.
    """

    __slots__ = (
        "_again", "_began", "_busy", "_lag", "_started", "_turns", "connecting", "handshaking",
        "peer", "protocol", "received", "receiving", "redirects", "resolving", "response",
        "sending", "starved", "waiting",
    )  # fmt: skip

    peer: Peer | None
    response: Response | None
    protocol: HttpProtocol | None
    starved: OSError | None
    """Why an address was not tried: no descriptor was left for it."""
    resolving: float | None
    connecting: float | None
    handshaking: float | None
    sending: float | None
    waiting: float | None
    receiving: float | None

    def __init__(self) -> None:
        """Begin now."""
        loop = asyncio.get_running_loop()
        self._turns = turns_of(loop)
        self._busy, self._lag = self._turns.busy(), 0.0
        self._started = loop.time()
        self._began = perf_counter()
        self.received = 0
        """Bytes of the body, as they came."""
        self.redirects = 0
        self.protocol = None
        self.restart()
        self._again = False

    def restart(self) -> None:
        """Begin anew on another connection; the time that was spent stays spent."""
        self._again = True
        self.leave()
        self.peer = self.protocol = self.response = self.starved = None
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

    def head(self) -> None:
        """The head of an answer is there."""
        self.receiving = self._arrival()

    @property
    def reached(self) -> Phase | None:
        """The last phase that was begun."""
        return next((phase for phase, began in self._begun() if began is not None), None)

    @property
    def reused(self) -> bool | None:
        """Whether a kept connection was used; ``None`` before there is a connection."""
        return None if self.sending is None else self.connecting is None

    def leave(self) -> None:
        """Leave no connection behind that is not kept."""
        if self.protocol is not None:
            self.protocol.leave()

    def answered(self) -> Timing:
        """Sum up, once all of an answer is there."""
        first = None if self._again else self.resolving or self.connecting or self.sending
        return self._timing(first or self._began, self._arrival(), perf_counter())

    def timing(self) -> Timing:
        """Sum up, where an answer is waited for no more."""
        now = perf_counter()
        self._lag = max(self._lag, now - self._turns.since)
        return self._timing(self._began, now, now)

    def _arrival(self) -> float:
        """When the last bytes came."""
        if self.protocol is None:
            return perf_counter()
        self._lag = max(self._lag, self.protocol.lag)
        return self.protocol.arrived

    def _timing(self, began: float, end: float, now: float) -> Timing:
        connected = self._turns.busy() if self.protocol is None else self.protocol.busy
        return Timing(
            at=time.time() - (now - end),
            started=self._started + (began - self._began),
            duration=end - began,
            phases=self._phases(end),
            reused=self.reused,
            certificate_expiry=self._certificate_expiry(),
            transport=self._carried(),
            lag=self._lag + connected - self._busy,
        )

    def _certificate_expiry(self) -> float | None:
        if self.protocol is not None:
            return self.protocol.certificate_expiry
        return None if self.peer is None else self.peer.earliest_expiry  # it was refused

    def _carried(self) -> Transport | None:
        if self.protocol is None:
            return None
        version = None if self.response is None else self.response.version
        return Transport(
            ip_protocol=self.protocol.ip_protocol,
            http=None if version is None else f"{version.major}.{version.minor}",
            tls=self.protocol.tls,
            redirects=self.redirects,
        )

    def _phases(self, end: float) -> Phases:
        lasted: dict[str, float] = {}
        for phase, began in self._begun():
            if began is not None:
                lasted[phase] = max(0.0, end - began)
                end = min(end, began)
        return Phases(**lasted)

    def _begun(self) -> tuple[tuple[Phase, float | None], ...]:
        """When each phase began, from the last to the first."""
        return (
            ("receive", self.receiving),
            ("wait", self.waiting),
            ("send", self.sending),
            ("tls", self.handshaking),
            ("connect", self.connecting),
            ("dns", self.resolving),
        )


current: Final[ContextVar[CallTiming]] = ContextVar("current")
"""The request that the running task is about."""
