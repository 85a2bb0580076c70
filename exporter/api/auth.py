"""Getting a token, without a socket: requests out, answers in (guide, "JWT Token Management")."""

from typing import Final

import jwt
import msgspec
from msgspec import Struct

from exporter.wire import Exchange, Request

_UNKNOWN_LIFETIME: Final = 3600.0
"""Seconds taken where the answer names none: the guide's own example. A 401 corrects it."""
_EARLY: Final = 300.0
_EARLY_SHARE: Final = 0.2
"""A token is renewed the guide's 5 minutes before its end, or at four fifths of a short life."""
_JSON: Final = {"Content-Type": "application/json"}


class Token(Struct, frozen=True):
    """What a login gave. ``expires`` and ``renew`` are Unix seconds."""

    authorization: str
    expires: float
    renew: float

    def __repr__(self) -> str:
        """Never the token."""
        return f"Token(expires={self.expires})"


class _Grant(Struct):
    access_token: str
    expires_in: float | None = None


class BadGrantError(ValueError):
    """An answer to a login that gives no usable token. Its text is ours, never the server's."""


def login_request(path: str, username: str, password: str, timeout: float) -> Request:
    """The request that asks for a token.

    Args:
        path: of the login, below the base URL.
        username: of the account.
        password: of the account; it goes into the body and nowhere else.
        timeout: of the whole exchange, in seconds.

    Returns:
        The request.
    """
    body = msgspec.json.encode({"username": username, "password": password})
    return Request("POST", path, _JSON, timeout, body)


def token_of(exchange: Exchange, now: float) -> Token:
    """Read the token out of a successful login.

    Args:
        exchange: an answer with a status of 2xx.
        now: Unix seconds.

    Returns:
        The token; its end is the JWT's ``exp`` (RFC 7519, section 4.1.4), else what
        ``expires_in`` says (RFC 6749, section 5.1).

    Raises:
        BadGrantError: there is no token in it, or one that is over already.
    """
    try:
        grant = msgspec.json.decode(exchange.body, type=_Grant)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadGrantError("the answer to the login has no access_token") from None
    token = grant.access_token
    if not token or not token.isascii() or not token.isprintable():
        raise BadGrantError("the access_token cannot be sent in a header")
    expires = _expiry(grant, now)
    if not now < expires:
        raise BadGrantError("the access_token is expired already")
    early = min(_EARLY, (expires - now) * _EARLY_SHARE)
    return Token(f"Bearer {token}", expires, expires - early)


def _expiry(grant: _Grant, now: float) -> float:
    try:
        claims = jwt.decode(grant.access_token, options={"verify_signature": False})
        return float(claims["exp"])
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
        return now + (_UNKNOWN_LIFETIME if grant.expires_in is None else grant.expires_in)
