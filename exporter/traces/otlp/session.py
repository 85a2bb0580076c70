"""What carries OTLP over HTTP: an answer of a bounded size, in a bounded time, and what came of it.

The library's time-out is for each read: a collector that drips would hold the thread for ever, and
the queue of spans with it. So an exchange is ended from outside, by its connection's socket.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from io import BytesIO
from pathlib import Path
from typing import Final

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import RequestException, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from exporter.client.proxies import Proxy
from exporter.system.regular_files import fixed
from exporter.traces.otlp.failures import Failures

MOST: Final = 1024 * 1024
"""Bytes of an answer, unpacked: OTLP's own has some dozens."""
_CHUNK: Final = 65536
_PATIENCE: Final = 10.0
"""Seconds, where nobody says how long to wait: the default of ``OTEL_EXPORTER_OTLP_TIMEOUT``."""


class Watched(Session):
    """A session like the SDK's own; each exchange has an end.

    It takes nothing from the environment: the library would use the proxies there for this machine
    too, and passwords out of ``.netrc``. ``failures`` is told what becomes of each request.
    """

    def __init__(self, failures: Failures, proxy: Proxy | None) -> None:
        """Send nothing yet."""
        super().__init__()
        self.trust_env = False
        if proxy is not None:
            self.proxies = dict.fromkeys(("http", "https"), proxy.reveal())
        self._failures = failures
        for scheme in ("http://", "https://"):
            self.mount(scheme, _Adapter())

    def send(self, request: PreparedRequest, **how: object) -> Response:
        """Send one, and read its answer wholly; ``timeout`` is for all of the exchange here.

        Raises:
            RequestException: there was none, none in time, or one that is too large.
        """
        limit = how.get("timeout")
        seconds = float(limit) if isinstance(limit, int | float) else _PATIENCE
        line, began = _Line(), time.monotonic()
        before = _LINE.set(line)
        timer = threading.Timer(seconds, line.cut)
        timer.daemon = True
        timer.start()
        try:
            _look_at(how.get("verify"), how.get("cert"))
            answer = _whole(super().send(request, **{**how, "stream": True}))
            line.check()
        except Exception as error:
            if time.monotonic() - began >= seconds:  # the library's own time-out is as long
                self._failures.reason = f"no whole answer within {seconds:g} s"
                raise Timeout(self._failures.reason) from error
            self._failures.raised(error)
            raise
        finally:
            timer.cancel()
            line.release()
            _LINE.reset(before)
        self._failures.answered(answer.status_code)
        return answer


def _look_at(*files: object) -> None:
    """Refuse files for TLS that would not end, now that the library is about to read them."""
    for file in files:
        match file:
            case str():
                with fixed(Path(file)):
                    pass
            case tuple():
                _look_at(*file)
            case _:
                pass


class AnswerTooLargeError(RequestException):
    """No collector answers so much."""

    def __init__(self) -> None:
        """Say how much is allowed."""
        super().__init__(0, f"the answer is larger than {MOST // 1024 // 1024} MiB")


class _Line:
    """The sockets of one exchange, to be shut by whoever waits no longer."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []
        self._lock = threading.Lock()
        self.is_cut = False

    def hold(self, connection: socket.socket) -> None:
        """Keep hold of a socket: a duplicate, as the library wraps and closes its own."""
        held = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._held.append(held)
            if self.is_cut:
                _shut(held)

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            for held in self._held:
                _shut(held)

    def check(self) -> None:
        """Raise where it was cut: what ends a body of no known length then looks like its end."""
        if self.is_cut:
            raise Timeout

    def release(self) -> None:
        with self._lock:
            for held in self._held:
                held.close()
            self._held.clear()


def _shut(held: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        held.shutdown(socket.SHUT_RDWR)


def _whole(response: Response) -> Response:
    """Read an answer, but never more than is allowed, however it is packed."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK):
        body += chunk
        if len(body) > MOST:
            response.close()
            raise AnswerTooLargeError
    answer = Response()
    answer.status_code, answer.reason = response.status_code, response.reason
    answer.headers, answer.url = response.headers, response.url
    answer.request, answer.raw = response.request, BytesIO(body)
    return answer


_LINE: Final[ContextVar[_Line | None]] = ContextVar("line", default=None)
"""Of the exchange that this thread is in."""


def _hold(connection: socket.socket | None) -> None:
    if connection is not None and (line := _LINE.get()) is not None:
        line.hold(connection)


class _Http(HTTPConnection):
    """Held from its beginning, and for each answer again."""

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        _hold(made)
        return made

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # by urllib3 itself
        _hold(self.sock)
        return super().getresponse()


class _Https(_Http, HTTPSConnection):
    """The same over TLS: the handshake is bounded too."""


class _Adapter(HTTPAdapter):
    """Makes connections that are held, through a proxy too."""

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: bool | str,  # noqa: FBT001  # as requests has it
        proxies: dict[str, str] | None = None,
        cert: str | tuple[str, str] | None = None,
    ) -> HTTPConnectionPool:
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        pool.ConnectionCls = _Https if isinstance(pool, HTTPSConnectionPool) else _Http
        return pool
