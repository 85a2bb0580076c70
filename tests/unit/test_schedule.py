"""Every planned instant ends as a run or as a skip with its reason."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Final

import apscheduler.schedulers.base as apscheduler_base
import pytest

from exporter import schedule as module
from exporter.catalog.surface import Ids, Surface
from exporter.grid import phase_of
from exporter.job import Job
from exporter.observation import Heartbeat, Key, Observation, Reading, Run, Skip
from exporter.schedule import HORIZON, Schedule
from tests.support.servers import eventually

RARELY: Final = 1e9
"""An interval in which no phase comes up while a test runs."""
BELOW: Final = Key("lab", "c", "below")
LIST: Final = Reading(Key("lab", "c", "list"), 0, "vnfs", (), (("1",),))
AT_ONCE: Final = next(
    name for name in map(str, itertools.count()) if phase_of("lab", name) < 0.0001
)
"""A surface whose first instant is the very one at which it is planned."""


def job(
    name: str,
    interval: float,
    ids: Ids | None = None,
    *,
    target: str = "lab",
    timeout: float | None = None,
) -> Job:
    surface = Surface(
        id=name,
        component="c",
        method="GET",
        path="/",
        rate_class="standard",
        safety="read",
        ids=ids,
    )
    return Job(
        key=Key(target, "c", name),
        surface=surface,
        mode="read",
        interval=interval,
        timeout=timeout or interval * 0.9,
        good=2,
        bad=5,
        essential=False,
        endpoint="/",
    )


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
        skips = (seen for seen in self.seen if isinstance(seen, Skip) and seen.reason == reason)
        return sum(skip.count for skip in skips)

    def beats(self) -> int:
        return sum(isinstance(seen, Heartbeat) for seen in self.seen)

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
        assert any(isinstance(seen, Skip) and seen.count >= 4 for seen in log.seen)  # at one blow
        count = len(log.runs)
        await log.until(lambda: len(log.runs) > count)
    runs_since = [planned for _, planned, _ in log.runs if planned > before]
    elapsed = round((runs_since[-1] - before) / 0.1)
    assert len(runs_since) + log.skips("misfire") == elapsed


async def test_what_hangs_on_ids_runs_as_soon_as_there_are_some() -> None:
    log = Log()
    below = job("below", RARELY, Ids("vnfs", "rotate"))
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


async def test_a_schedule_that_fell_silent_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock was back an hour, and forth again before anybody looked."""
    monkeypatch.setattr(Clock, "step", 0.0)
    monkeypatch.setattr(apscheduler_base, "datetime", SteppedDatetime)
    monkeypatch.setattr(module, "_SILENCE", 2.0)
    log = Log()
    async with running(log, job("a", 0.25)) as schedule:
        await log.until(lambda: len(log.runs) >= 2)
        Clock.step = -3600.0

        async def silent() -> bool | None:
            return schedule.silence > 1.5 or None

        await eventually(silent)
        Clock.step = 0.0
        count = len(log.runs)
        await log.until(lambda: len(log.runs) >= count + 2)


async def test_while_apscheduler_is_silent_nothing_runs_and_what_passes_is_a_misfire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SILENCE", 2.0)
    log = Log()
    async with running(log, job("a", 0.25)) as schedule:

        async def silent_for(seconds: float) -> bool | None:
            return schedule.silence > seconds or None

        await log.until(lambda: len(log.runs) >= 2)
        with monkeypatch.context() as silent:
            silent.setattr(module.Scheduler, "wakeup", lambda _: None)
            await eventually(partial(silent_for, HORIZON + 0.1), within=20)
            count, (_, last, _) = len(log.runs), log.runs[-1]
            skipped = log.skips("misfire")
            await eventually(partial(silent_for, HORIZON + 1.5), within=20)
            assert len(log.runs) == count
        await log.until(lambda: len(log.runs) >= count + 2, seconds=20)
    since = [planned for _, planned, _ in log.runs if planned > last]
    elapsed = round((since[-1] - last) / 0.25)
    assert len(since) + log.skips("misfire") - skipped == elapsed
    assert log.skips("misfire") - skipped >= 5


