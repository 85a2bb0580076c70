"""How long a token can be used, by all that tells of it. Pure."""

import re
from base64 import urlsafe_b64decode
from typing import Final

import msgspec

from exporter.protocol.fields import http_date
from exporter.protocol.token_request import BadGrantError

_LONGEST_LIFETIME: Final = 10 * 365 * 86400.0
_TOLERANCE: Final = 60.0
"""Seconds by which clocks may disagree before one of them is not believed."""
_PARTS: Final = 3
"""Of a JWT in its compact form: header, payload, signature."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


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
    """What a JWT says (RFC 7515, section 3.1): nothing where it is none.

    Nobody verifies it here, as only its API can; so a library that could, megabytes of it that
    would be loaded at the first login, is spared.
    """
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        payload = urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        claims = msgspec.json.decode(payload)
    except (ValueError, msgspec.DecodeError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
