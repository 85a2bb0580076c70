"""Why a call brought no answer: one table from the exception to its reason.

Whatever a server or the network may do has a row; what has none is a bug of ours, and is not
caught. Of aiohttp's client only the exceptions are used here.
"""

import asyncio.constants
import errno
import socket
import ssl
import zlib
from typing import Final, Literal, NamedTuple, TypeAlias

import aiohttp
from aiohttp import http_exceptions as http

from exporter.observation import Reason
from exporter.wire import MAX_HEADERS, MAX_LINE

Phase: TypeAlias = Literal["dns", "connect", "tls", "send", "wait", "receive"]


class RefusedError(Exception):
    """The client itself refuses to go on."""


class TooLargeError(RefusedError):
    """The answer is larger than ``largest``, in bytes."""

    def __init__(self, largest: int) -> None:
        """Say what would have been bearable."""
        super().__init__(largest)
        self.largest = largest


class CodingError(RefusedError):
    """A content coding is cut short, or there are too many of them."""


class StatusError(RefusedError):
    """The status is outside of 200..599."""


class UrlError(RefusedError):
    """The target's URL has no host or port that could be asked."""


class FamilyError(RefusedError):
    """The host is an address that ``connection.ip_protocol`` rules out."""


class ProxyUrlError(RefusedError):
    """The environment names a proxy that cannot be used."""


class RedirectError(RefusedError):
    """A redirect that is not followed. ``why`` has rows of its own."""

    def __init__(self, why: Literal["loop", "many", "plain", "bound", "invalid"]) -> None:
        """Say why not."""
        super().__init__(why)
        self.why = why


class Row(NamedTuple):
    """An error of this type, with this code and in this phase, has this reason.

    ``code`` is the verify code of a certificate, OpenSSL's name of a TLS error, the errno, the
    status that a proxy answered, why a redirect is not followed, or of what there is too much.
    """

    error: type[Exception]
    reason: Reason
    detail: str
    code: int | str | None = None
    phase: Phase | None = None


class Bounds(NamedTuple):
    """The time-outs of a request, in seconds; ``rest`` is what was left of ``total``."""

    connect: float
    read: float
    total: float
    rest: float


NO_CERTIFICATE: Final = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
_CERTIFICATE: Final = ssl.SSLCertVerificationError
_TOO_MANY: Final = "Too many"
_TOO_LONG: Final = "Got more than"
"""How aiohttp words it: the first has no type of its own, and in a body neither keeps it."""
_SHAKE: Final = asyncio.constants.SSL_HANDSHAKE_TIMEOUT

