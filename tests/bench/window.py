"""One window of measurement, from the reading at its begin and the one at its end."""

import asyncio
import operator
import os
import time
from typing import NamedTuple

from tests.bench import machine
from tests.bench.machine import Memory
from tests.bench.nginx import Nginx
from tests.bench.sides import Side
from tests.bench.tally import Tally, since


class Cpu(NamedTuple):
    """Seconds of CPU that processes used; ``rest``: whatever else ran on the machine."""

    server: float
    prometheus: float
    nginx: float
    rest: float

    def since(self, before: "Cpu") -> "Cpu":
        """What was used between the two."""
        return Cpu._make(map(operator.sub, self, before))


class Window(NamedTuple):
    """What happened on one side in some seconds. ``runs``: requests that nginx answered."""

    seconds: float
    runs: int
    cpu: Cpu
    counted: Tally
    memory: Memory


class Edge(NamedTuple):
    """What was read at the begin or the end: at a second, so many answers of nginx so far."""

    at: float
    answered: int
    cpu: Cpu


def between(first: Edge, last: Edge, counted: Tally, memory: Memory) -> Window:
    """What happened from one reading to the other, and what was counted meanwhile."""
    return Window(
        seconds=last.at - first.at,
        runs=last.answered - first.answered - 1,  # the reading itself
        cpu=last.cpu.since(first.cpu),
        counted=counted,
        memory=memory,
    )


async def measure(side: Side, nginx: Nginx, *, settle: float, seconds: float) -> Window:
    """Let a side go on, wait until that is over, and measure it; it is paused afterwards.

    What is asked of Prometheus, or of the server in its place, is asked outside of the time in
    which CPU and runs are counted.
    """
    side.resume()
    await asyncio.sleep(settle)
    await side.scraped_since(time.time())  # else what happened meanwhile would count
    before = await side.counted()
    machine.forget_peak(side.server.pid)  # going on brings a rush that is none of its own
    first = await _edge(side, nginx)
    await asyncio.sleep(seconds)
    last = await _edge(side, nginx)
    memory = machine.memory(side.server.pid)
    counted = since(await side.counted(), before)
    side.pause()
    return between(first, last, counted, memory)


async def _edge(side: Side, nginx: Nginx) -> Edge:
    answered = await nginx.answered()
    pids = (side.server.pid, side.prometheus.process.pid, nginx.process.pid)
    known = [machine.cpu_seconds(pid) for pid in pids]
    rest = machine.busy_seconds() - sum(known) - machine.cpu_seconds(os.getpid())
    return Edge(time.monotonic(), answered, Cpu._make([*known, rest]))
