"""How long a scrape holds up the event loop, as others feel it.

Somebody asks for ``/-/healthy`` on a kept connection, again as soon as it is answered: while the
loop is held up, so is the answer. What that is longer than usual is the block. Nothing is
probed meanwhile, and the server has a core of its own where there are two.
"""

import asyncio
import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from os import getpid
from select import select
from subprocess import PIPE
from typing import Final, NamedTuple

from tests.bench import machine
from tests.bench.alone import asked_all, started
from tests.bench.say import say
from tests.bench.sides import Ours, Plain, Side
from tests.bench.situation import Situation, World

# A process of its own, or what it does with the page would hold up who asks. It is there before,
# and waits: while it starts, it would take the core of who asks.
_SCRAPER: Final = """
import http.client, sys
for _ in sys.stdin:
    connection = http.client.HTTPConnection(sys.argv[1], timeout=60)
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    while answer.read(1 << 20):
        pass
    print(answer.status, flush=True)
"""
_WELL: Final = 200
_A_DAY: Final = 86_400
_QUIET: Final = 1.0
"""Seconds that tell how long an answer takes usually."""


class Blocks(NamedTuple):
    """Seconds of the longest block of each scrape."""

    ours: Sequence[float]
    plain: Sequence[float]


async def blocks(world: World, targets: int, scrapes: int) -> Blocks:
    """Scrape each side so many times."""
    ours = await _blocks(Ours(Situation(targets, _A_DAY), world), scrapes)
    plain = await _blocks(Plain(Situation(targets, _A_DAY), world), scrapes)
    return Blocks(ours, plain)


async def _blocks(side: Side, scrapes: int) -> list[float]:
    say(f"blocks of the loop: {side.kind}")
    async with AsyncExitStack() as stack:
        server = await started(stack, side)
        await asked_all(side)
        first, others = machine.halves()
        machine.pin(server.pid, first)
        machine.pin(getpid(), others)
        stack.callback(machine.pin, getpid(), first | others)
        return await asyncio.to_thread(_longest, side.address, scrapes)


def _longest(address: str, scrapes: int) -> list[float]:
    connection = http.client.HTTPConnection(address, timeout=60)
    begun = time.perf_counter()
    usual: list[float] = []
    while time.perf_counter() - begun < _QUIET:
        usual.append(_asked(connection))
    median = statistics.median(usual)
    argv = [sys.executable, "-I", "-S", "-u", "-c", _SCRAPER, address]
    with subprocess.Popen(argv, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as scraper:
        longest = [_scraped(scraper, connection) - median for _ in range(scrapes)]
        scraper.communicate()
    connection.close()
    return longest


def _scraped(scraper: "subprocess.Popen[str]", connection: http.client.HTTPConnection) -> float:
    """Have one scrape made; the longest wait for an answer beside it."""
    if scraper.stdin is None or scraper.stdout is None:
        message = "it has no pipes"
        raise ValueError(message)
    scraper.stdin.write("\n")
    waits: list[float] = []
    while not select([scraper.stdout], [], [], 0)[0]:
        waits.append(_asked(connection))
    if scraper.stdout.readline().strip() != str(_WELL):
        message = f"a scrape of {connection.host} failed"
        raise ValueError(message)
    return max(waits)


def _asked(connection: http.client.HTTPConnection) -> float:
    begun = time.perf_counter()
    connection.request("GET", "/-/healthy")
    connection.getresponse().read()
    return time.perf_counter() - begun
