"""Each span ends as exported, dropped or failed, whatever the collector does."""

import logging
import threading
from collections.abc import Iterator, Sequence

import pytest

from exporter.traces.otlp.record import SpanRecord
from exporter.traces.otlp.sender import SpanSender
from exporter.traces.otlp.settings import Settings
from tests.unit.traces.otlp.records import record

LONG = 3600.0
WITHIN = 10.0


class Counts:
    def __init__(self) -> None:
        self.made_ones = self.dropped_ones = self.failed_ones = 0

    def made(self) -> None:
        self.made_ones += 1

    def dropped(self, count: int) -> None:
        self.dropped_ones += count

    def failed(self, count: int) -> None:
        self.failed_ones += count


class Collector:
    """Takes batches while it is ``open``, and answers each with what is set."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.answer: str | None = None
        self.arrived = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()
        self.aborted = threading.Event()
        self.raises = False

    def __call__(self, records: Sequence[SpanRecord]) -> str | None:
        self.arrived.release()
        self.open.wait()
        if self.raises:
            raise ValueError
        if self.answer is None:
            self.batches.append(len(records))
        return self.answer


class Stage:
    def __init__(self) -> None:
        self.collector = Collector()
        self.counts = Counts()

    def sender(self, *, capacity: int = 8, batch: int = 4, delay: float = LONG) -> SpanSender:
        limits = Settings(capacity=capacity, batch=batch, delay=delay)
        sender = SpanSender(self.collector, self.collector.aborted.set, self.counts, limits)
        sender.start()
        return sender

    def seen(self) -> tuple[int, int, int, int]:
        counts = self.counts
        exported = sum(self.collector.batches)
        return counts.made_ones, exported, counts.dropped_ones, counts.failed_ones


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.collector.open.set()


def push(sender: SpanSender, count: int) -> list[bool]:
    return [sender.push(record()) for _ in range(count)]


def test_a_full_batch_is_sent_at_once(stage: Stage) -> None:
    sender = stage.sender()
    push(sender, 4)
    assert stage.collector.arrived.acquire(timeout=WITHIN)
    sender.close(WITHIN)
    assert stage.collector.batches == [4]
    assert stage.seen() == (4, 4, 0, 0)


def test_what_is_no_full_batch_is_sent_after_the_delay(stage: Stage) -> None:
    sender = stage.sender(delay=0.01)
    push(sender, 1)
    assert stage.collector.arrived.acquire(timeout=WITHIN)
    sender.close(WITHIN)
    assert stage.seen() == (1, 1, 0, 0)


def test_the_rest_is_sent_at_the_end(stage: Stage) -> None:
    sender = stage.sender(capacity=100)
    push(sender, 11)
    sender.close(WITHIN)
    assert sum(stage.collector.batches) == 11
    assert max(stage.collector.batches) == 4
    assert push(sender, 1) == [False]
    assert stage.seen() == (12, 11, 1, 0)


def test_what_finds_no_room_is_dropped(stage: Stage) -> None:
    stage.collector.open.clear()
    sender = stage.sender()
    push(sender, 4)
    assert stage.collector.arrived.acquire(timeout=WITHIN)
    assert sender.room == 8
    assert push(sender, 10) == [True] * 8 + [False] * 2
    assert sender.room == 0
    stage.collector.open.set()
    sender.close(WITHIN)
    assert stage.seen() == (14, 12, 2, 0)


@pytest.mark.parametrize("raises", [False, True])
def test_a_failed_batch_is_counted_and_the_next_one_is_tried(
    raises: bool,  # noqa: FBT001
    stage: Stage,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "exporter")
    collector = stage.collector
    collector.answer, collector.raises = "Connection refused", raises
    sender = stage.sender(batch=1)
    for _ in range(2):
        push(sender, 1)
        assert collector.arrived.acquire(timeout=WITHIN)
    collector.open.clear()
    push(sender, 1)
    assert collector.arrived.acquire(timeout=WITHIN)  # the second one has been counted
    assert stage.counts.failed_ones == 2
    collector.answer, collector.raises = None, False
    collector.open.set()
    push(sender, 1)
    sender.close(WITHIN)
    assert stage.seen() == (4, 2, 0, 2)
    reason = "ValueError" if raises else "Connection refused"
    told = [(one.getMessage(), one.__dict__["fields"].get("reason")) for one in caplog.records]
    assert told == [("traces cannot be exported", reason), ("traces are exported again", None)]


def test_a_hanging_collector_is_given_up(stage: Stage) -> None:
    stage.collector.open.clear()
    sender = stage.sender()
    push(sender, 4)
    assert stage.collector.arrived.acquire(timeout=WITHIN)
    push(sender, 3)
    sender.close(0.01)
    assert stage.collector.aborted.is_set()
    assert stage.seen() == (7, 0, 3, 4)


def test_an_export_that_fails_for_being_aborted_counts_once(stage: Stage) -> None:
    stage.collector.open.clear()
    stage.collector.answer = "Shutdown"
    stage.collector.aborted = stage.collector.open
    sender = stage.sender()
    push(sender, 6)
    sender.close(0.01)
    assert stage.seen() == (6, 0, 0, 6)


def test_a_sender_that_never_began_drops(stage: Stage) -> None:
    limits = Settings(capacity=8, batch=4, delay=LONG)
    sender = SpanSender(stage.collector, stage.collector.aborted.set, stage.counts, limits)
    push(sender, 2)
    sender.close(WITHIN)
    assert stage.seen() == (2, 0, 2, 0)
