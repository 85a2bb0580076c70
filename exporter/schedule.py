"""When runs happen: the only importer of APScheduler.

APScheduler keeps the queue of what is due by wall clock; which instants were planned, and what
became of each, is counted here on the event loop's clock. So a stall, a slow run or a step of the
wall clock loses nothing silently: every planned instant ends as a run or as a skip with a reason.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias, cast

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from exporter.grid import EARLY, Grid, phase_of
from exporter.job import Job
from exporter.observation import Emit, Heartbeat, Key, Observation, Reading, Run, Skip, SkipReason

RunJob: TypeAlias = Callable[[Job, float], Awaitable[None]]
HEARTBEAT_INTERVAL: Final = 1.0
_STARTS_PER_SECOND: Final = 200
_CLOCK_STEP: Final = 0.2
_SILENCE: Final = 5 * HEARTBEAT_INTERVAL

_log = logging.getLogger(__name__)


class _Entry(BaseTrigger):
    """A grid with what is to be done at its instants; APScheduler's trigger for it."""

    def __init__(self, name: str, job: Job | None, grid: Grid) -> None:
        self.name = name
        self.job = job
        self.grid = grid

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The first time the planned instant, then the one to wait for, in wall clock time."""
        current = asyncio.get_running_loop().time()
        instant = self.grid.planned if previous is None else self.grid.upcoming(current)
        # From the caller's own now: it asks again and again until it is told of a later time.
        return now + timedelta(seconds=instant - current)

    @property
    def hangs_on(self) -> tuple[str, str] | None:
        """The target, and which of its ids have to be known."""
        if self.job is None or self.job.surface.ids is None:
            return None
        return self.job.key.target, self.job.surface.ids.kind


def _wall(instant: float) -> datetime:
    """An instant of the event loop's clock in wall clock time, as it stands now."""
    return datetime.fromtimestamp(instant + _offset(), UTC)


def _grid(job: Job, spread: float | None = None) -> Grid:
    """Its phase is the same for ever; it begins within the spread, if that is given."""
    now = asyncio.get_running_loop().time()
    share = phase_of(job.key.target, job.key.surface)
    since = (now + _offset() - share * job.interval) % job.interval
    first = None if spread is None else now + share * min(spread, job.interval)
    return Grid(job.interval, now - since + job.interval, first)


def _name(key: Key) -> str:
    return f"{key.target}/{key.surface}"


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
        self._waiting: dict[tuple[str, str], set[_Entry]] = {}
        self._running: dict[Key, asyncio.Task[object]] = {}
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
        return {task for key, task in self._running.items() if key.target == target}

    def _plan(self) -> None:
        wanted = {_name(job.key): job for job in self._jobs}
        for name, entry in list(self._entries.items()):
            if entry.job is None:
                continue
            job = wanted.pop(name, None)
            if job is None:
                self._remove(entry)
            else:
                self._change(entry, job)
        spread = len(wanted) / _STARTS_PER_SECOND
        for name, job in wanted.items():
            self._add(_Entry(name, job, _grid(job, None if job.surface.ids else spread)))

    def _remove(self, entry: _Entry) -> None:
        del self._entries[entry.name]
        self._wait_no_more(entry)
        self._scheduler.remove_job(entry.name)

    def _change(self, entry: _Entry, job: Job) -> None:
        entry.job = job
        if job.interval != entry.grid.interval:
            grid = _grid(job)
            grid.succeed(entry.grid)
            entry.grid = grid
            self._arm(entry)

    def _add(self, entry: _Entry) -> None:
        self._entries[entry.name] = entry
        if (ids := entry.hangs_on) is not None:
            self._waiting.setdefault(ids, set()).add(entry)
        self._scheduler.add_job(self._fire, entry, args=(entry,), id=entry.name)

    def _wait_no_more(self, entry: _Entry) -> None:
        if (ids := entry.hangs_on) is not None:
            self._waiting.get(ids, set()).discard(entry)

    def _arm(self, entry: _Entry) -> None:
        self._scheduler.modify_job(entry.name, next_run_time=_wall(entry.grid.planned))

    async def stop(self, grace: float) -> None:
        """End: no new runs; running ones may finish, then are cancelled and count as skips.

        Args:
            grace: how long they may take, in seconds.
        """
        if self._guard is None:
            return
        guard, self._guard = self._guard, None
        guard.cancel()
        self._waiting.clear()
        self._scheduler.remove_all_jobs()
        if self._running:
            await asyncio.wait(self._running.values(), timeout=grace)
        left = set(self._running.values())
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        self._scheduler.shutdown(wait=False)
        await asyncio.wait({guard})

    def __call__(self, observation: Observation) -> None:
        """Learn as sinks do: once ids are known, what hangs on them need not wait for its phase."""
        match observation:
            case Reading(key=key, kind=kind) if observation.ids:
                for entry in self._waiting.pop((key.target, kind), ()):
                    if not self._runs(entry):
                        entry.grid.planned = asyncio.get_running_loop().time()
                        self._arm(entry)
            case Run(key=key) if (known := self._entries.get(_name(key))) is not None:
                self._wait_no_more(known)
            case _:
                pass

    async def _fire(self, entry: _Entry) -> None:
        if self._entries.get(entry.name) is not entry:
            return  # it left the plan after it was due
        now = asyncio.get_running_loop().time()
        due = entry.grid.planned
        self._skip(entry, "misfire", entry.grid.missed(now))
        if entry.job is None and due <= now + EARLY:
            self._beat(now - due)  # also of a beat that came too late to be one
        if entry.grid.planned > now + EARLY:
            return
        planned = entry.grid.take()
        if entry.job is not None:
            await self._supervise(entry.job, planned)

    async def _supervise(self, job: Job, planned: float) -> None:
        self._running[job.key] = cast("asyncio.Task[object]", asyncio.current_task())
        try:
            await self._run(job, planned)
        except asyncio.CancelledError:
            # Only ``stop`` cancels, and the run has counted itself: APScheduler would log it.
            pass
        finally:
            del self._running[job.key]

    def _beat(self, lag: float) -> None:
        self._beaten = asyncio.get_running_loop().time()
        self._emit(Heartbeat(at=time.time(), lag=max(lag, 0.0)))

    def _on_overrun(self, event: JobSubmissionEvent) -> None:
        entry = self._entries.get(event.job_id)
        if entry is None:
            return
        if self._runs(entry):
            self._skip(entry, "overrun", entry.grid.overrun(asyncio.get_running_loop().time()))
        else:
            self._arm(entry)  # no run is in the way, but a task that has not begun or just ended

    def _runs(self, entry: _Entry) -> bool:
        return entry.job is not None and entry.job.key in self._running

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
                    self._arm(entry)
