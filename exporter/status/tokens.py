"""What is kept of the token of each target, by the steady clock: see ``TokenNow``."""

import math
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from exporter.config.auth_schemes import scheme_of
from exporter.model.observation import Rejection, Renewal, Skip
from exporter.planning.job import Plan, TargetPlan
from exporter.protocol.token_response import early
from exporter.status.snapshot import TokenNow

OVERDUE_AFTER: Final = 60.0
"""Seconds that a renewal may take from when it is due: a login that hangs until its time-out, and a
few attempts after it."""


class _KeptToken(Struct):
    """What is kept of one token; all but ``now`` on the steady clock.

    ``due`` is since when there should be another one: since the last part of its life began, or
    since there was none and one was wanted.
    """

    now: TokenNow
    auth: object
    needed: bool
    """Surfaces are planned that are asked with it, so that there is to be one at any time."""
    renewed: float = -math.inf
    ends: float = math.inf
    due: float = math.inf

    def at(self, steady: float) -> TokenNow:
        """What is to be shown."""
        if self.now.renewed_at is None and self.due == math.inf:
            return self.now
        return replace(
            self.now,
            valid=self.now.valid and steady < self.ends,
            overdue=self.needed and steady > self.due + OVERDUE_AFTER,
            renewed_ago=None if self.now.renewed_at is None else steady - self.renewed,
            ended_ago=steady - self.ends if steady >= self.ends else None,
        )

    def missed(self, steady: float) -> None:
        """There is none, and one is wanted."""
        if not self.now.valid or steady >= self.ends:
            self.due = min(self.due, steady)


class KeptTokens:
    """The last renewal of each target, and whether its token was given up since."""

    def __init__(self) -> None:
        """Begin with no target."""
        self._tokens: dict[str, _KeptToken] = {}

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan, or got another account."""
        self._tokens = {
            each.target.name: _carried_over(each, self._tokens.get(each.target.name))
            for each in plan.targets
            if scheme_of(each.target.auth).grants
        }

    def renewed(self, renewal: Renewal, steady: float) -> None:
        """Take in a renewal, well or not, at its time on the steady clock."""
        kept = self._tokens.get(renewal.key.target)
        if kept is None:
            return
        former = kept.now
        if renewal.reason is None:
            lifetime = math.inf if renewal.lifetime is None else renewal.lifetime
            kept.renewed, kept.ends = steady, steady + lifetime
            kept.due = kept.ends - early(lifetime)
            kept.now = TokenNow(
                former.target,
                valid=True,
                expires=renewal.expires,
                lifetime=renewal.lifetime,
                renewed_at=renewal.at,
                failures=0,
                skew=former.skew if renewal.skew is None else renewal.skew,
            )
            return
        kept.now = replace(former, failures=(former.failures or 0) + 1)
        if renewal.grant == "file":
            # What was in the file before is sent no more.
            kept.now = replace(kept.now, valid=False, expires=None, lifetime=None)
            kept.ends = math.inf
        kept.missed(steady)

    def rejected(self, rejection: Rejection, steady: float) -> None:
        """Take in that a token was not accepted, at that time on the steady clock."""
        kept = self._tokens.get(rejection.key.target)
        if kept is not None and rejection.dropped:
            kept.now = replace(kept.now, valid=False)
            kept.missed(steady)

    def skipped(self, skip: Skip, steady: float) -> None:
        """Take in that a run did not happen: one for want of a token tells that one is wanted."""
        if skip.reason == "no_token" and (kept := self._tokens.get(skip.key.target)) is not None:
            kept.missed(steady)

    def at(self, steady: float) -> Iterator[TokenNow]:
        """What is to be shown of each target's token at a time on the steady clock."""
        return (kept.at(steady) for kept in [*self._tokens.values()])


def _carried_over(each: TargetPlan, former: _KeptToken | None) -> _KeptToken:
    auth = (each.target.url, each.target.auth)
    needed = any(job.credential == "account" for job in each.jobs)
    if former is None or former.auth != auth:
        return _KeptToken(TokenNow(each.target.name), auth, needed)
    former.needed = needed
    return former
