"""What a login or a refresh gave, read out of its answer. Pure."""

from collections.abc import Mapping
from typing import Final, TypeGuard

import msgspec
from msgspec import Struct

from exporter.model.exchange import Exchange, Json
from exporter.protocol.token_lifetime import seconds, server_time, token_lifetime
from exporter.protocol.token_request import LONGEST_TOKEN, BadGrantError, bearer_authorization

_UNKNOWN_LIFETIME: Final = 3600.0
"""Seconds after which a token is renewed of which nothing tells the life: the guide's own example.
It is not over then."""
_EARLY: Final = 300.0
_EARLY_SHARE: Final = 0.2


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
    return isinstance(refresh_token, str) and 0 < len(refresh_token) <= LONGEST_TOKEN


def on_its_way(exchange: Exchange) -> float:
    """Seconds that a token in an answer may have lived before the answer was here.

    Nobody knows when in the exchange it was issued; not before all of the request was sent.
    """
    phases = exchange.timing.phases
    return (phases.wait or 0.0) + (phases.receive or 0.0)
