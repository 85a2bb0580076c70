"""What every owner of a token does, and the clocks it does it by."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final, Protocol, TypeAlias

from exporter.observation import Key

Headers: TypeAlias = Mapping[str, str]

REFUSED_FOR: Final = 900.0
"""Seconds after a refused password in which only a new one is tried: a wrong password, tried
again and again, locks an account."""


class Timer(Protocol):
    """Something that is going to happen."""

    def cancel(self) -> None:
        """Let it not happen."""


class Clock:
    """Unix time for what people see, a steady clock for what is decided."""

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def steady(self) -> float:
        """Seconds that no step of the wall clock moves."""
        return time.monotonic()

    def call_at(self, when: float, then: Callable[[], None]) -> Timer:
        """Have something done.

        Args:
            when: on the steady clock; at once where that is past.
            then: what is done.

        Returns:
            What cancels it.
        """
        return asyncio.get_running_loop().call_later(max(0.0, when - self.steady()), then)


class Credentials(Protocol):
    """Carries the requests of one target in the name of its account."""

    async def headers(self, key: Key, patience: float) -> Headers | None:
        """The headers to send.

        Args:
            key: the surface that they are for.
            patience: how long to wait for a renewal in flight, in seconds.

        Returns:
            The headers, or ``None`` where there are none (yet): nothing is to be sent then.
        """

    def over(self, headers: Headers, key: Key) -> bool:
        """Whether these are to be sent no more for it: ask for others before the next request."""

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        """Other headers, after a request with these was answered 401.

        Args:
            rejected: the headers that were sent.
            key: the surface that rejected them.
            patience: how long to wait for a renewal, in seconds.

        Returns:
            Headers worth one more attempt, or ``None``.
        """

    def refused(self, key: Key) -> None:
        """Learn that a surface rejected the renewed headers too."""

    def accepted(self, headers: Headers, key: Key) -> None:
        """Learn that a surface accepted these headers."""

    def ended(self, headers: Headers) -> None:
        """Learn that a run that was given these headers is over, whatever it came to send."""

    async def close(self) -> None:
        """End what is in flight."""
