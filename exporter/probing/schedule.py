"""When runs happen: the only importer of APScheduler.

APScheduler has one job: once a second it grants that runs may begin for a few seconds more. Within
what is granted one timer of the event loop begins them at their instants (``agenda``), so the work
is the same whatever was queued meanwhile. Which instants were planned, and what became of each, is
counted on the event loop's clock: after a stall, a slow run, a step of the wall clock or a silence
of APScheduler every planned instant ends as a run or as a skip with a reason.
"""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from exporter.model.observation import Emit, Heartbeat, IdsListed, Key, Run, Skip
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job
from exporter.probing.agenda import Agenda, DueJob
from exporter.probing.grid import EARLY, Grid
from exporter.status.fanout import Sink

RunJob: TypeAlias = Callable[[Job, float], Awaitable[None]]
HEARTBEAT_INTERVAL: Final = 1.0
HORIZON: Final = 3 * HEARTBEAT_INTERVAL
"""How far a heartbeat grants: one that is a little late holds nothing up."""
_MOST_AT_ONCE: Final = 8
"""Entries that one turn of the loop attends to: then whoever asks, and signals, have their turn."""
_CLOCK_STEP: Final = 0.2
_SILENCE: Final = 5 * HEARTBEAT_INTERVAL
_BEAT: Final = "heartbeat"

_log = logging.getLogger(__name__)


class Scheduler(AsyncIOScheduler):
    """APScheduler with one wake-up on its way at most.

    Its own queues one for each change of a job, and each of them looks for what is due: in one long
    turn of the loop there would be more and more of them.
    """

    _waking = False

    def wakeup(self) -> None:
        """Look for what is due in the next turn of the loop, once."""
        if not self._waking:
            self._waking = True
            asyncio.get_running_loop().call_soon(self._awake)  # right before it
            super().wakeup()

    def _awake(self) -> None:
        self._waking = False


