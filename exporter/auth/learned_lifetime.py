"""How old tokens come to be: what is taken for their life where nobody says it, or says it wrong.

A surface accepted a token that ended before its time last at one age and rejected it first at
another, so its life lies between them. Where two tokens agree, that is how long the next one is
good for, and it is renewed before it is rejected. A rejection tells of a token's end only where the
surface that gave it did not accept the token afterwards, and accepted the next one: else the fault
is the surface's. What was learned and does not help (a surface that rejects now and then) is
dropped, and more tokens have to agree the next time.
"""

import math
from typing import Final, NamedTuple

from exporter.model.observation import Key
from exporter.planning.plan import RENEWAL_SPACING

_ENOUGH: Final = 2
"""Tokens that ended at about the same age: a single one may have been revoked."""
_STRIKES: Final = 1
"""Rejections before the age that was learned: one may show that it is shorter still."""
_SAME: Final = 0.1
"""By which share, or how many seconds, a life that is told may differ from the last one."""
_SAME_SECONDS: Final = 5.0


class _End(NamedTuple):
    """The age at which a surface accepted a token last and rejected it first."""

    accepted: float
    rejected: float
    by: Key


class LearnedLifetime:
    """Learns how long tokens of one account are good for; ages are in seconds."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._told: float | None = None
        self._accepted: dict[Key, float] = {}
        """Of the token in use, as is the next."""
        self._rejected: tuple[float, Key] | None = None
        self._ended: _End | None = None
        """Of the token before, until the surface that rejected it accepted this one."""
        self._last: _End | None = None
        self._least = 0.0
        self._most = math.inf
        self._agreeing = 0
        self._enough = _ENOUGH
        self._strikes = 0

    @property
    def life(self) -> float | None:
        """What was learned; ``None`` where tokens live as long as is said, or too few agree."""
        if self._agreeing < self._enough or self._most <= RENEWAL_SPACING:
            return None
        return max(self._least, self._most / 2)

    def expected(self, told: float | None) -> float | None:
        """For how many seconds a token is good that came now; ``None`` where it is not known.

        ``told`` is how long it is said to be; ``None`` where that is not said.
        """
        if not _is_same(told, self._told):
            self._forget()
        self._told = told
        known = [seconds for seconds in (told, self.life) if seconds is not None]
        return min(known, default=None)

    def began(self) -> None:
        """Another token came."""
        self._ended = None
        if self._rejected is not None:
            age, by = self._rejected
            accepted = self._accepted.get(by)
            self._ended = None if accepted is None else _End(accepted, age, by)
        self._accepted.clear()
        self._rejected = None

    def accepted(self, age: float, by: Key) -> bool:
        """A surface accepted the token in use, at this age; whether something was learned."""
        self._accepted[by] = age
        if self._rejected is not None and self._rejected[1] == by:
            self._rejected = None  # it was wrong: the token goes on
        if self._last is not None and self._last.by == by and age > self._most:
            self._forget()
        if self._ended is None or self._ended.by != by:
            return False
        self._learn(self._ended)
        self._ended = None
        return self.life is not None

    def rejected(self, age: float, by: Key) -> None:
        """A surface rejected the token in use, at this age."""
        if self._rejected is None:
            self._rejected = (age, by)
        if (life := self.life) is not None and age < life:
            self._strike(age)

    def refused(self, by: Key) -> None:
        """A surface rejected the token that came next, too: the one before had not ended."""
        if self._ended is not None and self._ended.by == by:
            self._ended = None

    def _learn(self, end: _End) -> None:
        least, most = max(self._least, end.accepted), min(self._most, end.rejected)
        if least < most:
            self._least, self._most, self._agreeing = least, most, self._agreeing + 1
        else:
            self._least, self._most, self._agreeing = end.accepted, end.rejected, 1
        self._last = end

    def _strike(self, age: float) -> None:
        """What was learned is too long, or a surface rejects tokens whatever their age is."""
        self._strikes += 1
        if self._strikes <= _STRIKES:
            self._least, self._most = min(self._least, age / 2), age
            return
        self._forget()
        self._enough *= 2

    def _forget(self) -> None:
        self._least, self._most, self._agreeing, self._strikes = 0.0, math.inf, 0, 0
        self._last = None


def _is_same(told: float | None, before: float | None) -> bool:
    if told is None or before is None:
        return told is before
    return abs(told - before) <= max(_SAME_SECONDS, _SAME * before)
