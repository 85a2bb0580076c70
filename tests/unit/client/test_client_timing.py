"""What stamps become: phases, and how far a request got."""

import itertools
import ssl

import pytest

from exporter.client.timing import CallTiming
from exporter.client.tls import context_of
from exporter.config.schema import Tls
from tests.support.caller import ORDER, seconds


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> type[CallTiming]:
    """One second passes between any two looks at the clock."""
    ticks = itertools.count()
    monkeypatch.setattr("exporter.client.timing.perf_counter", lambda: float(next(ticks)))
    return CallTiming


def handshake(progress: CallTiming) -> None:
    context = context_of(Tls(insecure_skip_verify=True), progress.handshake)
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO())


async def test_nothing_was_reached(progress: type[CallTiming]) -> None:
    subject = progress()
    timing = subject.timing()
    assert subject.reached is None
    assert timing.reused is None
    assert timing.duration == 1
    assert seconds(timing.phases) == {}


async def test_the_last_phase_lasts_until_the_end(progress: type[CallTiming]) -> None:
    subject = progress()
    reached: list[str | None] = []
    stamps = {"resolving": 1.0, "sending": 4.0, "waiting": 5.0, "receiving": 10.0}
    for step in ("resolving", "connect", "handshake", "sending", "waiting", "receiving"):
        if step == "connect":
            subject.connect()
        elif step == "handshake":
            handshake(subject)
        else:
            setattr(subject, step, stamps[step])
        reached.append(subject.reached)
    assert tuple(reached) == ORDER
    lasted = seconds(subject._phases(12.0))  # noqa: SLF001  # the end is what the test says
    assert lasted == {"dns": 0, "connect": 1, "tls": 2, "send": 1, "wait": 5, "receive": 2}


async def test_connecting_goes_on_while_addresses_fail(progress: type[CallTiming]) -> None:
    subject = progress()
    subject.connect()
    handshake(subject)
    subject.connect()  # the next address, as TLS with the first one failed
    assert subject.reached == "connect"
    assert seconds(subject.timing().phases) == {"connect": 2}


async def test_another_connection_begins_from_nothing(progress: type[CallTiming]) -> None:
    subject = progress()
    subject.sending = subject.waiting = 1.0
    assert subject.timing().reused is True
    subject.restart()
    assert subject.timing().reused is None
    subject.connect()
    subject.sending = 5.0
    timing = subject.timing()
    assert timing.reused is False
    assert tuple(seconds(timing.phases)) == ("connect", "send")
    assert timing.duration == 4  # what the first connection took is not forgotten