class _Beats(BaseTrigger):
    """The instants of the heartbeat, as APScheduler's trigger."""

    def __init__(self, now: float) -> None:
        self.grid = Grid(HEARTBEAT_INTERVAL, now, now)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first time the planned instant, then the one to wait for, in wall clock time."""
        current = asyncio.get_running_loop().time()
        instant = self.grid.planned if previous is None else self.grid.upcoming(current)
        # From the caller's own now: it asks again and again until it is told of a later time.
        return now + timedelta(seconds=instant - current)


class Schedule(Sink):
    """Runs every job at its instants, never one job twice at once."""

    def __init__(self, run: RunJob, emit: Emit) -> None:
        """Plan nothing yet; nothing runs before ``start``.

        ``run`` is given the planned instant on the loop's clock, and never raises; ``emit`` takes
        skips and heartbeats.
        """
        self._jobs: tuple[Job, ...] = ()
        self._run = run
        self._emit = emit
        self._agenda = Agenda()
        self._running: dict[Key, asyncio.Task[object]] = {}
        self._scheduler = Scheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._granted = -math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._guard: asyncio.Task[None] | None = None
        self._beaten = 0.0

    @property
    def silence(self) -> float:
        """Seconds since the scheduler last ran its heartbeat; more than a few are a fault."""
        return asyncio.get_running_loop().time() - self._beaten

    def start(self) -> None:
        """Begin: what needs no ids is run at once (spread a little), the rest at its phase."""
        # What it would warn of is counted here.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        now = self._beaten = asyncio.get_running_loop().time()
        self._agenda.apply(self._jobs, now, _offset())
        beats = _Beats(now)
        self._scheduler.add_job(self._grant, beats, args=(beats.grid,), id=_BEAT)
        self._scheduler.start()
        self._guard = asyncio.create_task(self._heal())

    def apply(self, jobs: Iterable[Job]) -> None:
        """Run these from now on; what stays keeps its instants, what runs may end."""
        self._jobs = tuple(jobs)
        if self._guard is not None:
            self._agenda.apply(self._jobs, asyncio.get_running_loop().time(), _offset())
            self._wait()

    def in_flight(self, target: str) -> set[asyncio.Task[object]]:
        """The runs of a target that have not ended."""
        return {task for key, task in self._running.items() if key.target == target}

    async def stop(self, grace: float) -> None:
        """End: no new runs; running ones may finish, then are cancelled and count as skips.

        They may take ``grace`` seconds.
        """
        if self._guard is None:
            return
        guard, self._guard = self._guard, None
        guard.cancel()
        self._agenda.clear()
        self._wait()
        self._scheduler.remove_all_jobs()
        if self._running:
            # Also without grace it takes a turn of the loop, in which those begin that have not:
            # a task that is cancelled before would not count itself.
            await asyncio.wait(self._running.values(), timeout=grace)
        left = set(self._running.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        self._scheduler.shutdown(wait=False)
        await asyncio.wait({guard})

    def listed(self, listed: IdsListed) -> None:
        """Once ids are known, what hangs on them need not wait for its phase."""
        if listed.ids:
            now = asyncio.get_running_loop().time()
            self._agenda.known(listed.key.target, listed.kind, now, self._running)
            self._wait()

    def ran(self, run: Run) -> None:
        """What had its run waits for no ids any more."""
        self._agenda.ran(run.key)

    async def _grant(self, beats: Grid) -> None:
        """APScheduler is alive: for a while runs may begin."""
        if self._guard is None:
            return  # it was on its way when the end came
        now = self._beaten = asyncio.get_running_loop().time()
        lag = max(0.0, now - beats.planned)
        beats.overrun(now + EARLY)
        self._granted = now + HORIZON
        self._emit(Heartbeat(at=time.time(), lag=lag))
        self._turn()  # not by the timer: however late that would be, each grant brings some on

    def _wait(self) -> None:
        """Set the timer to the first instant, if that is granted."""
        first = self._agenda.first
        if self._timer is not None:
            if self._timer.when() == first:
                return
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(first, self._ring) if first <= self._granted else None

    def _ring(self) -> None:
        """The timer's instant has come."""
        self._timer = None
        self._turn()

    def _turn(self) -> None:
        """Attend to what is due, as far as one turn of the loop goes; what is left has the next."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now > self._granted:
            return  # APScheduler is silent; what passes meanwhile is counted when it is back
        for _ in range(_MOST_AT_ONCE):
            if (entry := self._agenda.due(now)) is None:
                break
            self._attend(entry, now, loop)
            self._agenda.back(entry)
        self._wait()

    def _attend(self, entry: DueJob, now: float, loop: asyncio.AbstractEventLoop) -> None:
        job, grid = entry.job, entry.grid
        now = max(now, grid.planned)
        if job.key in self._running:
            self._skip(job, "overrun", grid.overrun(now))
            return
        if missed := grid.missed(now):
            self._skip(job, "misfire", missed)
        if grid.planned <= now:
            self._running[job.key] = loop.create_task(self._supervise(job, grid.take()))

    async def _supervise(self, job: Job, planned: float) -> None:
        try:
            await self._run(job, planned)
        finally:
            del self._running[job.key]

    def _skip(self, job: Job, reason: SkipReason, count: int) -> None:
        self._emit(Skip(job.key, time.time(), reason, count))

    async def _heal(self) -> None:
        """Wake APScheduler after a step of the wall clock, by which it goes silent."""
        offset, woken = _offset(), self._beaten
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            now = asyncio.get_running_loop().time()
            step = _offset() - offset
            if abs(step) <= _CLOCK_STEP and now - max(woken, self._beaten) <= _SILENCE:
                continue
            offset, woken = offset + step, now
            _log.warning(
                "re-arming the schedule",
                extra={"fields": {"clock_step": round(step, 3), "silence": self.silence}},
            )
            self._scheduler.modify_job(_BEAT, next_run_time=datetime.now(UTC))


def _offset() -> float:
    return time.time() - asyncio.get_running_loop().time()
