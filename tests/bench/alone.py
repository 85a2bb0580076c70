"""A server under test with nobody beside it that scrapes: for what is not measured in windows."""

from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.sides import Side
from tests.bench.tally import CALLS, count, read
from tests.support.servers import Process, answers, eventually, get


async def started(stack: AsyncExitStack, side: Side) -> Process:
    """Start a side's server alone, until the stack is left."""
    folder = Path(stack.enter_context(TemporaryDirectory(prefix=f"bench-{side.kind}-")))
    ready = answers(f"http://{side.address}/-/healthy")
    server = Process(side.argv(folder), env=side.environment(), ready=ready, within=60)
    return await stack.enter_async_context(server)


async def asked_all(side: Side) -> None:
    """Wait until each of its targets was asked."""

    async def look() -> bool | None:
        asked = {arrival.target for arrival in side.world.nginx.arrivals(side.place)}
        return len(asked) == len(side.place.urls) or None

    await eventually(look, within=60)


async def page_of(side: Side) -> str:
    """Its metrics as text."""
    _, body = await get(f"http://{side.address}/metrics")
    return body.decode()


async def counted_all(side: Side) -> str:
    """Its metrics, once each of its targets was asked and that is counted."""

    async def look() -> str | None:
        page = await page_of(side)
        return page if count(read(page), CALLS) >= len(side.place.urls) else None

    return await eventually(look, within=60)
