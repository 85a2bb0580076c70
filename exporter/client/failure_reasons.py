"""Why a call brought no answer: from the exception to the row of the table that tells."""

import ssl
from typing import Final, NamedTuple

import aiohttp
from aiohttp import http_exceptions as http

from exporter.client.errors import TABLE, TOO_LONG, TOO_MANY, Phase, RedirectError, TooLargeError
from exporter.model.exchange import MAX_HEADERS, MAX_LINE
from exporter.model.reasons import Reason


class Bounds(NamedTuple):
    """The time-outs of a request, in seconds; ``rest`` is what was left of ``total``."""

    connect: float
    read: float
    total: float
    rest: float


_ALMOST_ALL: Final = 0.99
"""Of the total time-out: what is spent before the first request is no news."""
_MILLISECONDS: Final = 3


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
            return next(filter(said.startswith, (TOO_MANY, TOO_LONG)), None)


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
