"""Every planned instant ends as a run or as a skip with its reason."""

import asyncio
import itertools
import time
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial

import apscheduler.schedulers.base as apscheduler_base
import pytest

from exporter.catalog.surface import Ids
from exporter.model.observation import Heartbeat, IdsListed, Key, Skip
from exporter.planning.job import Job
from exporter.probing import schedule as module
from exporter.probing.schedule import HORIZON, Schedule
from tests.support.scheduling import LIST, RARELY, Log, job, running
from tests.support.servers import eventually


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
        schedule(IdsListed(key, 0, "vnfs", (), ()))
        schedule(IdsListed(key, 0, "agents", (), (("1",),)))
        schedule(IdsListed(key, 0, "vnfs", (), (("1",),)))
        await log.until(lambda: [name for name, *_ in log.runs] == ["list", "below"])
        schedule(IdsListed(key, 0, "vnfs", (), (("2",),)))
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
    schedule.apply([job("a", 60)])
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


async def test_stopping_what_never_started_is_nothing() -> None:
    log = Log()
    await Schedule(log.run, log.emit).stop(grace=1)
    assert log.runs == []
