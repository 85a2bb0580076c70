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

from exporter.model.reasons import Reason

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


class FailureRow(NamedTuple):
    """An error of this type, with this code and in this phase, has this reason.

    ``code`` is the verify code of a certificate, OpenSSL's name of a TLS error, the errno, the
    status that a proxy answered, why a redirect is not followed, or of what there is too much.
    """

    error: type[Exception]
    reason: Reason
    detail: str
    code: int | str | None = None
    phase: Phase | None = None


NO_CERTIFICATE: Final = "TLSV13_ALERT_CERTIFICATE_REQUIRED"
_CERTIFICATE: Final = ssl.SSLCertVerificationError
TOO_MANY: Final = "Too many"
TOO_LONG: Final = "Got more than"
"""How aiohttp words it: the first has no type of its own, and in a body neither keeps it."""
_SHAKE: Final = asyncio.constants.SSL_HANDSHAKE_TIMEOUT

TABLE: Final[tuple[FailureRow, ...]] = (
    # Not the server's doing
    FailureRow(OSError, "internal", "the exporter has too many open files", errno.EMFILE),
    FailureRow(OSError, "internal", "the machine has too many open files", errno.ENFILE),
    # Refused by the client
    FailureRow(TooLargeError, "too_large", "the answer is over {largest}"),
    FailureRow(
        http.HttpProcessingError, "too_large", "a line is over our limit of {line}", TOO_LONG
    ),
    FailureRow(
        http.HttpProcessingError, "too_large", "over {headers} headers, our limit", TOO_MANY
    ),
    FailureRow(CodingError, "body_invalid", "the body is cut short, or compressed too often"),
    FailureRow(zlib.error, "body_invalid", "the compressed body is broken"),
    FailureRow(StatusError, "protocol", "the status is outside of 200..599"),
    FailureRow(RedirectError, "redirect", "the redirects lead in a circle", "loop"),
    FailureRow(RedirectError, "redirect", "there were too many redirects", "many"),
    FailureRow(RedirectError, "redirect", "the redirect leaves TLS", "plain"),
    FailureRow(
        RedirectError, "redirect", "the redirect leads to where the token must not go", "bound"
    ),
    FailureRow(RedirectError, "redirect", "the redirect leads nowhere", "invalid"),
    # Certificates; the codes are OpenSSL's X509_V_ERR_*
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate is not valid yet", 9),
    FailureRow(_CERTIFICATE, "tls_expired", "the certificate has expired", 10),
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate is self-signed", 18),
    FailureRow(
        _CERTIFICATE, "tls_verify", "the chain ends in an unknown self-signed certificate", 19
    ),
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate's issuer is unknown", 20),
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate is for another name", 62),
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate is for another address", 64),
    FailureRow(_CERTIFICATE, "tls_verify", "the certificate cannot be trusted"),
    # A time-out has the reason of its phase
    FailureRow(TimeoutError, "dns", "the name was not resolved {within}", phase="dns"),
    FailureRow(
        TimeoutError, "connect_timeout", "no connection to {peer} {within}", phase="connect"
    ),
    FailureRow(
        TimeoutError, "tls_handshake", "the TLS handshake did not end {within}", phase="tls"
    ),
    FailureRow(
        ConnectionAbortedError, "tls_handshake", f"no TLS within Python's {_SHAKE:g} s", phase="tls"
    ),
    FailureRow(TimeoutError, "read_timeout", "the request was not taken {within}", phase="send"),
    FailureRow(TimeoutError, "read_timeout", "no answer {within}", phase="wait"),
    FailureRow(
        aiohttp.SocketTimeoutError, "read_timeout", "no more of the body {within}", phase="receive"
    ),
    FailureRow(TimeoutError, "read_timeout", "the body did not end {within}", phase="receive"),
    FailureRow(TimeoutError, "connect_timeout", "no connection was begun {within}"),
    # TLS
    FailureRow(ssl.SSLError, "reset", "TLS broke in the body", phase="receive"),
    FailureRow(ssl.SSLError, "tls_handshake", "{peer} does not speak TLS", "WRONG_VERSION_NUMBER"),
    FailureRow(ssl.SSLError, "tls_handshake", "{peer} wants a client certificate", NO_CERTIFICATE),
    FailureRow(ssl.SSLError, "tls_handshake", "the TLS handshake failed", phase="tls"),
    FailureRow(ssl.SSLError, "tls_handshake", "the server ended TLS with an alert"),
    FailureRow(OSError, "tls_handshake", "the connection ended in the TLS handshake", phase="tls"),
    # Names
    FailureRow(socket.gaierror, "dns", "there is no such name", socket.EAI_NONAME),
    FailureRow(socket.gaierror, "dns", "the name has no such address", socket.EAI_NODATA),
    FailureRow(socket.gaierror, "dns", "the name server does not answer", socket.EAI_AGAIN),
    FailureRow(OSError, "dns", "the name resolution failed", phase="dns"),
    FailureRow(UrlError, "dns", "the URL has no valid host and port"),
    FailureRow(FamilyError, "dns", "the host is an address that ip_protocol rules out"),
    FailureRow(UnicodeError, "dns", "the host is no valid name", phase="dns"),
    FailureRow(aiohttp.InvalidURL, "dns", "the host is no valid name or address"),
    # Connecting
    FailureRow(ConnectionRefusedError, "connect_refused", "connection refused by {peer}"),
    FailureRow(OSError, "connect_refused", "no route to {peer}", errno.EHOSTUNREACH),
    FailureRow(OSError, "connect_refused", "no route to the network of {peer}", errno.ENETUNREACH),
    FailureRow(OSError, "connect_refused", "connecting to {peer} is forbidden here", errno.EACCES),
    FailureRow(OSError, "connect_refused", "connecting to {peer} is forbidden here", errno.EPERM),
    FailureRow(
        OSError, "connect_refused", "no local address to reach {peer} from", errno.EADDRNOTAVAIL
    ),
    # Another process resets a connection so soon that it shows before anything was sent
    FailureRow(ConnectionResetError, "reset", "the connection was reset", phase="connect"),
    FailureRow(OSError, "reset", "the connection was reset", errno.ENOTCONN, "connect"),
    FailureRow(OSError, "connect_refused", "cannot connect to {peer}", phase="connect"),
    # A proxy's answer to CONNECT; that to a plain request cannot be told from the API's
    FailureRow(ProxyUrlError, "connect_refused", "the environment's proxy is no http://HOST:PORT"),
    FailureRow(aiohttp.ClientHttpProxyError, "http_4xx", "the proxy wants other credentials", 407),
    FailureRow(
        aiohttp.ClientHttpProxyError, "connect_timeout", "the proxy got no connection in time", 504
    ),
    FailureRow(aiohttp.ClientHttpProxyError, "connect_refused", "the proxy made no connection"),
    # The answer
    FailureRow(http.ContentLengthError, "reset", "the connection ended before the body did"),
    FailureRow(http.TransferEncodingError, "reset", "the connection ended before the body did"),
    FailureRow(http.HttpProcessingError, "protocol", "the answer is no valid HTTP"),
    FailureRow(aiohttp.ClientResponseError, "protocol", "the answer is no valid HTTP"),
    FailureRow(
        aiohttp.ServerDisconnectedError, "reset", "the connection ended before the answer did"
    ),
    FailureRow(aiohttp.ClientPayloadError, "reset", "the connection ended before the body did"),
    FailureRow(OSError, "reset", "the connection was reset in the body", phase="receive"),
    FailureRow(OSError, "reset", "the connection was reset"),
    FailureRow(aiohttp.ClientError, "reset", "the connection was lost"),
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


def check_status(status: int) -> None:
    """Refuse what no final answer has (RFC 9110, section 15).

    Raises:
        StatusError: it is outside of 200..599.
    """
    if status not in _STATUSES:
        raise StatusError
