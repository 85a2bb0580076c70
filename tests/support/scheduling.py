"""A schedule that runs nothing real, and what it ran and told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from exporter.catalog.surface import Ids, Surface
from exporter.model.observation import Heartbeat, IdsListed, Key, Observation, Skip
from exporter.planning.job import Job
from exporter.probing.grid import phase_of
from exporter.probing.schedule import Schedule

RARELY: Final = 1e9
"""An interval in which no phase comes up while a test runs."""
BELOW: Final = Key("lab", "c", "below")
LIST: Final = IdsListed(Key("lab", "c", "list"), 0, "vnfs", (), (("1",),))
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
    schedule.apply(jobs)
    schedule.start()
    try:
        yield schedule
    finally:
        await schedule.stop(grace=0)
