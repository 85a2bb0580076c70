"""Time-outs of requests: one heap and one timer of the event loop for all of them.

Hardly any is ever reached. A timer of the loop for each costs three times as much, and would have
to be moved in the loop's own heap.
"""

import asyncio
from heapq import heapify, heappop, heappush
from typing import Final, Self, TypeAlias

EARLY: Final = 0.001
"""Seconds: a loop whose clock has whole milliseconds may wake that much too soon."""
_FEW: Final = 64
"""Deadlines that may be over and still be in the heap, however few others there are."""


class Deadline:
    """Bounds what is done under it, as ``asyncio.timeout`` does: it raises ``TimeoutError``."""

    __slots__ = ("_cancelling", "_ended", "_every", "_seconds", "_task")

    def __init__(self, seconds: float) -> None:
        """Take so many seconds; they begin to count as it is entered."""
        self._seconds = seconds
        self._ended: type[Exception] | None = None
        self._task: asyncio.Task[object] | None = None

    @property
    def over(self) -> bool:
        """Whether nobody is under it any more."""
        return self._task is None

    def __enter__(self) -> Self:
        """Bound what the running task does."""
        self._task = task = asyncio.current_task()
        assert task is not None  # noqa: S101  # nothing is awaited outside of one
        self._cancelling = task.cancelling()
        self._every = _of_loop(asyncio.get_running_loop())
        self._every.add(self, self._seconds)
        return self

    def end(self, error: type[Exception]) -> None:
        """Raise one where the task is, unless it was ended before."""
        if self._ended is None and self._task is not None:
            self._ended = error
            self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        """Make of our own cancellation what it stands for; anybody else's stays."""
        task, self._task = self._task, None
        self._every.forget()
        if self._ended is not None and task is not None:
            ours = task.uncancel() <= self._cancelling
            if ours and kind is asyncio.CancelledError:
                raise self._ended


_Entry: TypeAlias = tuple[float, int, Deadline]


class _Deadlines:
    """Those of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[_Entry] = []
        self._made = 0
        self._over = 0
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def add(self, deadline: Deadline, seconds: float) -> None:
        when = self._loop.time() + seconds
        self._made += 1
        heappush(self._heap, (when, self._made, deadline))
        if self._timer is None or when < self._next:
            self._arm(when)

    def forget(self) -> None:
        """One is over; where they are most of the heap, all of those leave it."""
        self._over += 1
        if self._over > _FEW and self._over * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if not entry[2].over]
            heapify(self._heap)
            self._over = 0

    def _arm(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._next = self._loop.call_at(when, self._look), when

    def _look(self) -> None:
        self._timer = None
        due = self._loop.time() + EARLY
        while self._heap and (self._heap[0][0] <= due or self._heap[0][2].over):
            heappop(self._heap)[2].end(TimeoutError)
        if self._heap:
            self._arm(self._heap[0][0])


_known: Final[dict[asyncio.AbstractEventLoop, _Deadlines]] = {}


def _of_loop(loop: asyncio.AbstractEventLoop) -> _Deadlines:
    found = _known.get(loop)
    if found is None:
        _known.clear()  # a process has one loop, or one after the other
        found = _known[loop] = _Deadlines(loop)
    return found
