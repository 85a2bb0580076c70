"""One window of measurement, from the reading at its begin and the one at its end."""

import asyncio
import operator
import os
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.bench import machine
from tests.bench.arrivals import Arrival, within
from tests.bench.machine import Memory
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
    """What happened on one side in some seconds.

    ``arrivals`` are the requests that came to its targets; one of them is one run.
    """

    seconds: float
    arrivals: Sequence[Arrival]
    cpu: Cpu
    counted: Tally
    memory: Memory

    @property
    def runs(self) -> int:
        """How many there were, by what came to the targets."""
        return len(self.arrivals)


class Edge(NamedTuple):
    """What was read at the begin or the end, and when: Unix time, as the target has it."""

    at: float
    cpu: Cpu


def between(
    first: Edge, last: Edge, arrivals: Iterable[Arrival], counted: Tally, memory: Memory
) -> Window:
    """What happened from one reading to the other, and what was counted meanwhile."""
    return Window(
        seconds=last.at - first.at,
        arrivals=within(arrivals, first.at, last.at),
        cpu=last.cpu.since(first.cpu),
        counted=counted,
        memory=memory,
    )


async def measure(side: Side, *, settle: float, seconds: float) -> Window:
    """Let a side go on, wait until that is over, and measure it; it is paused afterwards.

    What is asked of Prometheus, or of the server in its place, is asked outside of the time in
    which CPU and runs are counted.
    """
    side.resume()
    await asyncio.sleep(settle)
    await side.scraped_since(time.time())  # else what happened meanwhile would count
    before = await side.counted()
    machine.forget_peak(side.server.pid)  # going on brings a rush that is none of its own
    first = _edge(side)
    await asyncio.sleep(seconds)
    last = _edge(side)
    memory = machine.memory(side.server.pid)
    counted = since(await side.counted(), before)
    side.pause()
    return between(first, last, side.world.nginx.arrivals(side.place), counted, memory)


def _edge(side: Side) -> Edge:
    pids = (side.server.pid, side.prometheus.process.pid, side.world.nginx.process.pid)
    known = [machine.cpu_seconds(pid) for pid in pids]
    rest = machine.busy_seconds() - sum(known) - machine.cpu_seconds(os.getpid())
    return Edge(time.time(), Cpu._make([*known, rest]))
