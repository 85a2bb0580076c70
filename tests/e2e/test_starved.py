"""The machine is short of CPU for a while: nothing piles up, and after it all is on time again.

It runs alone (``make starved``): what others take of the machine meanwhile cannot be told from what
the exporter is late by. Half a minute does: before there was an ``agenda``, twenty seconds of it
made the exporter deaf for ever, by either means.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple

import aiohttp
import pytest

from tests.bench.machine import busy_seconds, cpu_seconds, memory
from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import UVLOOP, Exporter, Scrape
from tests.support.servers import Start, get
from tests.support.starving import Starve, means

TARGETS: Final = 300
INTERVAL: Final = 1.0
SHORT_OF_CPU: Final = 30.0
"""Seconds."""
MEANS: Final = means()
CASES: Final = (
    *(pytest.param(starve, {}, id=name) for name, starve in MEANS.items()),
    # By one of them alone: each case takes a minute.
    *(pytest.param(starve, UVLOOP, id=f"{name}-uvloop") for name, starve in [*MEANS.items()][:1]),
)
HEALTHY: Final = OK + b"Content-Type: application/json\r\n" + sized(b'{"status":"healthy"}')
TARGET: Final = """
  - name: t{number}
    url: http://127.10.{high}.{low}:{port}
    interval: 1s
    surfaces: {{"*": {{mode: off}}, monitoring.health: {{mode: read}}}}
