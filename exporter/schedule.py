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
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, cast

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from exporter.job import Job
from exporter.observation import Emit, Heartbeat, Observation, Reading, Skip, SkipReason

RunJob: TypeAlias = Callable[[Job, float], Awaitable[None]]
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
        current = asyncio.get_running_loop().time()
        instant = self.grid.planned
        if previous is not None and instant <= current:
            instant = self.grid.after(current + 0.001)
        # From the caller's own now: it asks again and again until it is told of a later time.
        return now + timedelta(seconds=instant - current)


def _wall(instant: float) -> datetime:
    """An instant of the event loop's clock in wall clock time, as it stands now."""
    return datetime.fromtimestamp(instant + _offset(), UTC)


def _grid(job: Job, spread: float) -> Grid:
    """Its phase is the same for ever; without ids to wait for it begins within the spread."""
    now = asyncio.get_running_loop().time()
    share = phase_of(job.key.target, job.key.surface)
    since = (now + _offset() - share * job.interval) % job.interval
    first = None if job.surface.ids else now + share * min(spread, job.interval)
    return Grid(job.interval, now - since + job.interval, first)


def _offset() -> float:
    return time.time() - asyncio.get_running_loop().time()


class Schedule:
    """Runs every job at its instants, never one job twice at once."""

    def __init__(self, run: RunJob, emit: Emit) -> None:
        """Plan nothing yet; nothing runs before ``start``.

        Args:
            run: runs one job; is given the planned instant on the loop's clock; never raises.
            emit: takes skips and heartbeats.
        """
        self._jobs: tuple[Job, ...] = ()
        self._run = run
        self._emit = emit
        self._entries: dict[str, _Entry] = {}
        self._waiting: dict[tuple[str, str], list[_Entry]] = {}
        self._running: dict[asyncio.Task[object], Job] = {}
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
        # What it would warn of is counted here; its log would double its cost.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        now = asyncio.get_running_loop().time()
        self._plan()
        self._add(_Entry("heartbeat", None, Grid(HEARTBEAT_INTERVAL, now, now)))
        self._beaten = now
        self._scheduler.start()
        self._guard = asyncio.create_task(self._heal())

    def follow(self, jobs: Iterable[Job]) -> None:
        """Run these from now on; what stays keeps its instants, what runs may end.

        Args:
            jobs: what to run.
        """
        self._jobs = tuple(jobs)
        if self._guard is not None:
            self._plan()

    def in_flight(self, target: str) -> set[asyncio.Task[object]]:
        """The runs of a target that have not ended.

        Args:
            target: its name.

        Returns:
            Their tasks.
        """
        return {task for task, job in self._running.items() if job.key.target == target}

    def _plan(self) -> None:
        wanted = {f"{job.key.target}/{job.key.surface}": job for job in self._jobs}
        for name, entry in list(self._entries.items()):
            if entry.job is None:
                continue
            job = wanted.get(name)
            if job is None or job.interval != entry.job.interval:
                self._remove(name)
            else:
                entry.job = wanted.pop(name)
        spread = len(wanted) / _STARTS_PER_SECOND
        for name, job in wanted.items():
            self._add(_Entry(name, job, _grid(job, spread)))

    def _remove(self, name: str) -> None:
        entry = self._entries.pop(name)
        for waiting in self._waiting.values():
            if entry in waiting:
                waiting.remove(entry)
        self._scheduler.remove_job(name)

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
        guard, self._guard = self._guard, None
        guard.cancel()
        self._waiting.clear()
        self._scheduler.remove_all_jobs()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        left = set(self._running)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        self._scheduler.shutdown(wait=False)
        await asyncio.wait({guard})
        return len(left)

    def __call__(self, observation: Observation) -> None:
        """Learn as sinks do: once ids are known, what hangs on them need not wait for its phase."""
        if isinstance(observation, Reading) and observation.ids:
            for entry in self._waiting.pop((observation.key.target, observation.kind), ()):
                entry.grid.planned = asyncio.get_running_loop().time()
                self._scheduler.modify_job(entry.name, next_run_time=_wall(entry.grid.planned))

    async def _fire(self, entry: _Entry) -> None:
        if self._entries.get(entry.name) is not entry:
            return  # it left the plan after it was due
        now = asyncio.get_running_loop().time()
        due = entry.grid.planned
        self._skip(entry, "misfire", entry.grid.missed(now))
        planned = entry.grid.planned
        if entry.job is None and due <= now + _EARLY:
            self._beat(now - due)  # also of a beat that came too late to be one
        if planned > now + _EARLY:
            return
        entry.grid.planned = entry.grid.following()
        if entry.job is None:
            return
        await self._supervise(entry.job, planned)

    async def _supervise(self, job: Job, planned: float) -> None:
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._running[task] = job
        try:
            await self._run(job, planned)
        except asyncio.CancelledError:
            # Only ``stop`` cancels, and the run has counted itself: APScheduler would log it.
            pass
        finally:
            del self._running[task]

    def _beat(self, lag: float) -> None:
        self._beaten = asyncio.get_running_loop().time()
        self._emit(Heartbeat(at=time.time(), lag=max(lag, 0.0)))

    def _on_overrun(self, event: JobSubmissionEvent) -> None:
        entry = self._entries.get(event.job_id)
        if entry is None:
            return
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
