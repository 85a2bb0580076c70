"""Every planned instant ends as a run or as a skip with its reason."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, tzinfo
from typing import Final

import apscheduler.schedulers.base as apscheduler_base
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import schedule as module
from exporter.catalog.surface import Ids, Surface
from exporter.job import Job
from exporter.observation import Heartbeat, Key, Observation, Reading, Skip
from exporter.schedule import Grid, Schedule, phase_of

SECONDS: Final = st.floats(0.5, 100)


def job(name: str, interval: float, ids: Ids | None = None) -> Job:
    surface = Surface(
        id=name,
        component="c",
        method="GET",
        path="/",
        rate_class="standard",
        safety="read",
        ids=ids,
    )
    key = Key("lab", "c", name)
    return Job(key, surface, "read", interval, interval * 0.9, 2, 5, essential=False, endpoint="/")


class Log:
    """What was run, when, and what was emitted; waits until there is enough of it."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, float, float]] = []
        self.seen: list[Observation] = []
        self._changed = asyncio.Event()

    def emit(self, observation: Observation) -> None:
        self.seen.append(observation)
        self._changed.set()

    async def run(self, job: Job, planned: float) -> None:
        self.runs.append((job.key.surface, planned, asyncio.get_running_loop().time()))
        self._changed.set()

    def skips(self, reason: str) -> int:
        return sum(isinstance(seen, Skip) and seen.reason == reason for seen in self.seen)

    async def until(self, enough: Callable[[], bool], seconds: float = 10) -> None:
        async with asyncio.timeout(seconds):
            while not enough():
                self._changed.clear()
                await self._changed.wait()


@asynccontextmanager
async def running(
    log: Log, *jobs: Job, run: Callable[[Job, float], Awaitable[None]] | None = None
) -> AsyncIterator[Schedule]:
    schedule = Schedule(run or log.run, log.emit)
    schedule.follow(jobs)
    schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop(grace=0)


@given(SECONDS, st.floats(0, 50), st.lists(st.floats(0, 300), max_size=20))
def test_runs_are_half_an_interval_apart_and_no_instant_is_lost(
    interval: float, first: float, steps: list[float]
) -> None:
    grid = Grid(interval, origin=interval, first=first)
    now, taken, missed = first, [], 0
    for step in steps:
        now += step
        missed += grid.missed(now)
        if grid.planned <= now:
            taken.append(grid.planned)
            grid.planned = grid.following()
    gaps = [later - earlier for earlier, later in itertools.pairwise(taken)]
    assert all(gap > interval * 0.499 for gap in gaps)
    elapsed = (grid.planned - first) / interval
    assert len(taken) + missed == pytest.approx(elapsed, abs=1)


@given(SECONDS, st.floats(0, 300))
def test_a_grid_keeps_its_phase(interval: float, now: float) -> None:
    instant = Grid(interval, origin=7.0).after(now)
    assert now < instant <= now + interval * 1.001
    steps = (instant - 7.0) / interval
    assert steps == pytest.approx(round(steps), abs=1e-6)


def test_phases_are_spread_and_stay() -> None:
    phases = sorted(phase_of("lab", f"surface-{number}") for number in range(1000))
    assert phase_of("lab", "monitoring.health") == phase_of("lab", "monitoring.health")
    assert phase_of("ab", "c") != phase_of("a", "bc")
    assert max(b - a for a, b in itertools.pairwise(phases)) < 0.02


async def test_a_job_runs_at_once_and_then_at_its_instants() -> None:
    log = Log()
    async with running(log, job("a", 0.2)):
        await log.until(lambda: len(log.runs) >= 4)
    planned = [when for _, when, _ in log.runs]
    gaps = [later - earlier for earlier, later in itertools.pairwise(planned)]
    assert 0.1 <= gaps[0] <= 0.31
    assert gaps[1:] == pytest.approx([0.2] * len(gaps[1:]))
    assert all(actual >= when - 0.06 for _, when, actual in log.runs)


async def test_a_run_longer_than_its_interval_meets_no_second_one() -> None:
    log = Log()
    inside = 0

    async def slow(job: Job, planned: float) -> None:
        nonlocal inside
        inside += 1
        assert inside == 1
        await log.run(job, planned)
        await log.until(lambda: log.skips("overrun") >= 3)
        inside -= 1

    async with running(log, job("a", 0.1), run=slow):
        await log.until(lambda: len(log.runs) >= 2)
    first, second = (planned for _, planned, _ in log.runs[:2])
    lost = log.skips("overrun") + log.skips("misfire")
    assert lost + 1 == pytest.approx((second - first) / 0.1, abs=1)


async def test_instants_that_pass_in_a_stall_are_misfires() -> None:
    log = Log()
    async with running(log, job("a", 0.1)):
        await log.until(lambda: len(log.runs) >= 2)
        before = log.runs[-1][1]
        time.sleep(0.55)  # noqa: ASYNC251  # the stall
        await log.until(lambda: log.skips("misfire") >= 4)
        count = len(log.runs)
        await log.until(lambda: len(log.runs) > count)
    runs_since = [planned for _, planned, _ in log.runs if planned > before]
    elapsed = round((runs_since[-1] - before) / 0.1)
    assert len(runs_since) + log.skips("misfire") == elapsed


