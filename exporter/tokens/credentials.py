"""What every owner of a token does, and the clocks it does it by."""

import time
from collections.abc import Mapping
from typing import Final, Protocol, TypeAlias

from exporter.observation import Key

Headers: TypeAlias = Mapping[str, str]

REFUSED_FOR: Final = 900.0
"""Seconds after a refused password in which only a new one is tried: a wrong password, tried
again and again, locks an account."""


class Clock:
    """Unix time for what people see, a steady clock for what is decided."""

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def steady(self) -> float:
        """Seconds that no step of the wall clock moves."""
        return time.monotonic()


class Credentials(Protocol):
    """Carries the requests of one target in the name of its account."""

    async def headers(self, patience: float) -> Headers | None:
        """The headers to send.

        Args:
            patience: how long to wait for a renewal in flight, in seconds.

        Returns:
            The headers, or ``None`` where there are none (yet): nothing is to be sent then.
        """

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

    async def close(self) -> None:
        """End what is in flight."""
