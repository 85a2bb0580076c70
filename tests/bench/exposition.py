"""What a scrape costs the server: our page, beside client_golang with the same series.

Debian's prometheus-pushgateway is given our page and shows it with client_golang, with labels
``job`` and ``instance`` on each series. The exporter goes on to probe each target once between two
scrapes, for a page of which nothing changed could be remembered; what that costs is taken off.
"""

import asyncio
import http.client
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

import aiohttp

from tests.bench import machine
from tests.bench.alone import counted_all, started
from tests.bench.say import say
from tests.bench.sides import Ours
from tests.bench.situation import Situation, World
from tests.support import tools
from tests.support.servers import LOOPBACK, Process, answers, free_port

SERIES: Final = 10_000
ENCODINGS: Final[Mapping[str, str]] = {"gzip": "gzip", "text": "identity"}
PER_TARGET: Final = 62
"""Series that a target adds, about: how many targets are needed."""
_INTERVAL: Final = 1
_ACCEPT: Final = "text/plain;version=0.0.4"
_OWN: Final = ("process_", "python_", "go_")
"""Both have these of themselves."""


class Exposition(NamedTuple):
    """Seconds of CPU that a scrape took of each, by encoding and round; and of how many series."""

    ours: Mapping[str, list[float]]
    golang: Mapping[str, list[float]]
    series: int


async def exposition(world: World, targets: int, rounds: int, scrapes: int) -> Exposition:
    """Scrape both by turns, so many times in each round."""
    async with AsyncExitStack() as stack:
        ours = Ours(Situation(targets, _INTERVAL), world)
        server = await started(stack, ours)
        page = pushed(await counted_all(ours))
        address = f"{LOOPBACK}:{free_port()}"
        argv = [str(tools.pushgateway()), f"--web.listen-address={address}", "--persistence.file="]
        ready = answers(f"http://{address}/-/ready")
        peer = await stack.enter_async_context(Process(argv, ready=ready))
        await _push(address, page)
        told: list[dict[str, list[float]]] = [{}, {}]
        for number in range(rounds):
            say(f"scrapes of {series(page)} series, {number + 1} of {rounds}")
            for name, encoding in ENCODINGS.items():
                both = ((server.pid, ours.address), (peer.pid, address))
                pairs = await asyncio.to_thread(_costs, both, encoding, scrapes)
                for costs, cost in zip(told, pairs, strict=True):
                    costs.setdefault(name, []).append(cost)
        return Exposition(told[0], told[1], series(page))


def pushed(page: str) -> str:
    """Of a page what can be pushed: all but what the process tells of itself."""
    return "".join(
        line
        for line in page.splitlines(keepends=True)
        if not line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(_OWN)
    )


def series(page: str) -> int:
    """How many samples it has."""
    return sum(1 for line in page.splitlines() if line and not line.startswith("#"))


async def _push(address: str, page: str) -> None:
    async with (
        aiohttp.ClientSession(raise_for_status=False) as session,
        session.put(f"http://{address}/metrics/job/bench", data=page.encode()) as answer,
    ):
        if not answer.ok:
            message = f"the pushgateway refused our page: {await answer.text()}"
            raise ValueError(message)


def _costs(servers: Sequence[tuple[int, str]], encoding: str, scrapes: int) -> tuple[float, ...]:
    """Seconds of CPU for a scrape of each, a process and its address, on connections that stay."""
    connections = [http.client.HTTPConnection(address, timeout=60) for _, address in servers]
    spent = [0.0 for _ in servers]
    for _ in range(scrapes):
        began, before = time.monotonic(), [machine.ran(pid) for pid, _ in servers]
        time.sleep(_INTERVAL)
        for nth, ((pid, _), connection) in enumerate(zip(servers, connections, strict=True)):
            asked, used = time.monotonic(), machine.ran(pid)
            _scrape(connection, encoding)
            usual = (used - before[nth]) / (asked - began) * (time.monotonic() - asked)
            spent[nth] += machine.ran(pid) - used - usual
    for connection in connections:
        connection.close()
    return tuple(each / scrapes for each in spent)


def _scrape(connection: http.client.HTTPConnection, encoding: str) -> None:
    headers = {"Accept": _ACCEPT, "Accept-Encoding": encoding}
    connection.request("GET", "/metrics", headers=headers)
    answer = connection.getresponse()
    answer.read()
    got = answer.headers.get("Content-Encoding", "identity")
    if answer.status != http.client.OK or got != encoding:
        message = f"{connection.host}:{connection.port} gave {answer.status}, {got}"
        raise ValueError(message)