TABLE: Final[tuple[Row, ...]] = (
    # Not the server's doing
    Row(OSError, "internal", "the exporter has too many open files", errno.EMFILE),
    Row(OSError, "internal", "the machine has too many open files", errno.ENFILE),
    # Refused by the client
    Row(TooLargeError, "too_large", "the answer is over {largest}"),
    Row(http.HttpProcessingError, "too_large", "a line is over our limit of {line}", _TOO_LONG),
    Row(http.HttpProcessingError, "too_large", "over {headers} headers, our limit", _TOO_MANY),
    Row(CodingError, "body_invalid", "the body is cut short, or compressed too often"),
    Row(zlib.error, "body_invalid", "the compressed body is broken"),
    Row(StatusError, "protocol", "the status is outside of 200..599"),
    Row(RedirectError, "redirect", "the redirects lead in a circle", "loop"),
    Row(RedirectError, "redirect", "there were too many redirects", "many"),
    Row(RedirectError, "redirect", "the redirect leaves TLS", "plain"),
    Row(RedirectError, "redirect", "the redirect leads to where the token must not go", "bound"),
    Row(RedirectError, "redirect", "the redirect leads nowhere", "invalid"),
    # Certificates; the codes are OpenSSL's X509_V_ERR_*
    Row(_CERTIFICATE, "tls_verify", "the certificate is not valid yet", 9),
    Row(_CERTIFICATE, "tls_expired", "the certificate has expired", 10),
    Row(_CERTIFICATE, "tls_verify", "the certificate is self-signed", 18),
    Row(_CERTIFICATE, "tls_verify", "the chain ends in an unknown self-signed certificate", 19),
    Row(_CERTIFICATE, "tls_verify", "the certificate's issuer is unknown", 20),
    Row(_CERTIFICATE, "tls_verify", "the certificate is for another name", 62),
    Row(_CERTIFICATE, "tls_verify", "the certificate is for another address", 64),
    Row(_CERTIFICATE, "tls_verify", "the certificate cannot be trusted"),
    # A time-out has the reason of its phase
    Row(TimeoutError, "dns", "the name was not resolved {within}", phase="dns"),
    Row(TimeoutError, "connect_timeout", "no connection to {peer} {within}", phase="connect"),
    Row(TimeoutError, "tls_handshake", "the TLS handshake did not end {within}", phase="tls"),
    Row(
        ConnectionAbortedError, "tls_handshake", f"no TLS within Python's {_SHAKE:g} s", phase="tls"
    ),
    Row(TimeoutError, "read_timeout", "the request was not taken {within}", phase="send"),
    Row(TimeoutError, "read_timeout", "no answer {within}", phase="wait"),
    Row(
        aiohttp.SocketTimeoutError, "read_timeout", "no more of the body {within}", phase="receive"
    ),
    Row(TimeoutError, "read_timeout", "the body did not end {within}", phase="receive"),
    Row(TimeoutError, "connect_timeout", "no connection was begun {within}"),
    # TLS
    Row(ssl.SSLError, "reset", "TLS broke in the body", phase="receive"),
    Row(ssl.SSLError, "tls_handshake", "{peer} does not speak TLS", "WRONG_VERSION_NUMBER"),
    Row(ssl.SSLError, "tls_handshake", "{peer} wants a client certificate", NO_CERTIFICATE),
    Row(ssl.SSLError, "tls_handshake", "the TLS handshake failed", phase="tls"),
    Row(ssl.SSLError, "tls_handshake", "the server ended TLS with an alert"),
    Row(OSError, "tls_handshake", "the connection ended in the TLS handshake", phase="tls"),
    # Names
    Row(socket.gaierror, "dns", "there is no such name", socket.EAI_NONAME),
    Row(socket.gaierror, "dns", "the name has no such address", socket.EAI_NODATA),
    Row(socket.gaierror, "dns", "the name server does not answer", socket.EAI_AGAIN),
    Row(OSError, "dns", "the name resolution failed", phase="dns"),
    Row(UrlError, "dns", "the URL has no valid host and port"),
    Row(FamilyError, "dns", "the host is an address that ip_protocol rules out"),
    Row(UnicodeError, "dns", "the host is no valid name", phase="dns"),
    Row(aiohttp.InvalidURL, "dns", "the host is no valid name or address"),
    # Connecting
    Row(ConnectionRefusedError, "connect_refused", "connection refused by {peer}"),
    Row(OSError, "connect_refused", "no route to {peer}", errno.EHOSTUNREACH),
    Row(OSError, "connect_refused", "no route to the network of {peer}", errno.ENETUNREACH),
    Row(OSError, "connect_refused", "connecting to {peer} is forbidden here", errno.EACCES),
    Row(OSError, "connect_refused", "connecting to {peer} is forbidden here", errno.EPERM),
    Row(OSError, "connect_refused", "no local address to reach {peer} from", errno.EADDRNOTAVAIL),
    # Another process resets a connection so soon that it shows before anything was sent
    Row(ConnectionResetError, "reset", "the connection was reset", phase="connect"),
    Row(OSError, "reset", "the connection was reset", errno.ENOTCONN, "connect"),
    Row(OSError, "connect_refused", "cannot connect to {peer}", phase="connect"),
    # A proxy's answer to CONNECT; that to a plain request cannot be told from the API's
    Row(ProxyUrlError, "connect_refused", "the environment's proxy is no http://HOST:PORT"),
    Row(aiohttp.ClientHttpProxyError, "http_4xx", "the proxy wants other credentials", 407),
    Row(
        aiohttp.ClientHttpProxyError, "connect_timeout", "the proxy got no connection in time", 504
    ),
    Row(aiohttp.ClientHttpProxyError, "connect_refused", "the proxy made no connection"),
    # The answer
    Row(http.ContentLengthError, "reset", "the connection ended before the body did"),
    Row(http.TransferEncodingError, "reset", "the connection ended before the body did"),
    Row(http.HttpProcessingError, "protocol", "the answer is no valid HTTP"),
    Row(aiohttp.ClientResponseError, "protocol", "the answer is no valid HTTP"),
    Row(aiohttp.ServerDisconnectedError, "reset", "the connection ended before the answer did"),
    Row(aiohttp.ClientPayloadError, "reset", "the connection ended before the body did"),
    Row(OSError, "reset", "the connection was reset in the body", phase="receive"),
    Row(OSError, "reset", "the connection was reset"),
    Row(aiohttp.ClientError, "reset", "the connection was lost"),
)

