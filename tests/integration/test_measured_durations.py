"""What is reported of an API is what the API itself knows of it, however busy the exporter is."""

import asyncio
import time
from typing import Final, NamedTuple

from exporter.client.client import Client
from exporter.model.exchange import Exchange, Request, Timing
from exporter.model.observation import DELAYED_OVER
from exporter.system import event_loop
from tests.support.caller import client
from tests.support.witness import Account, Waits, Witness

DELAY: Final = 0.02
A_SECOND: Final = 1000
REQUESTS: Final = 2000
EXACT: Final = 0.001
"""Seconds."""
OUTLIERS: Final = 0.01
"""The share that a hypervisor, or an interrupt, may keep waiting without anybody's account."""


class Reported(NamedTuple):
    """What was measured of a request, with how long this thread was not given a CPU meanwhile."""

    timing: Timing
    kept: float


async def reported(subject: Client, path: str, waits: Waits) -> Reported:
    """Ask, as a run does."""
    before = waits()
    outcome = await subject.send(Request("GET", path, {}, 5))
    assert isinstance(outcome, Exchange), outcome
    return Reported(outcome.timing, waits() - before)


async def at_full_rate() -> list[tuple[Reported, Account]]:
    """Some seconds of it, with what the server says of each request."""
    loop, waits = asyncio.get_running_loop(), Waits()
    asked: dict[str, asyncio.Task[Reported]] = {}
    all_asked = asyncio.Event()
    async with Witness(DELAY) as server, client(server.url, thorough=False) as subject:

        def ask(path: str) -> None:
            asked[path] = loop.create_task(reported(subject, path, waits))
            if len(asked) == REQUESTS:
                all_asked.set()

        begin = loop.time() + 0.1
        for number in range(REQUESTS):
            loop.call_at(begin + number / A_SECOND, ask, f"/{number}")
        await all_asked.wait()
        found = {path: await task for path, task in asked.items()}
        told = await server.log()
    waits.close()
    return [(timing, told[path]) for path, timing in found.items()]


def test_what_is_not_delayed_took_as_long_as_the_server_says() -> None:
    rows = event_loop.run(at_full_rate())
    counted = [row for row in rows if row[0].timing.lag <= DELAYED_OVER]
    too_long = 0
    for (timing, kept), account in counted:
        assert timing.duration >= account.answered - account.got
        longest = account.answered - account.since + account.kept + kept + timing.lag
        too_long += timing.duration > longest + EXACT
    assert too_long <= OUTLIERS * len(rows)


async def blocked(seconds: float) -> tuple[Timing, Account]:
    """One request, while the loop is kept from its work from the moment that it was sent."""
    async with Witness(DELAY) as server, client(server.url, thorough=False) as subject:
        await subject.send(Request("GET", "/first", {}, 5))  # now there is a connection
        asked = asyncio.create_task(subject.send(Request("GET", "/blocked", {}, 5)))
        await asyncio.sleep(0)  # it is sent
        time.sleep(seconds)  # noqa: ASYNC251  # that is what it is about
        outcome = await asked
        told = await server.log()
    return outcome.timing, told["/blocked"]


def test_what_came_while_the_loop_was_blocked_is_delayed() -> None:
    timing, account = event_loop.run(blocked(DELAY + 0.1))
    assert timing.lag > DELAYED_OVER
    assert timing.duration >= account.answered - account.got
    assert timing.duration - timing.lag <= account.answered - account.since + EXACT + account.kept
