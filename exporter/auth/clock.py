"""The clocks that owners of tokens go by."""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


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
        """Have something done at a time of the steady clock; at once where that is past."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.steady()), then)
