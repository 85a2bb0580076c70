"""The connections of whoever reads: how many, and how long they may do nothing."""

import asyncio
import logging
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError
from msgspec import Struct

from exporter.logs.throttle import LogThrottle
from exporter.system.spare_descriptors import LISTENER
from exporter.web.routes import plain, signed

_LOOKS: Final = 3
"""How often it is looked, in the time that a write may make no progress."""
_BAD: Final = 400
_FAILED: Final = 500

_log = logging.getLogger(__name__)


class Limits(Struct, frozen=True):
    """What a client may take, in seconds and connections.

    ``head`` is how long a connection may have no whole request to answer: silent, with half of a
    head, or with one that drips; and how long the rest of a body may take that nobody reads.
    ``stuck`` is how long nothing of an answer may be taken.
    """

    head: float = 10.0
    stuck: float = 30.0
    connections: int = LISTENER


class ConnectionRoom:
    """A bounded number of connections; where it is full the one that was idle longest goes."""

    def __init__(self, most: int) -> None:
        """Begin empty."""
        self._most = most
        self._inside: set[ServedConnection] = set()
        self._seldom = LogThrottle()

    def enter(self, new: "ServedConnection") -> None:
        """Let a new one in, or turn it away where all others are busy."""
        self._inside.add(new)
        if len(self._inside) <= self._most:
            return
        idle = [each for each in self._inside if each.is_idle and each is not new]
        gone = min(idle, key=lambda each: each.idle_until, default=new)
        self.leave(gone)
        gone.end()
        if gone is new and (more := self._seldom.due("full")) is not None:
            fields = {"most": self._most, "not_logged_before": more or None}
            _log.warning("a connection is turned away: all are busy", extra={"fields": fields})

    def leave(self, gone: "ServedConnection") -> None:
        """One is over; it may have left before."""
        self._inside.discard(gone)


class ServedConnection(web.RequestHandler):
    """One connection.

    aiohttp bounds the time without a whole request (from 3.14.5 on), and neither that of a write
    nor the number of connections; and it answers what is no HTTP with its version, and a trace.
    """

    __slots__ = ("_left", "_looks", "_room", "_stuck", "_watch")

    def __init__(
        self, manager: web.Server, room: ConnectionRoom, limits: Limits, log: logging.Logger
    ) -> None:
        """Prepare for a connection that aiohttp's server answers; the log takes faults of ours."""
        super().__init__(
            manager,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.head,
            lingering_time=limits.head,
            access_log=None,  # type: ignore[arg-type]  # documented so
            logger=log,
            auto_decompress=False,  # no body is ever read
        )
        self._room = room
        self._stuck = limits.stuck
        self._watch: asyncio.TimerHandle | None = None
        self._left = self._looks = 0

    @property
    def is_idle(self) -> bool:
        """Whether it has no request to answer, and waits for one."""
        begun = self._request_count > 0
        return not self._messages and not (begun and self._waiter is None)

    @property
    def idle_until(self) -> float:
        """When it will have been idle for as long as it may, on the loop's clock."""
        return self._next_keepalive_close_time

    def end(self) -> None:
        """End it now, whatever was not sent yet."""
        transport = self.transport
        self.force_close()
        if transport is not None:
            transport.abort()

    async def shutdown(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as aiohttp has it
        """Give the answer under way so many seconds, then as many to heed that it is cancelled.

        aiohttp waits for it by a future that its time-out cancels: an answer that is done in that
        turn of the loop finds it cancelled, and that is a trace in the log.
        """
        self._force_close = True
        answering = self._task_handler
        if self._request_in_progress and answering is not None:
            _, late = await asyncio.wait({answering}, timeout=timeout)
            if late:
                answering.cancel()
                await asyncio.wait({answering}, timeout=timeout)
        await super().shutdown(timeout)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        # So that writing is paused while anything is left, and a request is over when all is sent.
        cast("asyncio.Transport", transport).set_write_buffer_limits(high=0)
        super().connection_made(transport)
        self._room.enter(self)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It is over."""
        self._unwatch()
        self._room.leave(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take all of it at once."""
        super().pause_writing()
        self._left, self._looks = self._unsent(), 0
        self._look_later()

    def resume_writing(self) -> None:
        """It took the rest."""
        self._unwatch()
        super().resume_writing()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = _FAILED,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, or what we failed to answer; only the last is logged."""
        del message  # it quotes what came
        if status == _BAD:
            response = plain("this is no valid HTTP request\n", _BAD)
        else:
            self.log_exception("a page failed: %s", request.path, exc_info=exc)
            response = plain("a fault of the exporter; its log has more\n", status)
        response.force_close()
        return signed(response)

    def log_exception(self, *args: Any, **kw: Any) -> None:  # noqa: ANN401  # as aiohttp has it
        """Log faults of ours alone: anybody could fill the log with broken requests."""
        if not isinstance(kw.get("exc_info"), _OF_CLIENTS):
            super().log_exception(*args, **kw)

    def _unsent(self) -> int:
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def _look_later(self) -> None:
        self._watch = asyncio.get_running_loop().call_later(self._stuck / _LOOKS, self._look)

    def _look(self) -> None:
        """End it where it took nothing for too long: what it does not take stays in memory."""
        unsent = self._unsent()
        if unsent < self._left:
            self._left, self._looks = unsent, 0
        else:
            self._looks += 1
        if self._looks < _LOOKS:
            self._look_later()
        else:
            self.end()

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None


_OF_CLIENTS: Final = (HttpProcessingError, RequestPayloadError, ConnectionError)
"""What a client can bring about."""
