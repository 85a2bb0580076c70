"""The client under test, and what is looked at of each outcome."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from msgspec.structs import replace

from exporter.client.client import Client
from exporter.client.errors import Phase
from exporter.client.files import Files, files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Connection, Target, Timeouts, Tls
from exporter.config.values import Duration
from exporter.model.exchange import Exchange, Fault, Method, Request
from exporter.model.observation import Phases
from exporter.model.reasons import Reason

CONNECT: Final = 0.25
READ: Final = 0.3
TOTAL: Final = 0.5
"""The client's time-outs, in seconds. What drips comes far more often than once in READ."""
SLACK: Final = 1.0
"""Seconds that a busy machine may add."""
ORDER: Final[tuple[Phase, ...]] = ("dns", "connect", "tls", "send", "wait", "receive")


def target(url: str, *, tls: Tls | None = None, connection: Connection | None = None) -> Target:
    """A target with short time-outs."""
    return Target(
        name="test",
        url=url,
        tls=tls or Tls(),
        timeouts=Timeouts(connect=Duration(CONNECT), read=Duration(READ)),
        connection=connection or Connection(),
    )


@asynccontextmanager
async def client(
    url: str,
    *,
    tls: Tls | None = None,
    connection: Connection | None = None,
    thorough: bool = True,
    files: Files | None = None,
    **more: Any,  # noqa: ANN401  # keys of Target
) -> AsyncIterator[Client]:
    """A client that leaves nothing behind: no request, no connection, no error unseen.

    Being thorough is to wait for the garbage collector, some 10 ms.
    """
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    wanted = connection_settings(replace(target(url, tls=tls, connection=connection), **more))
    subject = Client(wanted, files or files_of(wanted))
    try:
        yield subject
    finally:
        assert subject.in_flight == 0
        await subject.close()
        del subject
        if thorough:
            gc.collect()
        assert complaints == []


async def get(subject: Client, path: str = "/", total: float = TOTAL) -> Exchange | Fault:
    """One GET."""
    return await subject.send(Request("GET", path, {}, total))


async def well(
    subject: Client, method: Method = "GET", body: bytes | None = None, *, essential: bool = False
) -> Exchange:
    """One request, which must be answered."""
    outcome = await subject.send(Request(method, "/", {}, 5, body, essential))
    assert isinstance(outcome, Exchange), outcome
    return outcome


def check(
    outcome: Exchange | Fault,
    reason: Reason,
    reached: Phase,
    *without: Phase,
    begun: Phase = "connect",
) -> Fault:
    """It is a fault, with this reason, and what it lasted is known of the phases that it had."""
    assert isinstance(outcome, Fault), outcome
    assert (outcome.reason, outcome.detail) == (reason, outcome.detail)
    assert 0 < len(outcome.detail) < 80
    had = ORDER[ORDER.index(begun) : ORDER.index(reached) + 1]
    lasted = seconds(outcome.timing.phases)
    assert tuple(lasted) == tuple(phase for phase in had if phase not in without)
    assert all(phase >= 0 for phase in lasted.values())
    assert sum(lasted.values()) <= outcome.timing.duration
    return outcome


def seconds(phases: Phases) -> dict[Phase, float]:
    """The phases that were reached, in their order."""
    named: dict[Phase, float | None] = {phase: getattr(phases, phase) for phase in ORDER}
    return {phase: lasted for phase, lasted in named.items() if lasted is not None}
