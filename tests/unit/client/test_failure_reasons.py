"""The table of reasons by itself."""

import errno
import ssl
import typing

import aiohttp
import pytest
from aiohttp import http_exceptions as http

from exporter.client import failure_reasons
from exporter.client.errors import ERRORS, TABLE, FailureRow, Phase
from exporter.client.failure_reasons import Bounds
from exporter.model.reasons import Reason

PHASES: tuple[Phase | None, ...] = (None, *typing.get_args(Phase))


def reason_of(error: Exception, phase: Phase | None) -> tuple[Reason, str]:
    return failure_reasons.reason_of(error, phase, Bounds(10, 30, 27, 27))


def covers(earlier: FailureRow, later: FailureRow) -> bool:
    """Whatever suits the later one suits the earlier one too."""
    return (
        issubclass(later.error, earlier.error)
        and earlier.code in (None, later.code)
        and earlier.phase in (None, later.phase)
    )


def test_no_row_hides_a_later_one() -> None:
    for place, row in enumerate(TABLE):
        assert not [earlier for earlier in TABLE[:place] if covers(earlier, row)], row


def test_every_reason_and_phase_is_one_that_exists() -> None:
    for row in TABLE:
        assert row.reason in typing.get_args(Reason)
        assert row.phase in PHASES


def test_only_our_own_lack_of_files_is_internal() -> None:
    internal = [row for row in TABLE if row.reason == "internal"]
    assert [row.code for row in internal] == [errno.EMFILE, errno.ENFILE]


@pytest.mark.parametrize("phase", PHASES)
def test_whatever_errno_has_a_reason(phase: Phase | None) -> None:
    for code in (*errno.errorcode, None, 9999):
        error = OSError(code, "text of the system") if code else OSError("text of the system")
        reason, detail = reason_of(error, phase)
        assert (reason == "internal") == (code in (errno.EMFILE, errno.ENFILE))
        assert "text" not in detail
        assert "{" not in detail


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EHOSTUNREACH, "no route to mano.example:80"),
        (errno.ENETUNREACH, "no route to the network of mano.example:80"),
        (errno.ECONNREFUSED, "connection refused by mano.example:80"),
        (errno.EACCES, "connecting to mano.example:80 is forbidden here"),
        (errno.EPERM, "connecting to mano.example:80 is forbidden here"),
        (errno.EADDRNOTAVAIL, "no local address to reach mano.example:80 from"),
        (errno.EINVAL, "cannot connect to mano.example:80"),
    ],
)
def test_how_a_connection_fails(code: int, words: str) -> None:
    assert reason_of(failed(OSError(code, "x")), "connect") == ("connect_refused", words)


def test_the_kernels_own_time_out() -> None:
    error = failed(OSError(errno.ETIMEDOUT, "x"))
    assert reason_of(error, "connect")[0] == "connect_timeout"
    assert reason_of(error, "receive")[0] == "read_timeout"


def test_all_addresses_failed_in_different_ways() -> None:
    assert reason_of(failed(OSError("Multiple exceptions: ...")), "connect")[0] == "connect_refused"


def test_an_ipv6_address_is_written_in_brackets() -> None:
    error = failed(OSError(errno.ECONNREFUSED, "x"), host="::1")
    assert reason_of(error, "connect")[1] == "connection refused by [::1]:80"


def test_what_the_server_sent_is_not_repeated() -> None:
    for kind, expected in (
        (http.BadStatusLine, "protocol"),
        (http.LineTooLong, "too_large"),
        (http.InvalidHeader, "protocol"),
    ):
        error = aiohttp.ClientPayloadError("secret")
        error.__cause__ = kind("secret")
        reason, detail = reason_of(error, "wait")
        assert reason == expected
        assert "secret" not in detail


def test_tls_that_breaks_in_a_body_is_a_reset() -> None:
    assert reason_of(ssl.SSLError(1, "x"), "receive")[0] == "reset"


def test_what_has_no_row_is_raised() -> None:
    error = UnicodeEncodeError("ascii", "ü", 0, 1, "a header of ours")
    with pytest.raises(UnicodeEncodeError) as raised:
        reason_of(error, "send")
    assert raised.value is error
    with pytest.raises(KeyError):
        reason_of(KeyError(), None)
    assert not issubclass(KeyError, ERRORS)


def failed(error: OSError, host: str = "mano.example") -> aiohttp.ClientConnectorError:
    key = aiohttp.client_reqrep.ConnectionKey(host, 80, False, True, None, None, None)  # noqa: FBT003
    wrapped = aiohttp.ClientConnectorError(key, error)
    wrapped.__cause__ = error
    return wrapped