async def test_what_hangs_on_ids_runs_as_soon_as_there_are_some() -> None:
    log = Log()
    below = job("below", 60, Ids("vnfs", "rotate"))
    async with running(log, job("list", 60), below) as schedule:
        await log.until(lambda: [name for name, *_ in log.runs] == ["list"])
        key = Key("lab", "c", "list")
        schedule(Reading(key, 0, "vnfs", (), ()))
        schedule(Reading(key, 0, "agents", (), (("1",),)))
        schedule(Reading(key, 0, "vnfs", (), (("1",),)))
        await log.until(lambda: [name for name, *_ in log.runs] == ["list", "below"])
        schedule(Reading(key, 0, "vnfs", (), (("2",),)))
        await log.until(lambda: any(isinstance(seen, Heartbeat) for seen in log.seen))
    assert len(log.runs) == 2


async def test_the_first_instants_are_not_missed() -> None:
    log = Log()
    jobs = [job(f"job-{number}", 60) for number in range(50)]
    async with running(log, *jobs):
        await log.until(lambda: len(log.runs) == 50)
    assert log.skips("misfire") == 0


async def test_the_heart_beats_at_once() -> None:
    log = Log()
    async with running(log):
        await log.until(lambda: bool(log.seen), seconds=0.9)


async def test_the_heart_beats() -> None:
    log = Log()
    async with running(log) as schedule:
        await log.until(lambda: len(log.seen) >= 2)
        assert schedule.silence < 1.5


class Clock:
    """The wall clock, as APScheduler and the schedule read it, with a step in it."""

    step = 0.0

    @classmethod
    def time(cls) -> float:
        return time.time() + cls.step


class SteppedDatetime(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "SteppedDatetime":
        return super().now(tz) + timedelta(seconds=Clock.step)


@pytest.mark.parametrize("step", [-3600.0, 3600.0, -0.7])
async def test_a_step_of_the_wall_clock_costs_no_instant_unseen(
    step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "step", 0.0)
    monkeypatch.setattr(module, "time", Clock)
    monkeypatch.setattr(apscheduler_base, "datetime", SteppedDatetime)
    log = Log()
    async with running(log, job("a", 0.25)):
        await log.until(lambda: len(log.runs) >= 2)
        before = log.runs[-1][1]
        Clock.step = step
        await log.until(lambda: log.runs[-1][1] > before + 1.6)
    since = [planned for _, planned, _ in log.runs if planned > before]
    elapsed = round((since[-1] - before) / 0.25)
    assert len(since) + log.skips("misfire") == elapsed
    assert len(since) >= 2


async def test_the_end_waits_for_what_runs_and_then_cancels_it() -> None:
    log = Log()
    cancelled = asyncio.Event()

    async def hang(job: Job, planned: float) -> None:
        await log.run(job, planned)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    schedule = Schedule(hang, log.emit)
    schedule.follow([job("a", 60)])
    schedule.start()
    await log.until(lambda: len(log.runs) == 1)
    assert schedule.in_flight("lab")
    assert await schedule.stop(grace=0.05) == 1
    assert cancelled.is_set()
    assert len(log.runs) == 1


async def test_a_list_that_ends_while_stopping_disturbs_nothing() -> None:
    log = Log()
    async with running(log, job("below", 60, Ids("vnfs", "rotate"))) as schedule:
        await schedule.stop(grace=0)
        schedule(Reading(Key("lab", "c", "list"), 0, "vnfs", (), (("1",),)))


async def test_a_stall_shows_in_the_lag_of_the_heartbeat() -> None:
    log = Log()

    def lags() -> list[float]:
        return [seen.lag for seen in log.seen if isinstance(seen, Heartbeat)]

    async with running(log):
        await log.until(lambda: len(lags()) >= 1)
        time.sleep(2.4)  # noqa: ASYNC251  # the stall
        await log.until(lambda: len(lags()) >= 2)
    assert max(lags()) > 1.3


async def test_what_stays_in_the_plan_keeps_its_instants() -> None:
    log = Log()
    async with running(log, job("stays", 0.2), job("goes", 0.2), job("slower", 0.2)) as schedule:
        await log.until(lambda: len(log.runs) >= 6)
        for _ in range(20):
            schedule.follow([job("stays", 0.2), job("slower", 5), job("comes", 0.2)])
        before = len(log.runs)
        await log.until(lambda: len([name for name, *_ in log.runs if name == "stays"]) >= 10)
    planned = [when for name, when, _ in log.runs if name == "stays"]
    gaps = [later - earlier for earlier, later in itertools.pairwise(planned[1:])]
    assert gaps == pytest.approx([0.2] * len(gaps))
    after = [name for name, *_ in log.runs[before:]]
    assert "goes" not in after
    assert after.count("slower") <= 1
    assert after.count("comes") >= 4


async def test_stopping_what_never_started_is_nothing() -> None:
    assert await Schedule(Log().run, Log().emit).stop(grace=1) == 0
