"""Answers 401 to a token that should be good: which surfaces gave them, and what they may cost."""

from typing import Final

from exporter.model.observation import Key

_STUBBORN_FOR: Final = 300.0
"""Seconds in which a surface that rejects fresh tokens too costs no further renewal."""
_REFILL: Final = 300.0
_ALLOWANCE: Final = 3
"""Renewals that rejections may cost one after the other; one more comes with each refill. So a
revoked token is replaced at once, and an API that accepts none costs 15 in its first hour."""


class Rejections:
    """The surfaces that reject the token in use, as long as none accepted it since.

    A doubt stays until another token came; times are seconds on the steady clock.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._by: set[Key] = set()
        self._stubborn: dict[Key, float] = {}
        self._full_at = 0.0
        """When the whole allowance is there again (a leaky bucket, kept as one number)."""

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self._by)

    @property
    def shared(self) -> bool:
        """Whether more than one component has one: then it is hardly a component's own fault."""
        return len({key.component for key in self._by}) > 1

    def raised(self, key: Key, now: float, *, under_way: bool, possible: bool) -> bool:
        """A surface rejected the token: whether another one is wanted for it.

        ``under_way``: another one is on its way already; ``possible``: an attempt to get one may
        begin.
        """
        stubborn = now < self._stubborn.get(key, 0.0)
        if not (under_way or self._by) and (stubborn or not possible or not self._spend(key, now)):
            return False  # a token that is fresh, or no better than the last one was here
        if not stubborn:
            self._by.add(key)
        return True

    def persisted(self, key: Key, now: float) -> None:
        """A surface rejected the token that came next, too: the fault is its own."""
        self._stubborn[key] = now + _STUBBORN_FOR

    def settle(self) -> None:
        """Another token came, or a surface accepted the one in use."""
        self._by.clear()

    def _spend(self, key: Key, now: float) -> bool:
        """Take one renewal, the last of the allowance only for a surface that never persisted."""
        left = _ALLOWANCE - 1 if key in self._stubborn else _ALLOWANCE
        full_at = max(self._full_at, now) + _REFILL
        if full_at > now + left * _REFILL:
            return False
        self._full_at = full_at
        return True
