"""A sidecar as it is meant to be: the simulated API, all reads every 15 s, every run traced."""

import asyncio
import time
from collections.abc import Mapping
from functools import partial
from typing import Final, NamedTuple

from tests.bench import machine
from tests.bench.alone import page_of
from tests.bench.machine import Memory
from tests.bench.say import say
from tests.bench.sides import Ours
from tests.bench.situation import Situation, World
from tests.bench.tally import RUNS, count, read
from tests.support.product import Simulator
from tests.support.servers import eventually

INTERVAL: Final = 15
SURFACES: Final = 14
"""Of each target, that are due; two more come with its token."""
_SEVERAL: Final = 4
"""Targets that have 50 surfaces and a few."""


class Sidecar(NamedTuple):
    """Shares of a core by part of the time, its memory, and that of one with 50 surfaces."""

    shares: list[float]
    memory: Memory
    several: Memory


class _Whole(Ours):
    """The exporter with all that is read of some targets, with a login."""

    def __init__(self, world: World, url: str, targets: int) -> None:
        super().__init__(Situation(targets, INTERVAL, traced=1.0), world)
        self._url = url

    def _target(self, url: str, interval: str) -> Mapping[str, object]:
        return {
            "name": url.split("/")[2].replace(".", "-").replace(":", "-"),
            "url": self._url,
            "auth": {"type": "login", "username": "demo", "password": "demo"},
            "interval": interval,
        }


async def sidecar(world: World, settle: float, seconds: float, parts: int) -> Sidecar:
    """Let one run so long after all surfaces were asked, scraped as often, and measure it then.

    One of several targets runs beside it, for its memory: both take next to nothing.
    """
    say(f"a sidecar for {seconds:g} s")
    async with (
        Simulator() as api,
        _Whole(world, api.url, 1) as one,
        _Whole(world, api.url, _SEVERAL) as several,
    ):
        for side in (one, several):
            await eventually(partial(_all_ran, side), within=60)
        await asyncio.sleep(settle)
        shares: list[float] = []
        for _ in range(parts):
            began, used = time.monotonic(), machine.ran(one.server.pid)
            await asyncio.sleep(seconds / parts)
            spent = machine.ran(one.server.pid) - used
            shares.append(spent / (time.monotonic() - began))
        return Sidecar(shares, *(machine.memory(side.server.pid) for side in (one, several)))


async def _all_ran(side: Ours) -> bool | None:
    side.server.check()
    runs = count(read(await page_of(side)), RUNS)
    return runs >= SURFACES * side.situation.targets or None
