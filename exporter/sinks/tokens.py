"""What is kept of the token of each target."""

import math
from collections.abc import Iterator

from msgspec.structs import replace

from exporter.job import Plan
from exporter.observation import Rejection, Renewal
from exporter.sinks.snapshot import TokenNow

_WITHOUT = ("basic", "none")
"""The types of ``auth`` that have no token."""


class KeptTokens:
    """The last renewal of each target, and whether its token was given up since."""

    def __init__(self) -> None:
        """Begin with no target."""
        self._tokens: dict[str, TokenNow] = {}
        self._auth: dict[str, object] = {}

    def follow(self, plan: Plan) -> None:
        """Forget what left the plan, or got another account.

        Args:
            plan: what is planned from now on.
        """
        auth = {
            each.target.name: (each.target.url, each.target.auth)
            for each in plan.targets
            if each.target.auth.type not in _WITHOUT
        }
        self._tokens = {
            name: self._tokens[name]
            if name in self._tokens and self._auth.get(name) == auth[name]
            else TokenNow(name)
            for name in auth
        }
        self._auth = dict(auth)

    def renewed(self, renewal: Renewal) -> None:
        """Take in a renewal, well or not."""
        former = self._tokens.get(renewal.key.target)
        if former is None:
            return
        failures = (former.failures or 0) + 1
        if renewal.reason is not None and renewal.grant == "file":
            # What was in the file before is sent no more.
            now = replace(former, valid=False, expires=None, lifetime=None, failures=failures)
        elif renewal.reason is not None:
            now = replace(former, failures=failures)
        else:
            now = TokenNow(
                former.target,
                valid=True,
                expires=renewal.expires,
                lifetime=renewal.lifetime,
                renewed_at=renewal.at,
                failures=0,
                skew=former.skew if renewal.skew is None else renewal.skew,
            )
        self._tokens[former.target] = now

    def rejected(self, rejection: Rejection) -> None:
        """Take in that a token was not accepted."""
        former = self._tokens.get(rejection.key.target)
        if former is not None and rejection.dropped:
            self._tokens[former.target] = replace(former, valid=False)

    def at(self, now: float) -> Iterator[TokenNow]:
        """What is to be shown.

        Args:
            now: Unix seconds.

        Yields:
            Each target's token.
        """
        for token in self._tokens.values():
            yield replace(token, valid=False) if token.valid and _over(token, now) else token


def _over(token: TokenNow, now: float) -> bool:
    """By its life, not by its end: that of a token out of a file is on its issuer's clock."""
    return now >= (token.renewed_at or 0) + (math.inf if token.lifetime is None else token.lifetime)
