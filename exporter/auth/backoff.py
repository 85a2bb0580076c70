"""When a token may be asked for: never often, and hardly ever with a secret that was refused."""

import math
import random
from collections.abc import Callable
from typing import Final, TypeAlias

from exporter.auth.identity import REFUSED_FOR
from exporter.config import Auth, Secret
from exporter.logs.format import rfc3339
from exporter.model.put_off import PutOff, PutOffFor
from exporter.planning.plan import RENEWAL_SPACING

_LONGEST_BACKOFF: Final = 60.0
_JITTER: Final = 0.1
"""Back-off as the guide has it (chapter "Exponential Backoff Strategy")."""
_MOST_FAILURES: Final = 10
_LONGEST_ASKED: Final = 300.0
"""Seconds for which a login stays away because it is asked to: nothing is seen meanwhile."""

AccountKey: TypeAlias = tuple[str | None, ...]


def account_of(url: str, auth: Auth) -> AccountKey:
    """Whom a wrong password would lock: the account, whatever the password is.

    How a client shows its secret belongs to it: another way is worth another attempt at once.
    """
    return (url, auth.type, auth.username, auth.token_url, auth.client_id, auth.client_auth)


def log_fields(put_off: PutOff) -> dict[str, object]:
    """The fields of a log line: since when, why, until when, and what is to be done."""
    return {
        "reason": put_off.why,
        "since": rfc3339(put_off.since),
        "next_attempt": rfc3339(put_off.until),
        "because": put_off.because,
        "remedy": put_off.remedy,
    }


class Backoff:
    """Decides when an account's next attempt may begin; all times are on the steady clock.

    It is the account's, and outlives a replaced connection.
    """

    def __init__(self, account: AccountKey) -> None:
        """Begin without an attempt."""
        self.account = account
        self._refused: Secret | None = None
        self._refused_until = 0.0
        self._begun = -math.inf
        self._from = 0.0
        self._why: PutOffFor | None = None
        self._since = 0.0
        self.failures = 0

    @property
    def not_before(self) -> float:
        """When the next attempt may begin, with the same secret."""
        return max(self._from, self._refused_until)

    def allows(self, now: float, secret: Callable[[], Secret | None]) -> bool:
        """Whether it is time for an attempt, or there is another secret than the refused one.

        ``secret`` reads the one that would be sent, ``None`` where it cannot be.
        """
        if now >= self.not_before:
            return True
        return self._refused is not None and secret() not in (None, self._refused)

    def put_off(self, now: float) -> tuple[PutOffFor, float] | None:
        """Why the next attempt has to wait, and since when; ``None`` where it has not to."""
        return None if self._why is None or now >= self.not_before else (self._why, self._since)

    def forgive(self) -> None:
        """Somebody wants an attempt now: nothing but what the API asked for puts it off.

        Two attempts stay apart as ever.
        """
        self._refused_until = 0.0
        if self._why != "asked":
            self._from = min(self._from, self._begun + RENEWAL_SPACING)

    def begun(self, now: float) -> None:
        """An attempt begins."""
        self._begun, self._from = now, now + RENEWAL_SPACING

    def succeeded(self) -> None:
        """It gave a token."""
        self.failures, self._why = 0, None
        self._forget()

    def failed(self, now: float, asked: float) -> None:
        """It gave none, and not for the secret; ``asked`` is how long the server wants to wait."""
        delay = min(2.0**self.failures, _LONGEST_BACKOFF) * random.uniform(1, 1 + _JITTER)  # noqa: S311  # no secret
        self.failures = min(self.failures + 1, _MOST_FAILURES)
        self._forget()
        asked = min(asked, _LONGEST_ASKED)
        self._from = now + max(delay, asked)
        self._put(now, "asked" if asked > delay else "failed")

    def refused(self, now: float, secret: Secret) -> None:
        """It gave none, for the secret."""
        self._refused, self._refused_until = secret, now + REFUSED_FOR
        self._put(now, "refused")

    def _put(self, now: float, why: PutOffFor) -> None:
        if self._why != why:
            self._why, self._since = why, now

    def _forget(self) -> None:
        self._refused, self._refused_until = None, 0.0
