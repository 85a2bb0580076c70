"""A plan that changes while it is followed: what stays, comes, goes, and waits for ids."""

import asyncio
import itertools
import time

import pytest

from exporter.catalog.surface import Ids
from exporter.model.observation import Observation, Run, Skip
from exporter.planning.job import Job
from exporter.probing.grid import phase_of
from tests.support.scheduling import AT_ONCE, BELOW, LIST, RARELY, Log, job, running


async def test_what_stays_in_the_plan_keeps_its_instants() -> None:
    log = Log()
    async with running(log, job("stays", 0.2), job("goes", 0.2), job("slower", 0.2)) as schedule:
        await log.until(lambda: len(log.runs) >= 6)
        for _ in range(20):
            schedule.apply([job("stays", 0.2), job("slower", 5), job("comes", 0.2)])
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
            schedule.apply([*stay, *(come if count % 2 else ())])
            await asyncio.sleep(0)
            if loop.time() > until:
                break
    assert log.skips("overrun") == 0
    assert {name for name, *_ in log.runs} >= {job.key.surface for job in stay}


async def test_what_left_the_plan_when_it_was_due_is_not_run() -> None:
    log = Log()
    async with running(log) as schedule:
        schedule.apply([job(AT_ONCE, 60)])
        await asyncio.sleep(0)  # a turn of the loop: now it is due, and begins in the next
        schedule.apply([])
        await log.until(lambda: log.beats() >= 2)
    assert log.runs == []


async def test_what_comes_back_when_it_was_due_is_run_once() -> None:
    log = Log()
    async with running(log) as schedule:
        schedule.apply([job(AT_ONCE, 60)])
        await asyncio.sleep(0)
        schedule.apply([])
        schedule.apply([job(AT_ONCE, 60)])
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
        schedule.apply([job("a", 0.2, timeout=8)])
        await log.until(lambda: len(log.runs) >= count + 2)
    assert timeouts[: count + 2] == [7] * count + [8, 8]


async def test_a_shorter_interval_is_not_waited_for() -> None:
    log = Log()
    async with running(log, job("a", 3600)) as schedule:
        await log.until(lambda: len(log.runs) == 1)
        schedule.apply([job("a", 0.2)])
        await log.until(lambda: len(log.runs) == 3)


async def test_an_interval_that_flaps_runs_nothing_closer_than_half_of_it() -> None:
    log = Log()
    async with running(log, job("a", 1)) as schedule:
        for interval in itertools.cycle((2, 1)):
            schedule.apply([job("a", interval)])
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
        schedule.apply([])
        schedule.apply([below])
        schedule(LIST)
        await log.until(lambda: log.beats() >= 3)
    assert log.skips("overrun") == 0


async def test_ids_for_what_left_the_plan_disturb_nothing() -> None:
    log = Log()
    async with running(log, job("below", RARELY, Ids("vnfs", "rotate"))) as schedule:
        schedule.apply([])
        schedule(LIST)
        await log.until(lambda: log.beats() >= 2)
    assert log.runs == []
