"""Getting a token, without a socket: requests out, answers in (guide, "JWT Token Management")."""

import base64
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from exporter.api.headers import http_date
from exporter.wire import Exchange, Request

_UNKNOWN_LIFETIME: Final = 3600.0
"""Seconds taken where the answer names none: the guide's own example. A 401 corrects it."""
_LONGEST_LIFETIME: Final = 10 * 365 * 86400.0
_EARLY: Final = 300.0
_EARLY_SHARE: Final = 0.2
_TOLERANCE: Final = 60.0
"""Seconds by which clocks may disagree before one of them is not believed."""
_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Grant(Struct, frozen=True):
    """What a login or a refresh gave.

    ``lifetime`` is in seconds from the answer on; ``skew`` is by how many the server's clock is
    ahead of ours, ``None`` where it did not tell.
    """

    access_token: str
    refresh_token: str | None
    lifetime: float
    skew: float | None

    @property
    def early(self) -> float:
        """How long before its end a token is renewed, in seconds.

        The guide's 5 minutes, or a fifth of a short life.
        """
        return min(_EARLY, self.lifetime * _EARLY_SHARE)

    def __repr__(self) -> str:
        """Never the tokens."""
        return f"Grant(lifetime={self.lifetime}, skew={self.skew})"


class _Answer(Struct):
    access_token: str
    refresh_token: str | None = None
    expires_in: float | None = None


class BadGrantError(ValueError):
    """An answer that gives no usable token. Its text is ours, never the server's."""


def login_request(path: str, username: str, password: str, timeout: float) -> Request:
    """Ask for a token with an account.

    Args:
        path: of the login, below the base URL.
        username: of the account.
        password: of the account; it goes into the body and nowhere else.
        timeout: of the whole exchange, in seconds.

    Returns:
        The request.
    """
    body = msgspec.json.encode({"username": username, "password": password})
    return Request("POST", path, _JSON, timeout, body, essential=True)


def refresh_request(path: str, refresh_token: str, timeout: float) -> Request:
    """Ask for a token with what the last grant gave for that.

    Args:
        path: of the refresh, below the base URL.
        refresh_token: of the last grant.
        timeout: of the whole exchange, in seconds.

    Returns:
        The request.
    """
    body = msgspec.json.encode({"refresh_token": refresh_token})
    return Request("POST", path, _JSON, timeout, body, essential=True)


def client_credentials_request(
    url: str, client_id: str, client_secret: str, scopes: Sequence[str], timeout: float
) -> Request:
    """Ask an authorization server for a token (RFC 6749, sections 4.4 and 2.3.1).

    Args:
        url: of its token endpoint.
        client_id: of the client.
        client_secret: of the client.
        scopes: to ask for; none are sent where there are none.
        timeout: of the whole exchange, in seconds.

    Returns:
        The request.
    """
    form = {"grant_type": "client_credentials"}
    if scopes:
        form["scope"] = " ".join(scopes)
    # Both are form-encoded before they are put together (RFC 6749, section 2.3.1).
    basic = basic_authorization(quote(client_id, safe=""), quote(client_secret, safe=""))
    headers = {**_FORM, "Authorization": basic}
    return Request("POST", url, headers, timeout, urlencode(form).encode(), essential=True)


def basic_authorization(username: str, password: str) -> str:
    """The value of ``Authorization`` (RFC 7617, section 2).

    Args:
        username: of the account.
        password: of the account.

    Returns:
        The header's value.
    """
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def bearer_authorization(token: str) -> str:
    """The value of ``Authorization`` (RFC 6750, section 2.1).

    Args:
        token: as it was given.

    Returns:
        The header's value.

    Raises:
        BadGrantError: it cannot be sent in a header.
    """
    if not token or not token.isascii() or not token.isprintable():
        raise BadGrantError("the access_token cannot be sent in a header")
    return f"Bearer {token}"


def grant_of(exchange: Exchange) -> Grant:
    """Read a token and its lifetime out of a successful answer.

    Args:
        exchange: an answer with a status of 2xx.

    Returns:
        The grant. Its lifetime is that of the JWT's ``exp`` (RFC 7519, section 4.1.4), else what
        ``expires_in`` says (RFC 6749, section 5.1).

    Raises:
        BadGrantError: there is no token in it, or one that is over already.
    """
    try:
        answer = msgspec.json.decode(exchange.body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadGrantError("the answer has no access_token") from None
    bearer_authorization(answer.access_token)
    server = server_time(exchange.headers.get("Date"))
    now = exchange.timing.at
    lifetime = token_lifetime(answer.access_token, answer.expires_in, now, server)
    if lifetime is None:
        lifetime = _UNKNOWN_LIFETIME
    skew = None if server is None else server - now
    return Grant(answer.access_token, answer.refresh_token, lifetime, skew)


def server_time(date: str | None) -> float | None:
    """What time a server thinks it is.

    Args:
        date: the header ``Date`` (RFC 9110, section 6.6.1).

    Returns:
        Unix seconds; ``None`` where it is absent or cannot be read.
    """
    if date is None:
        return None
    return http_date(date)


def token_lifetime(
    token: str, expires_in: float | None, now: float, server: float | None
) -> float | None:
    """How long a token can still be used.

    The end in a JWT is on its issuer's clock. The server's ``Date`` tells that clock, ours is the
    next best; a clock by which the token had longer to live than it was issued for, or was over
    before it came, is not believed while the other one makes sense.

    Args:
        token: a JWT, or opaque.
        expires_in: seconds, as the answer says; it counts for what is no JWT.
        now: Unix seconds, ours.
        server: the same, the server's, where that is known.

    Returns:
        Seconds, more than 0; ``None`` where neither the token nor the answer tells.

    Raises:
        BadGrantError: by every clock it is over.
    """
    claims = _claims(token)
    expires = _number(claims.get("exp"))
    if expires is None:
        return None if expires_in is None else _positive(expires_in)
    issued = _number(claims.get("iat"))
    span = expires_in or _LONGEST_LIFETIME if issued is None else expires - issued
    clocks = [clock for clock in (server, now) if clock is not None]
    left = [expires - clock for clock in clocks]
    for seconds in left:
        if 0 < seconds <= span + _TOLERANCE:
            return _positive(min(seconds, span))
    if all(seconds <= 0 for seconds in left):
        raise BadGrantError("the access_token is expired already")
    return _positive(span)


def _positive(seconds: float) -> float:
    if not seconds > 0:
        raise BadGrantError("the access_token is expired already")
    return min(seconds, _LONGEST_LIFETIME)


def _claims(token: str) -> dict[str, object]:
    import jwt  # noqa: PLC0415  # megabytes that only those who log in have to pay for

    try:
        claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    return claims


def _number(value: object) -> float | None:
    """A NumericDate (RFC 7519, section 2), if that is what it is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    number = min(max(value, -1e15), 1e15)
    return float(number) if number == number else None  # noqa: PLR0124  # not a number
