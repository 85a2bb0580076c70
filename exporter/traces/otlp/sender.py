"""A queue that never makes the event loop wait, and the thread that empties it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeAlias

from exporter.traces.otlp.record import SpanRecord
from exporter.traces.otlp.settings import Settings

Export: TypeAlias = Callable[[Sequence[SpanRecord]], str | None]
"""Sends a batch, however long that takes; why it did not arrive, or ``None``."""

_ABORT: Final = 0.2
"""Seconds that an export has to end in once it was told to."""

_log = logging.getLogger(__name__)


class Tally(Protocol):
    """Counts what becomes of spans, from any thread."""

    def made(self) -> None:
        """One was made."""

    def dropped(self, count: int) -> None:
        """So many were never sent."""

    def failed(self, count: int) -> None:
        """So many were sent and did not arrive."""


class SpanSender:
    """Sends spans in batches. Each one ends as exported, dropped or failed, and is counted.

    Args:
        export: sends a batch.
        abort: makes an ``export`` that is under way end, as far as it can.
        tally: counts.
        limits: how many spans may wait, how many are sent together, and for how long those wait
            that are no full batch; also through which proxy they go.
    """

    def __init__(
        self, export: Export, abort: Callable[[], None], tally: Tally, limits: Settings
    ) -> None:
        """Take spans from now on; ``start`` begins to send."""
        self._export = export
        self._abort = abort
        self._tally = tally
        self._capacity = limits.capacity
        self._batch = min(limits.batch, limits.capacity)
        self._delay = limits.delay
        self._way = {} if limits.proxy is None else {"proxy": str(limits.proxy.url)}
        self._queue: deque[SpanRecord] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._settling = threading.Lock()
        self._under_way = 0
        self._failing_since: float | None = None
        self._thread = threading.Thread(target=self._work, name="traces", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    @property
    def room(self) -> int:
        """How many more may wait; only ``push`` makes it less."""
        return self._capacity - len(self._queue)

    def push(self, record: SpanRecord) -> bool:
        """Let one wait for its batch: whether there was room; else it is dropped."""
        self._tally.made()
        if self._closing or self.room <= 0:
            self._tally.dropped(1)
            return False
        self._queue.append(record)
        if len(self._queue) >= self._batch and not self._wake.is_set():
            self._wake.set()
        return True

    def close(self, within: float) -> None:
        """Send what waits, and end. It blocks; what was not sent in these seconds is given up."""
        self._closing = True
        self._wake.set()
        if not self._thread.ident:
            self._give_up()
            return
        self._thread.join(max(0.0, within))
        if self._thread.is_alive():
            self._abort()
            self._thread.join(_ABORT)
        self._give_up()

    def _work(self) -> None:
        while not self._closing:
            self._wake.wait(self._delay)
            self._wake.clear()
            while self._queue:
                self._send()
        while self._queue:
            self._send()

    def _send(self) -> None:
        with self._settling:
            count = min(self._batch, len(self._queue))
            records = [self._queue.popleft() for _ in range(count)]
            self._under_way = len(records)
        try:
            failure = self._export(records)
        except Exception as error:  # noqa: BLE001 - of the library; spans still have to be counted
            failure = type(error).__name__
        with self._settling:
            if failure is not None:
                self._tally.failed(self._under_way)
            self._under_way = 0
        self._tell(failure)

    def _give_up(self) -> None:
        """Count what is left; an export that still ends counts nothing any more."""
        with self._settling:
            self._tally.failed(self._under_way)
            self._tally.dropped(len(self._queue))
            self._under_way = 0
            self._queue.clear()

    def _tell(self, failure: str | None) -> None:
        """Log when it begins to fail, and when it works again."""
        if failure is not None and self._failing_since is None:
            self._failing_since = time.monotonic()
            _log.warning(
                "traces cannot be exported", extra={"fields": {"reason": failure, **self._way}}
            )
        elif failure is None and self._failing_since is not None:
            seconds = round(time.monotonic() - self._failing_since, 1)
            self._failing_since = None
            _log.info("traces are exported again", extra={"fields": {"failed_seconds": seconds}})
