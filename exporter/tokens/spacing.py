"""When a token may be asked for: never often, and hardly ever with a secret that was refused."""

import random
from collections.abc import Callable
from typing import Final, TypeAlias

from exporter.config import Auth, Secret
from exporter.plan import RENEWAL_SPACING
from exporter.tokens.credentials import REFUSED_FOR

_LONGEST_BACKOFF: Final = 60.0
_JITTER: Final = 0.1
"""Back-off as the guide has it (chapter "Exponential Backoff Strategy")."""
_MOST_FAILURES: Final = 10
_LONGEST_ASKED: Final = 300.0
"""Seconds for which a login stays away because it is asked to: nothing is seen meanwhile."""

Account: TypeAlias = tuple[str | None, ...]


def account_of(url: str, auth: Auth) -> Account:
    """Whom a wrong password would lock: the account, whatever the password is.

    How a client shows its secret belongs to it: another way is worth another attempt at once.

    Args:
        url: of the target.
        auth: how to log in there.

    Returns:
        What is the same as long as the account is.
    """
    return (url, auth.type, auth.username, auth.token_url, auth.client_id, auth.client_auth)


class Spacing:
    """Decides when the next attempt may begin; all times are on the steady clock.

    It is the account's, and outlives a replaced connection.

    Args:
        account: whose attempts these are.
    """

    def __init__(self, account: Account) -> None:
        """Begin without an attempt."""
        self.account = account
        self._refused: Secret | None = None
        self._refused_until = 0.0
        self._from = 0.0
        self.failures = 0

    @property
    def not_before(self) -> float:
        """When the next attempt may begin, with the same secret."""
        return max(self._from, self._refused_until)

    def allows(self, now: float, secret: Callable[[], Secret | None]) -> bool:
        """Whether an attempt may begin.

        Args:
            now: the time.
            secret: reads the one that would be sent, ``None`` where it cannot be.

        Returns:
            Whether it is time, or there is another secret than the refused one.
        """
        if now >= self.not_before:
            return True
        return self._refused is not None and secret() not in (None, self._refused)

    def begun(self, now: float) -> None:
        """An attempt begins."""
        self._from = now + RENEWAL_SPACING

    def succeeded(self) -> None:
        """It gave a token."""
        self.failures = 0
        self._forget()

    def failed(self, now: float, asked: float) -> None:
        """It gave none, and not for the secret; ``asked`` is how long the server wants to wait."""
        delay = min(2.0**self.failures, _LONGEST_BACKOFF) * random.uniform(1, 1 + _JITTER)  # noqa: S311  # no secret
        self.failures = min(self.failures + 1, _MOST_FAILURES)
        self._forget()
        self._from = now + max(delay, min(asked, _LONGEST_ASKED))

    def refused(self, now: float, secret: Secret) -> None:
        """It gave none, for the secret."""
        self._refused, self._refused_until = secret, now + REFUSED_FOR

    def _forget(self) -> None:
        self._refused, self._refused_until = None, 0.0