async def test_however_many_are_due_others_have_their_turn() -> None:
    log = Log()
    counts: list[int] = []
    async with running(log, *(job(f"job-{number}", 600) for number in range(500))):
        time.sleep(3)  # noqa: ASYNC251  # after the stall all of them are due
        while len(log.runs) < 500:
            await asyncio.sleep(0)
            counts.append(len(log.runs))
    begun = [later - earlier for earlier, later in itertools.pairwise(counts)]
    assert max(begun) <= 64  # what one grant and one turn of the timer begin
    assert log.skips("misfire") == 0


async def test_however_often_it_is_woken_apscheduler_looks_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class CountedDatetime(datetime):
        looks = 0

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "CountedDatetime":
            cls.looks += 1
            return super().now(tz)

    scheduler = module.Scheduler(timezone=UTC, job_defaults={})
    scheduler.start()
    await asyncio.sleep(0)
    monkeypatch.setattr(apscheduler_base, "datetime", CountedDatetime)
    for looks in (1, 2):
        for _ in range(1000):
            scheduler.wakeup()
        for _ in range(3):
            await asyncio.sleep(0)
        assert CountedDatetime.looks == looks
    scheduler.shutdown()


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
    await schedule.stop(grace=0.05)
    assert cancelled.is_set()
    assert len(log.runs) == 1


async def test_what_is_about_to_begin_at_the_end_accounts_for_itself_too() -> None:
    log = Log()
    began, cancelled = asyncio.Event(), asyncio.Event()

    async def hang(_: Job, __: float) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    async with running(log, job("a", 60), run=hang) as schedule:
        async with asyncio.timeout(10):
            for _ in itertools.takewhile(
                lambda _: not schedule.in_flight("lab"), itertools.count()
            ):
                await asyncio.sleep(0)
        assert not began.is_set()
        await schedule.stop(grace=0)
    assert cancelled.is_set()


async def test_a_list_that_ends_while_stopping_disturbs_nothing() -> None:
    log = Log()
    async with running(log, job("below", RARELY, Ids("vnfs", "rotate"))) as schedule:
        await schedule.stop(grace=0)
        schedule(LIST)


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


async def test_jobs_that_come_and_go_cost_the_others_no_instant() -> None:
    """No run lasts, so that no overrun can be true."""
    log = Log()
    stay = [job(f"stays-{number}", 0.2) for number in range(50)]
    come = [job(f"comes-{number}", 60) for number in range(10)]
    loop = asyncio.get_running_loop()
    async with running(log, *stay) as schedule:
        until = loop.time() + 2
        for count in itertools.count():
            schedule.follow([*stay, *(come if count % 2 else ())])
            await asyncio.sleep(0)
            if loop.time() > until:
                break
    assert log.skips("overrun") == 0
    assert {name for name, *_ in log.runs} >= {job.key.surface for job in stay}


async def test_what_left_the_plan_when_it_was_due_is_not_run() -> None:
    log = Log()
    async with running(log) as schedule:
        schedule.follow([job(AT_ONCE, 60)])
        await asyncio.sleep(0)  # a turn of the loop: now it is due, and begins in the next
        schedule.follow([])
        await log.until(lambda: log.beats() >= 2)
    assert log.runs == []


async def test_what_comes_back_when_it_was_due_is_run_once() -> None:
    log = Log()
    async with running(log) as schedule:
        schedule.follow([job(AT_ONCE, 60)])
        await asyncio.sleep(0)
        schedule.follow([])
        schedule.follow([job(AT_ONCE, 60)])
        await log.until(lambda: log.beats() >= 2)
    assert [name for name, *_ in log.runs] == [AT_ONCE]
    assert log.skips("overrun") + log.skips("misfire") == 0