"""
SCHEDULED: Final = "oran_mano_probe_scheduled_total"
RUNS: Final = "oran_mano_probe_runs_total"
SKIPPED: Final = "oran_mano_probe_skipped_total"
LATENESS: Final = "oran_mano_exporter_schedule_lateness_seconds_bucket"
_TO_SPARE: Final = 0.3
"""Cores: a machine that has less is busy, and then the exporter need not be on time."""


async def started(start: Start, loop: Mapping[str, str]) -> Exporter:
    """An exporter with its targets, once each was asked."""
    server = await start(serve(answer(HEALTHY), host="0.0.0.0"))
    targets = (
        TARGET.format(number=number, high=number // 250, low=number % 250 + 1, port=server.port)
        for number in range(TARGETS)
    )
    exporter = await start(Exporter("targets:" + "".join(targets), env=loop))

    def all_ran(scrape: Scrape) -> bool:
        runs = scrape.by("target", RUNS)
        return len(runs) == TARGETS and min(runs.values()) >= 1

    await exporter.until(all_ran, within=60)
    return exporter


@asynccontextmanager
async def scraped(exporter: Exporter) -> AsyncIterator[None]:
    """Two that scrape for as long as this lasts, and give up after a while as Prometheus does."""

    async def scrape() -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                await get(f"{exporter.url}/metrics")
            await asyncio.sleep(0.5)

    scrapers = [asyncio.create_task(scrape()) for _ in range(2)]
    try:
        yield
    finally:
        for scraper in scrapers:
            scraper.cancel()
        await asyncio.gather(*scrapers, return_exceptions=True)


async def short_of_cpu(exporter: Exporter, seconds: float) -> None:
    """Let it be so, and see that it is, and that nothing piles up meanwhile."""
    pid = exporter.process.pid
    used, began, most = cpu_seconds(pid), time.monotonic(), memory(pid).now + 32
    while (lasted := time.monotonic() - began) < seconds:
        await asyncio.sleep(1)
        assert memory(pid).now < most
    assert (cpu_seconds(pid) - used) / lasted < 0.1


class Punctuality(NamedTuple):
    """Of what was due in five intervals, the shares that began late, and that did not begin."""

    late: float
    lost: float

    def suits(self, other: "Punctuality") -> bool:
        """Whether it is as good as the other, or as good as can be told."""
        return all(mine <= max(0.02, 1.5 * its) for mine, its in zip(self, other, strict=True))


async def punctuality(exporter: Exporter) -> Punctuality:
    """How punctual it is now; not at all if it does not answer."""
    try:
        since = await exporter.scrape()
        await asyncio.sleep(5 * INTERVAL)
        scrape = await exporter.scrape()
    except (aiohttp.ClientError, TimeoutError):
        exporter.process.check()
        return Punctuality(1, 1)
    due, runs, skips = (scrape.sum(name) - since.sum(name) for name in (SCHEDULED, RUNS, SKIPPED))
    prompt = scrape.sum(LATENESS, le="0.5") - since.sum(LATENESS, le="0.5")
    return Punctuality(1 - prompt / runs if runs else 1, skips / due if due else 1)


async def usually(exporter: Exporter) -> Punctuality:
    """The worst that it is while nothing is amiss: a scrape costs some runs, in a window or two."""
    late, lost = zip(*[await punctuality(exporter) for _ in range(3)], strict=True)
    return Punctuality(max(late), max(lost))


async def on_time(exporter: Exporter, before: Punctuality) -> None:
    """It is as it was: at once where the machine has time to spare, else before long."""
    seen: list[tuple[Punctuality, float]] = []
    while len(seen) < 10:
        busy, began = busy_seconds(), time.monotonic()
        now = await punctuality(exporter)
        if now.suits(before):
            return
        seen.append((now, (busy_seconds() - busy) / (time.monotonic() - began)))
        # One window may hold a scrape more than another; two in a row are a fault.
        spare = [(os.cpu_count() or 1) - used > _TO_SPARE for _, used in seen[-2:]]
        assert spare != [True, True], (before, seen)
    pytest.fail(f"it was {before} before, and never again: {seen}")


class Count(NamedTuple):
    """How many runs each target was due, at some moment between two."""

    since: float
    until: float
    due: dict[str, float]


async def count(exporter: Exporter) -> Count:
    """Ask; and its books balance."""
    since = time.monotonic()
    scrape = await exporter.scrape()
    runs, due = scrape.by("target", RUNS), scrape.by("target", SCHEDULED)
    skipped = {target: scrape.sum(SKIPPED, target=target) for target in due}
    assert due == {target: runs[target] + skipped[target] for target in due}
    return Count(since, time.monotonic(), due)


def unaccounted(before: Count, after: Count) -> dict[str, float]:
    """Targets of which more instants are missing, or too many told, than may be under way."""
    least, most = after.since - before.until, after.until - before.since
    told = {target: after.due[target] - due for target, due in before.due.items()}
    return {
        target: number
        for target, number in told.items()
        if not least / INTERVAL - 3 <= number <= most / INTERVAL + 3
    }


@pytest.mark.parametrize(("starve", "loop"), CASES)
async def test_what_was_short_of_cpu_is_on_time_within_two_intervals(
    starve: Starve, loop: Mapping[str, str], start: Start
) -> None:
    exporter = await started(start, loop)
    usual, before = await usually(exporter), await count(exporter)
    pid = exporter.process.pid
    rested = memory(pid).now
    async with scraped(exporter):
        with starve(pid):
            await short_of_cpu(exporter, SHORT_OF_CPU)
        await asyncio.sleep(2 * INTERVAL)
    await on_time(exporter, usual)
    after = await count(exporter)
    assert memory(pid).now < rested + 32
    assert unaccounted(before, after) == {}
    asked = time.monotonic()
    exporter.process.signal(signal.SIGTERM)
    assert await exporter.process.wait(within=20) == 0
    assert time.monotonic() - asked < 5
    assert "Traceback" not in exporter.process.output()


@pytest.mark.parametrize(("starve", "loop"), CASES)
async def test_it_ends_in_time_though_it_is_short_of_cpu(
    starve: Starve, loop: Mapping[str, str], start: Start
) -> None:
    exporter = await started(start, loop)
    async with scraped(exporter):
        with starve(exporter.process.pid):
            await short_of_cpu(exporter, 10)
            asked = time.monotonic()
            exporter.process.signal(signal.SIGTERM)
            code = await exporter.process.wait(within=20)
            assert time.monotonic() - asked < 5
    told = "msg=ended" if code == 0 else "ended before all was done: too little CPU"
    assert code in {0, 128 + signal.SIGTERM}
    assert told in exporter.process.output()
    assert "Traceback" not in exporter.process.output()
