"""uvloop with a clock that tells the time and timers that are never early.

Its own clock stands still for a turn of the loop and counts whole milliseconds, and its timers are
rounded to the nearest. Who wakes up before an instant waits again, for nothing, and would again and
again until the instant has come; and what is late would look as if it were not. Nothing dates its
turns: what the loop itself adds to a measured time cannot be told (``event_loop.turns_of``).
"""

from asyncio import TimerHandle
from collections.abc import Callable
from contextvars import Context
from math import ceil, floor
from time import monotonic
from typing import Final, TypeVarTuple, Unpack

import uvloop

_Ts = TypeVarTuple("_Ts")

_MILLISECONDS: Final = 1000


class MillisecondLoop(uvloop.Loop):
    """An event loop whose timers are up to a millisecond late, and one at the least."""

    def time(self) -> float:
        """Seconds of the monotonic clock, now."""
        return monotonic()

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call it at that instant, or at the first whole millisecond after it."""
        begun = floor(monotonic() * _MILLISECONDS)  # from where libuv counts
        wait = max(1, ceil(when * _MILLISECONDS) - begun)
        return super().call_later(wait / _MILLISECONDS, callback, *args, context=context)

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[_Ts]], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> TimerHandle:
        """Call it in so many seconds, rounded up."""
        return self.call_at(monotonic() + delay, callback, *args, context=context)