OURS: Final = tuple(row.code for row in TABLE if row.reason == "internal")
"""Codes of errors that say nothing of the server."""
ERRORS: Final = tuple({row.error for row in TABLE})
"""What to catch."""
LOST: Final = (
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionResetError,
    aiohttp.ServerDisconnectedError,
)
"""How it shows on a kept connection that the server closed it meanwhile."""
_STATUSES: Final = range(200, 600)
_ALMOST_ALL: Final = 0.99
"""Of the total time-out: what is spent before the first request is no news."""
_MILLISECONDS: Final = 3


def check_status(status: int) -> None:
    """Refuse what no final answer has (RFC 9110, section 15).

    Raises:
        StatusError: it is outside of 200..599.
    """
    if status not in _STATUSES:
        raise StatusError


def reason_of(error: Exception, reached: Phase | None, bounds: Bounds) -> tuple[Reason, str]:
    """Tell why a call failed: the reason, and a few words of ours for a person.

    Args:
        error: one of ``ERRORS``.
        reached: the last phase that was begun; ``None`` where none was.
        bounds: the time-outs that were over it.

    Raises:
        Exception: the error itself, where there is no row for it.
    """
    root = _root(error)
    code = _code(root)
    for row in TABLE:
        if (
            isinstance(root, row.error)
            and row.code in (None, code)
            and row.phase in (None, reached)
        ):
            return row.reason, row.detail.format(
                peer=_peer(error),
                largest=_largest(error),
                within=_within(error, bounds),
                line=f"{MAX_LINE >> 10} KiB",
                headers=MAX_HEADERS,
            )
    raise error


def _root(error: BaseException) -> BaseException:
    """The error of the system, of OpenSSL or of the parser, which aiohttp wraps."""
    while isinstance(error.__cause__, OSError | http.HttpProcessingError):
        error = error.__cause__
    return error


def _code(error: BaseException) -> int | str | None:
    match error:
        case ssl.SSLCertVerificationError():
            return getattr(error, "verify_code", None)
        case ssl.SSLError():
            return getattr(error, "reason", None)
        case OSError():
            return error.errno
        case aiohttp.ClientHttpProxyError():
            return error.status
        case RedirectError():
            return error.why
        case _:
            said = error.message if isinstance(error, http.HttpProcessingError) else ""
            return next(filter(said.startswith, (_TOO_MANY, _TOO_LONG)), None)


def _peer(error: Exception) -> str:
    if not isinstance(error, aiohttp.ClientConnectorError):
        return "the server"
    host = f"[{error.host}]" if ":" in error.host else error.host
    return f"{host}:{error.port}"


def _largest(error: Exception) -> str:
    return f"{error.largest / 2**20:.3g} MiB" if isinstance(error, TooLargeError) else "the limit"


def _within(error: Exception, bounds: Bounds) -> str:
    """Which time-out ended it: aiohttp's two have types of their own."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"within the connect time-out of {_seconds(bounds.connect)}"
    if isinstance(error, aiohttp.SocketTimeoutError):
        return f"within the read time-out of {_seconds(bounds.read)}"
    if isinstance(_code(_root(error)), int):
        return "within the time that the system gives it"
    total = f"the total time-out of {_seconds(bounds.total)}"
    if bounds.rest < _ALMOST_ALL * bounds.total:
        return f"in the {_seconds(bounds.rest)} left of {total}"
    return f"within {total}"


def _seconds(seconds: float) -> str:
    return f"{round(float(seconds), _MILLISECONDS):g} s"
