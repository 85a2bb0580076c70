"""What nobody else hears of is said once a minute for each kind."""

import asyncio
import errno
import logging
import os

import pytest

from exporter.logs.throttle import EVERY, LogThrottle
from exporter.process.unhandled_errors import UnhandledErrors

EXHAUSTED = {
    "message": "socket.accept() out of system resource",
    "exception": OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
}


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_of_a_kind_is_due_each_minute_and_tells_how_many_were_not() -> None:
    clock = Clock()
    seldom = LogThrottle(clock)
    assert seldom.due("a") == 0
    assert seldom.due("b") == 0
    assert [seldom.due("a") for _ in range(3)] == [None] * 3
    clock.now += EVERY - 1
    assert seldom.due("a") is None
    clock.now += 1
    assert (seldom.due("a"), seldom.due("b")) == (4, 0)
    clock.now += EVERY
    assert seldom.due("a") == 0


async def test_accepting_that_fails_is_one_line_without_a_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(UnhandledErrors())
    for _ in range(1000):
        loop.call_exception_handler(EXHAUSTED)
    (record,) = caplog.records
    assert record.message == "the listener cannot accept connections"
    assert record.levelno == logging.WARNING
    assert record.exc_info is None


async def test_another_fault_has_its_trace_and_is_told_once_for_each_kind(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(UnhandledErrors())
    handled = asyncio.Event()
    for error in (ValueError, ValueError, KeyError):

        def fail(error: type[Exception] = error) -> None:
            raise error

        loop.call_soon(fail)
    loop.call_soon(handled.set)
    await handled.wait()
    assert [record.exc_info and record.exc_info[0] for record in caplog.records] == [
        ValueError,
        KeyError,
    ]
    assert all("a fault in the event loop" in record.message for record in caplog.records)
