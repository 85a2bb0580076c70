"""When runs happen: the only importer of APScheduler.

APScheduler keeps the queue of what is due by wall clock; which instants were planned, and what
became of each, is counted here on the event loop's clock. So a stall, a slow run or a step of the
wall clock loses nothing silently: every planned instant ends as a run or as a skip with a reason.
"""

import asyncio
import hashlib
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Final, TypeAlias, cast

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from exporter.job import Job
from exporter.observation import Heartbeat, Observation, Reading, Skip, SkipReason

RunJob: TypeAlias = Callable[[Job, float], Awaitable[None]]
Emit: TypeAlias = Callable[[Observation], None]

HEARTBEAT_INTERVAL: Final = 1.0
_STARTS_PER_SECOND: Final = 200
_EARLY: Final = 0.05
"""A fire this much before its instant is that instant: wall clock and loop clock drift apart."""
_CLOCK_STEP: Final = 0.2
_SILENCE: Final = 5 * HEARTBEAT_INTERVAL

_log = logging.getLogger(__name__)


def phase_of(*names: str) -> float:
    """Where in its interval something has its place: a ratio from 0 up to 1, the same for ever.

    A hash spreads the load evenly and keeps each probe's distance from the last one over
    restarts; random jitter does neither.
    """
    digest = hashlib.blake2b("\0".join(names).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


class Grid:
    """The planned instants of one job on the event loop's clock, each taken exactly once.

    They lie ``interval`` seconds apart, but for the first, which may lie anywhere; the second is
    then the next of the grid that is at least half an interval later.
    """

    def __init__(self, interval: float, origin: float, first: float | None = None) -> None:
        """Begin at ``first``, or at the grid's next instant after ``origin`` less an interval."""
        self.interval = interval
        self._origin = origin
        self.planned = origin if first is None else first

    def after(self, instant: float) -> float:
        """The first instant of the grid after the given one."""
        steps = math.floor((instant - self._origin) / self.interval) + 1
        return self._origin + steps * self.interval

    def following(self) -> float:
        """The instant after the planned one."""
        return self.after(self.planned + self.interval / 2)

    def missed(self, now: float) -> int:
        """Leave behind the instants that a later one has overtaken, or that are stale by now.

        Returns:
            How many were left behind. The planned instant is then less than half an interval
            old, or still to come, so that two runs are never closer than half an interval.
        """
        count = 0
        while now - self.planned > self.interval / 2:
            self.planned = self.following()
            count += 1
        return count

    def overrun(self, now: float) -> int:
        """Leave behind every instant that is due.

        Returns:
            How many were.
        """
        count = 0
        while self.planned <= now + _EARLY:
            self.planned = self.following()
            count += 1
        return count


class _Entry(BaseTrigger):
    """A grid with what is to be done at its instants; APScheduler's trigger for it."""

    def __init__(self, name: str, job: Job | None, grid: Grid) -> None:
        self.name = name
        self.job = job
        self.grid = grid

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The planned instant, or the next one when that is due, in wall clock time."""
        del now
        current = asyncio.get_running_loop().time()
        planned = self.grid.planned
        if previous is None or planned > current:
            return _wall(planned)
        return _wall(self.grid.after(current + 0.001))


def _wall(instant: float) -> datetime:
    """An instant of the event loop's clock in wall clock time, as it stands now."""
    return datetime.fromtimestamp(instant + _offset(), UTC)


def _offset() -> float:
    return time.time() - asyncio.get_running_loop().time()


class Schedule:
    """Runs every job at its instants, never one job twice at once."""

    def __init__(self, jobs: Iterable[Job], run: RunJob, emit: Emit) -> None:
        """Plan the jobs; nothing runs before ``start``.

        Args:
            jobs: what to run.
            run: runs one job; is given the planned instant on the loop's clock; never raises.
            emit: takes skips and heartbeats.
        """
        self._jobs = tuple(jobs)
        self._run = run
        self._emit = emit
        self._entries: dict[str, _Entry] = {}
        self._waiting: dict[tuple[str, str], list[_Entry]] = {}
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._scheduler.add_listener(self._on_overrun, EVENT_JOB_MAX_INSTANCES)
        self._guard: asyncio.Task[None] | None = None
        self._beaten = 0.0

    @property
    def silence(self) -> float:
        """Seconds since the scheduler last ran its heartbeat; more than a few are a fault."""
        return asyncio.get_running_loop().time() - self._beaten

    def start(self) -> None:
        """Begin: what needs no ids is run at once (spread a little), the rest at its phase."""
        # What it would log is counted here; its log would double its cost.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        now, offset = asyncio.get_running_loop().time(), _offset()
        spread = len(self._jobs) / _STARTS_PER_SECOND
        for job in self._jobs:
            share = phase_of(job.key.target, job.key.surface)
            since = (now + offset - share * job.interval) % job.interval
            origin = now - since + job.interval
            first = None if job.surface.ids else now + share * min(spread, job.interval)
            grid = Grid(job.interval, origin, first)
            self._add(_Entry(f"{job.key.target}/{job.key.surface}", job, grid))
        self._add(_Entry("heartbeat", None, Grid(HEARTBEAT_INTERVAL, now, now)))
        self._beaten = now
        self._scheduler.start()
        self._guard = asyncio.create_task(self._heal())

    def _add(self, entry: _Entry) -> None:
        self._entries[entry.name] = entry
        if entry.job is not None and entry.job.surface.ids is not None:
            awaited = (entry.job.key.target, entry.job.surface.ids.kind)
            self._waiting.setdefault(awaited, []).append(entry)
        self._scheduler.add_job(self._fire, entry, args=(entry,), id=entry.name)

    async def stop(self, grace: float) -> int:
        """End: no new runs; running ones may finish, then are cancelled.

        Args:
            grace: how long they may take, in seconds.

        Returns:
            How many were cancelled; each counts itself as a skip.
        """
        if self._guard is None:
            return 0
        self._guard.cancel()
        self._scheduler.remove_all_jobs()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        self._scheduler.shutdown(wait=False)
        await asyncio.wait({self._guard})
        return len(left)

    def __call__(self, observation: Observation) -> None:
        """Learn as sinks do: once ids are known, what hangs on them need not wait for its phase."""
        if isinstance(observation, Reading) and observation.ids:
            for entry in self._waiting.pop((observation.key.target, observation.kind), ()):
                entry.grid.planned = asyncio.get_running_loop().time()
                self._scheduler.modify_job(entry.name, next_run_time=_wall(entry.grid.planned))

    async def _fire(self, entry: _Entry) -> None:
        now = asyncio.get_running_loop().time()
        self._skip(entry, "misfire", entry.grid.missed(now))
        planned = entry.grid.planned
        if planned > now + _EARLY:
            return
        entry.grid.planned = entry.grid.following()
        if entry.job is None:
            self._beat(now - planned)
            return
        await self._supervise(entry.job, planned)

    async def _supervise(self, job: Job, planned: float) -> None:
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._running.add(task)
        try:
            await self._run(job, planned)
        except asyncio.CancelledError:
            # Only ``stop`` cancels, and the run has counted itself: APScheduler would log it.
            pass
        finally:
            self._running.discard(task)

    def _beat(self, lag: float) -> None:
        self._beaten = asyncio.get_running_loop().time()
        self._emit(Heartbeat(at=time.time(), lag=max(lag, 0.0)))

    def _on_overrun(self, event: JobSubmissionEvent) -> None:
        entry = self._entries[event.job_id]
        self._skip(entry, "overrun", entry.grid.overrun(asyncio.get_running_loop().time()))

    def _skip(self, entry: _Entry, reason: SkipReason, count: int) -> None:
        if entry.job is None:
            return
        for _ in range(count):
            self._emit(Skip(entry.job.key, time.time(), reason))

    async def _heal(self) -> None:
        """Re-arm everything after a step of the wall clock, by which APScheduler goes silent."""
        offset = _offset()
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL)
            step = _offset() - offset
            if abs(step) > _CLOCK_STEP or self.silence > _SILENCE:
                offset += step
                _log.warning(
                    "re-arming the schedule",
                    extra={"fields": {"clock_step": round(step, 3), "silence": self.silence}},
                )
                for entry in self._entries.values():
                    self._scheduler.modify_job(entry.name, next_run_time=_wall(entry.grid.planned))
