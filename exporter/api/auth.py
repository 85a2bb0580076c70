"""Getting a token, without a socket: requests out, answers in (guide, "JWT Token Management")."""

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeGuard
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Struct

from exporter.api.headers import http_date
from exporter.wire import Exchange, Json, Request

_UNKNOWN_LIFETIME: Final = 3600.0
"""Seconds after which a token is renewed of which nothing tells the life: the guide's own example.
It is not over then."""
_LONGEST_LIFETIME: Final = 10 * 365 * 86400.0
_EARLY: Final = 300.0
_EARLY_SHARE: Final = 0.2
_TOLERANCE: Final = 60.0
"""Seconds by which clocks may disagree before one of them is not believed."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
_ONE_WORD: Final = re.compile("[!-~]+")
"""More than RFC 6750 has (``b64token``): some frameworks issue ``7|abc``, which works."""
_LONGEST_TOKEN: Final = 64 * 1024
"""Bytes of a token: no server takes a header of as many, and each token is remembered."""
_JSON: Final = {"Content-Type": "application/json"}
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class Grant(Struct, frozen=True):
    """What a login or a refresh gave.

    ``lifetime`` is in seconds from when the request was sent (see `on_its_way`), and a guess where
    it is not ``known``; ``skew`` is by how many the server's clock is ahead of ours, ``None`` where
    it did not tell.
    """

    access_token: str
    refresh_token: str | None
    lifetime: float
    skew: float | None
    known: bool = True

    @property
    def early(self) -> float:
        """How long before its end a token is renewed, in seconds: see `early`."""
        return early(self.lifetime)

    def __repr__(self) -> str:
        """Never the tokens."""
        return f"Grant(lifetime={self.lifetime}, skew={self.skew})"


def early(lifetime: float) -> float:
    """How long before its end a token is renewed, in seconds.

    It is the guide's 5 minutes, and a fifth of a short life.
    """
    return min(_EARLY, lifetime * _EARLY_SHARE)


class _Answer(Struct):
    """Whatever stands beside the token is no reason to lose it."""

    access_token: str
    refresh_token: object = None
    expires_in: object = None


class BadGrantError(ValueError):
    """An answer that gives no usable token. Its text is ours, never the server's."""


def login_request(path: str, username: str, password: str, timeout: float) -> Request:
    """Ask for a token with an account: the password goes into the body and nowhere else.

    ``path`` is below the base URL, ``timeout`` is of the whole exchange, in seconds.
    """
    body = msgspec.json.encode({"username": username, "password": password})
    return Request("POST", path, _JSON, timeout, body, essential=True)


def refresh_request(path: str, refresh_token: str, timeout: float) -> Request:
    """Ask for a token with what the last grant gave for that; for the rest see `login_request`."""
    body = msgspec.json.encode({"refresh_token": refresh_token})
    return Request("POST", path, _JSON, timeout, body, essential=True)


class Client(Struct, frozen=True):
    """Who asks an authorization server (RFC 6749, section 2.3.1).

    ``shown`` is how: ``basic`` with its id and secret form-encoded, as the RFC wants; ``basic_raw``
    with both as they are, as servers want that do not decode them; ``body``, in the form itself.
    """

    id: str
    secret: str
    shown: Literal["basic", "basic_raw", "body"] = "basic"

    def __repr__(self) -> str:
        """Never the secret."""
        return f"Client(id={self.id!r}, shown={self.shown!r})"


def client_credentials_request(
    url: str, client: Client, scopes: Sequence[str], timeout: float
) -> Request:
    """Ask an authorization server for a token (RFC 6749, section 4.4).

    ``url`` is its token endpoint, ``timeout`` of the whole exchange, in seconds. Where there are no
    scopes none are sent.
    """
    form = {"grant_type": "client_credentials"}
    if scopes:
        form["scope"] = " ".join(scopes)
    headers = {**_FORM}
    match client.shown:
        case "body":
            form |= {"client_id": client.id, "client_secret": client.secret}
        case "basic":
            encoded = (quote(part, safe="") for part in (client.id, client.secret))
            headers["Authorization"] = basic_authorization(*encoded)
        case "basic_raw":
            headers["Authorization"] = basic_authorization(client.id, client.secret)
    return Request("POST", url, headers, timeout, urlencode(form).encode(), essential=True)