async def test_what_else_changes_than_the_interval_is_in_the_next_run() -> None:
    log = Log()
    timeouts: list[float] = []

    async def run(job: Job, planned: float) -> None:
        timeouts.append(job.timeout)
        await log.run(job, planned)

    async with running(log, job("a", 0.2, timeout=7), run=run) as schedule:
        await log.until(lambda: len(log.runs) >= 2)
        count = len(timeouts)
        schedule.follow([job("a", 0.2, timeout=8)])
        await log.until(lambda: len(log.runs) >= count + 2)
    assert timeouts[: count + 2] == [7] * count + [8, 8]


async def test_a_shorter_interval_is_not_waited_for() -> None:
    log = Log()
    async with running(log, job("a", 3600)) as schedule:
        await log.until(lambda: len(log.runs) == 1)
        schedule.follow([job("a", 0.2)])
        await log.until(lambda: len(log.runs) == 3)


async def test_an_interval_that_flaps_runs_nothing_closer_than_half_of_it() -> None:
    log = Log()
    async with running(log, job("a", 1)) as schedule:
        for interval in itertools.cycle((2, 1)):
            schedule.follow([job("a", interval)])
            await asyncio.sleep(0.01)
            if len(log.runs) >= 4:
                break
    planned = [when for _, when, _ in log.runs]
    assert all(later - earlier >= 0.5 for earlier, later in itertools.pairwise(planned))


async def test_each_surface_of_each_target_has_a_phase_of_its_own_by_the_wall_clock() -> None:
    log = Log()
    names = [(target, surface) for target in ("lab", "field") for surface in ("a", "b")]
    planned: dict[tuple[str, str], list[float]] = {name: [] for name in names}

    async def run(job: Job, instant: float) -> None:
        planned[job.key.target, job.key.surface].append(instant)
        await log.run(job, instant)

    jobs = [job(surface, 0.5, target=target) for target, surface in names]
    async with running(log, *jobs, run=run):
        await log.until(lambda: all(len(instants) >= 3 for instants in planned.values()))
    offset = time.time() - asyncio.get_running_loop().time()
    for name, instants in planned.items():
        for instant in instants[1:]:
            off = (instant + offset) / 0.5 - phase_of(*name)
            assert off == pytest.approx(round(off), abs=0.1)


@pytest.mark.parametrize(
    ("seen", "forward"),
    [(Run(BELOW, 0, 0.1), False), (Skip(BELOW, 0, "no_resource"), True)],
    ids=["a run", "a skip"],
)
async def test_ids_bring_forward_what_had_no_run(seen: Observation, *, forward: bool) -> None:
    """What came back into the plan ran at its phase: the ids were known all the while."""
    log = Log()
    async with running(log, job("below", RARELY, Ids("vnfs", "rotate"))) as schedule:
        schedule(seen)
        schedule(LIST)
        await log.until(lambda: log.beats() >= 2)
    assert bool(log.runs) == forward


async def test_ids_do_not_bring_forward_what_runs() -> None:
    log = Log()
    below = job("below", RARELY, Ids("vnfs", "rotate"))

    async def hang(job: Job, planned: float) -> None:
        await log.run(job, planned)
        await asyncio.Event().wait()

    async with running(log, below, run=hang) as schedule:
        schedule(LIST)
        await log.until(lambda: bool(log.runs))
        schedule.follow([])
        schedule.follow([below])
        schedule(LIST)
        await log.until(lambda: log.beats() >= 3)
    assert log.skips("overrun") == 0


async def test_ids_for_what_left_the_plan_disturb_nothing() -> None:
    log = Log()
    async with running(log, job("below", RARELY, Ids("vnfs", "rotate"))) as schedule:
        schedule.follow([])
        schedule(LIST)
        await log.until(lambda: log.beats() >= 2)
    assert log.runs == []


async def test_stopping_what_never_started_is_nothing() -> None:
    log = Log()
    await Schedule(log.run, log.emit).stop(grace=1)
    assert log.runs == []
