"""What would be said again and again is said once a minute."""

import time
from collections.abc import Callable
from typing import Final

EVERY: Final = 60.0
"""Seconds from one line to the next of the same kind."""


class LogThrottle:
    """Lets one of a kind through each minute, and counts the others."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing said."""
        self._steady = steady
        self._said: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def due(self, kind: str) -> int | None:
        """How many of a kind were not said since the last one; ``None`` if this one is not said."""
        now, said = self._steady(), self._said.get(kind)
        if said is not None and now - said < EVERY:
            self._unsaid[kind] = self._unsaid.get(kind, 0) + 1
            return None
        self._said[kind] = now
        return self._unsaid.pop(kind, 0)
