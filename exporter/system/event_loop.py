"""The event loop, and how much of what its callbacks measure may be its own doing.

While one callback runs, whatever comes for others waits for them, and is dated too late by who
takes the time when its own turn comes. So the loop's selector dates each turn, as all turns go
through it: what is handed over then has come then, or, if the loop did not wait for it, at some
moment of the turn before.
"""

import asyncio
from collections.abc import Callable, Coroutine
from selectors import DefaultSelector, SelectorKey
from time import perf_counter
from typing import Final, Protocol, TypeVar

_T = TypeVar("_T")

_LONG: Final = 0.001
"""Seconds from which on a turn counts as one that keeps others waiting."""


class Turns(Protocol):
    """Dates the turns of one event loop; all of it on the performance counter, in seconds."""

    @property
    def began(self) -> float:
        """When the events of this turn were handed over: the best guess of when they came."""

    @property
    def since(self) -> float:
        """Before when none of these events came. From here to now is the most they waited."""

    def busy(self) -> float:
        """How long all turns were so far that kept others waiting, with this one."""


class _Selector(DefaultSelector):
    """Dates each turn as it begins, which takes a microsecond."""

    def __init__(self) -> None:
        super().__init__()
        self.began = self.since = perf_counter()
        self._busy = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        """Wait for events, where there are none yet; see ``selectors``."""
        former, asked = self.began, perf_counter()
        if asked - former > _LONG:
            self._busy += asked - former
        events = super().select(0)
        if events or timeout == 0:
            self.began, self.since = perf_counter(), former
        else:
            events = super().select(timeout)
            self.began = self.since = perf_counter()
        return events

    def busy(self) -> float:
        """See ``Turns``."""
        lasts = perf_counter() - self.began
        return self._busy + lasts if lasts > _LONG else self._busy


class _Undated:
    """Of a loop that is not ours nothing is known: events come when their callbacks run."""

    @property
    def began(self) -> float:
        return perf_counter()

    since = began

    def busy(self) -> float:
        return 0.0


class EventLoop(asyncio.SelectorEventLoop):
    """asyncio's own, which dates its turns."""

    def __init__(self) -> None:
        """Open it; whoever does has to close it."""
        self.turns = selector = _Selector()
        super().__init__(selector)


_UNDATED: Final = _Undated()


def turns_of(loop: asyncio.AbstractEventLoop) -> Turns:
    """What dates the turns of a loop."""
    return loop.turns if isinstance(loop, EventLoop) else _UNDATED


def run(
    main: Coroutine[object, object, _T],
    loop: Callable[[], asyncio.AbstractEventLoop] = EventLoop,
) -> _T:
    """Run a program as ``asyncio.run`` would, on a loop that dates its turns or on another."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main)
