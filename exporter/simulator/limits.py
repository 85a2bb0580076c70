"""Quotas: the guide's three rate classes, enforced and counted (chapter "Rate Limiting")."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from exporter.simulator.knobs import Knobs, Limit, LimitClass

DOCUMENTED: Final[Mapping[LimitClass, Limit]] = {
    "standard": Limit(requests=1000, window=60),
    "deployment": Limit(requests=100, window=60),
    "monitoring": Limit(requests=5000, window=60),
}

# Sums of products of floats: 49.999999 of 50 requests eaten are 50.
_DUST = 1e-6


@dataclass(frozen=True, slots=True)
class Quota:
    """What one request was told about its quota.

    Attributes:
        rate_class: The class that was charged.
        admitted: Whether the request was within the quota.
        limit: Requests a window.
        remaining: Requests left, at least 0.
        reset: Unix time in whole seconds at which the quota is full again.
        retry_after: Whole seconds after which a refused request may be tried again.
        window: Length of the window in seconds.
        start: Unix time in whole seconds at which the window began that the request fell into.
    """

    rate_class: LimitClass
    admitted: bool
    limit: int
    remaining: int
    reset: int
    retry_after: int
    window: int
    start: int


def limit_of(knobs: Knobs, rate_class: LimitClass) -> Limit:
    """Find the quota in force.

    Args:
        knobs: The knobs in force.
        rate_class: A rate class.

    Returns:
        The scenario's limit where it has one, else the guide's.
    """
    return knobs.limits.get(rate_class) or DOCUMENTED[rate_class]


def window_start(now: float, window: int) -> int:
    """Align an instant with its window.

    Args:
        now: Unix time in seconds.
        window: Length of a window in seconds.

    Returns:
        The start of the window, a whole second: windows are aligned with the epoch.
    """
    return int(now // window) * window


class Background:
    """Other consumers of a quota, who take from it at a known, even rate."""

    def __init__(self) -> None:
        """Start without any."""
        self._rates: dict[LimitClass, list[tuple[float, float]]] = {}

    def follow(self, wanted: Mapping[LimitClass, float], since: float) -> None:
        """Change the rates.

        Args:
            wanted: Requests a minute by rate class; a class left out has none.
            since: Unix time in seconds from which they hold; what was taken before stays taken.
        """
        for rate_class in DOCUMENTED:
            rate = wanted.get(rate_class, 0.0) / 60
            history = self._rates.setdefault(rate_class, [])
            if rate != (history[-1][1] if history else 0.0):
                history.append((since, rate))
                del history[:-64]

    def eaten(self, rate_class: LimitClass, start: float, end: float) -> float:
        """Tell what was taken in a span of time.

        Args:
            rate_class: The class.
            start: Unix time in seconds.
            end: Unix time in seconds.

        Returns:
            The number of requests, a fraction included.
        """
        total, until = 0.0, end
        for since, rate in reversed(self._rates.get(rate_class, ())):
            if until > since:
                total += rate * max(0.0, until - max(since, start))
                until = since
            if until <= start:
                break
        return total


class Limiter:
    """Counts requests by whose they are and by class, and refuses what is over."""

    def __init__(self, background: Background) -> None:
        """Start with full quotas.

        Args:
            background: Who else takes from them.
        """
        self._background = background
        self._windows: dict[tuple[str, LimitClass], tuple[int, int, int]] = {}
        self._levels: dict[tuple[str, LimitClass], tuple[float, float]] = {}
        self._turn = 0

    def take(self, owner: str, rate_class: LimitClass, now: float, knobs: Knobs) -> Quota:
        """Charge one request.

        Args:
            owner: The account, or the address of an anonymous client.
            rate_class: The class of the operation.
            now: Unix time in seconds.
            knobs: Limits, scope and model in force.

        Returns:
            Whether it is admitted, and what its headers say. A refused request costs nothing.
        """
        limit = limit_of(knobs, rate_class)
        if knobs.limit_scope == "global":
            owner = ""
        model: Literal["fixed", "sliding", "per_replica"] = knobs.limit_model
        if model == "sliding":
            return self._sliding(owner, rate_class, now, limit)
        if model == "per_replica":
            self._turn += 1
            owner = f"{owner}#{self._turn % 2}"
        return self._fixed(owner, rate_class, now, limit)

    def _fixed(self, owner: str, rate_class: LimitClass, now: float, limit: Limit) -> Quota:
        key = (owner, rate_class)
        start = window_start(now, limit.window)
        begun, length, used = self._windows.get(key, (start, limit.window, 0))
        if (begun, length) != (start, limit.window):
            used = 0
        others = int(self._background.eaten(rate_class, start, now) + _DUST)
        admitted = used + others < limit.requests
        used += admitted
        self._windows[key] = (start, limit.window, used)
        reset = start + limit.window
        return Quota(
            rate_class=rate_class,
            admitted=admitted,
            limit=limit.requests,
            remaining=max(0, limit.requests - used - others),
            reset=reset,
            retry_after=max(1, math.ceil(reset - now)),
            window=limit.window,
            start=start,
        )

    def _sliding(self, owner: str, rate_class: LimitClass, now: float, limit: Limit) -> Quota:
        key = (owner, rate_class)
        level, before = self._levels.get(key, (float(limit.requests), now))
        refill = limit.requests / limit.window
        level += (now - before) * refill - self._background.eaten(rate_class, before, now)
        level = min(float(limit.requests), max(0.0, level))
        admitted = level + _DUST >= 1
        level -= admitted
        self._levels[key] = (level, now)
        full_in = (limit.requests - level) / refill if refill else limit.window
        one_in = (1 - level) / refill if refill else limit.window
        return Quota(
            rate_class=rate_class,
            admitted=admitted,
            limit=limit.requests,
            remaining=int(max(0.0, level) + _DUST),
            reset=math.ceil(now + full_in),
            retry_after=max(1, math.ceil(one_in)),
            window=limit.window,
            start=window_start(now, limit.window),
        )