def basic_authorization(username: str, password: str) -> str:
    """The value of ``Authorization`` for an account (RFC 7617, section 2)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def bearer_authorization(token: str) -> str:
    """The value of ``Authorization`` for a token (RFC 6750, section 2.1).

    Raises:
        BadGrantError: it is not one word, which alone may stand there, or a very long one.
    """
    if len(token) > _LONGEST_TOKEN:
        limit = f"{_LONGEST_TOKEN // 1024} KiB"
        raise BadGrantError(f"the token is longer than {limit}; no header may be")
    if _ONE_WORD.fullmatch(token) is None:
        allowed = "one word of visible ASCII characters"
        raise BadGrantError(f"the token cannot be sent; allowed: {allowed}")
    return f"Bearer {token}"


def grant_of(exchange: Exchange, content: Mapping[str, Json] | None) -> Grant:
    """Read a token and its lifetime out of the content of an answer of 2xx.

    See `token_lifetime` for how long it is good, and `on_its_way` for what of that is over. A
    ``refresh_token`` that is no text, or a very long one, is none; for ``expires_in`` see
    `seconds`.

    Raises:
        BadGrantError: there is no token in it, or one that is over already or too long.
    """
    try:
        answer = msgspec.convert(content, _Answer)
    except msgspec.ValidationError:
        raise BadGrantError("the answer has no access_token") from None
    bearer_authorization(answer.access_token)
    server = server_time(exchange.headers.get("Date"))
    now = exchange.timing.at
    expires_in = seconds(answer.expires_in)
    sent = now - on_its_way(exchange)
    lifetime = token_lifetime(answer.access_token, expires_in, sent, server)
    refresh_token = answer.refresh_token
    return Grant(
        answer.access_token,
        refresh_token if _is_usable(refresh_token) else None,
        _UNKNOWN_LIFETIME if lifetime is None else lifetime,
        None if server is None else server - now,
        known=lifetime is not None,
    )


def _is_usable(refresh_token: object) -> TypeGuard[str]:
    """Whether a refresh can be tried with it; a login serves as well where it cannot."""
    return isinstance(refresh_token, str) and 0 < len(refresh_token) <= _LONGEST_TOKEN


def on_its_way(exchange: Exchange) -> float:
    """Seconds that a token in an answer may have lived before the answer was here.

    Nobody knows when in the exchange it was issued; not before all of the request was sent.
    """
    phases = exchange.timing.phases
    return (phases.wait or 0.0) + (phases.receive or 0.0)


def server_time(date: str | None) -> float | None:
    """Unix seconds of a ``Date`` (RFC 9110, section 6.6.1); ``None`` where it cannot be read."""
    if date is None:
        return None
    return http_date(date)


def token_lifetime(
    token: str, expires_in: float | None, now: float, server: float | None
) -> float | None:
    """Seconds that a token can still be used, more than 0; ``None`` where nothing tells.

    A JWT has its end on its issuer's clock (``exp``, RFC 7519, section 4.1.4). The server's
    ``Date`` tells that clock. Where there is none, what ``expires_in`` promises needs no clock (RFC
    6749, section 5.1), and ours is the next best. A clock by which the token had longer to live
    than it was issued for, or was over before it came, is not believed while anything else makes
    sense: then it lives as long as it was issued for.

    Args:
        token: a JWT, or opaque.
        expires_in: seconds, as the answer says; 0 and less are no life, but none that ends.
        now: Unix seconds, ours.
        server: the same, the server's, where that is known.

    Raises:
        BadGrantError: it is over by all that is known.
    """
    claims = _claims(token)
    expires, issued = seconds(claims.get("exp")), seconds(claims.get("iat"))
    if expires_in is not None and expires_in <= 0:
        expires_in = None
    if expires is None:
        return None if expires_in is None else min(expires_in, _LONGEST_LIFETIME)
    spans = [] if issued is None else [expires - issued]
    spans += [] if expires_in is None else [expires_in]
    spans = [min(span, _LONGEST_LIFETIME) for span in spans if span > 0]
    span = min(spans, default=_LONGEST_LIFETIME)
    if server is None and expires_in is not None:
        return span
    left = [expires - clock for clock in (server, now) if clock is not None]
    for rest in left:
        if 0 < rest <= span + _TOLERANCE:
            return min(rest, span)
    if all(rest <= 0 for rest in left) and (server is not None or not spans):
        raise BadGrantError("the token is expired already")
    return span


def token_end(token: str) -> float | None:
    """Unix seconds at which a token ends by its issuer's clock; ``None`` where it does not tell."""
    return seconds(_claims(token).get("exp"))


def seconds(value: object) -> float | None:
    """Read ``expires_in``, or a NumericDate (RFC 7519, section 2): seconds above 0, or ``None``.

    Servers write such a number as a text too, with a fraction or without; and where a token never
    ends they leave it out or say null, nothing, 0, -1 or a word.
    """
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return None
    return float(min(value, 1e15))


def _claims(token: str) -> dict[str, object]:
    import jwt  # noqa: PLC0415  # megabytes that only those who log in have to pay for

    try:
        claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    return claims
