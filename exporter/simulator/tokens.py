"""Access and refresh tokens (guide, chapter "Authentication & Security")."""

import hmac
import random
from dataclasses import dataclass
from typing import Final, Literal

import jwt

from exporter.simulator.exchange import JsonObject
from exporter.simulator.knobs import Knobs

ACCOUNT: Final = "demo"
_PASSWORD: Final = b"demo"
_PRUNE_AT: Final = 10_000

TokenState = Literal["good", "expired", "unknown"]


@dataclass(slots=True)
class _Access:
    account: str
    issued: float
    expires: float
    session: int


@dataclass(slots=True)
class _Refresh:
    account: str
    issued: float
    expires: float
    session: int
    spent: bool = False


class Tokens:
    """Issues tokens and knows which are good."""

    def __init__(self, rng: random.Random) -> None:
        """Start without any token.

        Args:
            rng: Where keys and identifiers come from. A simulator started again has another key,
                so it refuses the tokens of its earlier life, as a real server does that lost its
                sessions.
        """
        self._rng = rng
        self._key = rng.randbytes(32)
        self._access: dict[str, _Access] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._sessions = 0

    def login(self, username: str, password: str, now: float, knobs: Knobs) -> JsonObject | None:
        """Exchange a password for tokens.

        Args:
            username: The account.
            password: Its password.
            now: Unix time in seconds.
            knobs: Lives and form of the tokens.

        Returns:
            The token response, or None when the credentials are wrong.
        """
        known = hmac.compare_digest(username.encode(), ACCOUNT.encode())
        if not (hmac.compare_digest(password.encode(), _PASSWORD) and known):
            return None
        self._sessions += 1
        return self._issue(username, self._sessions, now, knobs)

    def refresh(self, token: str, now: float, knobs: Knobs) -> JsonObject | None:
        """Exchange a refresh token for new tokens.

        Args:
            token: The refresh token.
            now: Unix time in seconds.
            knobs: Lives, form and rotation of the tokens.

        Returns:
            The token response, or None when the refresh token is not good.
        """
        held = self._refresh.get(token)
        if held is None or _stale(held, now, knobs):
            return None
        if knobs.refresh_rotation in ("none", "unsaid"):
            told = self._issue(held.account, held.session, now, knobs, keep=token)
            return told if knobs.refresh_rotation == "none" else _without_refresh(told)
        if knobs.refresh_rotation == "strict":
            if held.spent:
                # RFC 9700, section 4.14.2: who reuses one may have stolen it; the session ends.
                self._end(held.session)
                return None
            held.spent = True
        return self._issue(held.account, held.session, now, knobs)

    def account(self, token: str, now: float, knobs: Knobs) -> str | None:
        """Tell whose access token it is.

        Args:
            token: What stood behind ``Bearer``.
            now: Unix time in seconds.
            knobs: What else makes a token bad.

        Returns:
            The account, or None when the token is not good (any more).
        """
        held = self._access.get(token)
        return None if held is None or _stale(held, now, knobs) else held.account

    def expired(self, token: str) -> bool:
        """Tell a token that was once good from one that never was.

        Args:
            token: An access token that `account` refused.

        Returns:
            Whether it was issued here.
        """
        return token in self._access

    def _issue(
        self, account: str, session: int, now: float, knobs: Knobs, *, keep: str = ""
    ) -> JsonObject:
        lifetime = knobs.token_seconds
        issued = int(now)
        serial = f"{self._rng.getrandbits(128):032x}"
        if knobs.opaque_tokens:
            access = serial + f"{self._rng.getrandbits(64):016x}"
        else:
            claims = {
                "iss": "https://api.oran-mano.io",
                "sub": account,
                "iat": issued,
                "exp": issued + lifetime,
                "jti": serial,
            }
            access = jwt.encode(claims, self._key, algorithm="HS256")
        renewal = keep or f"{self._rng.getrandbits(320):080x}"
        self._prune(now)
        self._access[access] = _Access(account, now, issued + lifetime, session)
        if not keep:
            self._refresh[renewal] = _Refresh(account, now, now + knobs.refresh_seconds, session)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": lifetime,
            "refresh_token": renewal,
        }

    def _end(self, session: int) -> None:
        self._access = {k: v for k, v in self._access.items() if v.session != session}
        self._refresh = {k: v for k, v in self._refresh.items() if v.session != session}

    def _prune(self, now: float) -> None:
        if len(self._access) + len(self._refresh) > _PRUNE_AT:
            self._access = {k: v for k, v in self._access.items() if v.expires > now}
            self._refresh = {k: v for k, v in self._refresh.items() if v.expires > now}


def _without_refresh(told: JsonObject) -> JsonObject:
    return {name: value for name, value in told.items() if name != "refresh_token"}


def _stale(held: _Access | _Refresh, now: float, knobs: Knobs) -> bool:
    oldest = knobs.max_token_age_seconds
    aged = isinstance(held, _Access) and oldest > 0 and now - held.issued >= oldest
    return knobs.revoke_tokens or now >= held.expires or aged
