"""What is made once for all who wait, and is never older than the question."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import pytest

from exporter.metrics.exposition import Format
from exporter.planning.job import Plan
from exporter.status.history import History
from exporter.status.snapshot import ProcessNow, Snapshot
from exporter.web.info_pages import InfoPages
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server
from exporter.web.single_flight import SingleFlight
from tests.support.rude_clients import answered, connected, port_of, request
from tests.support.servers import LOOPBACK
from tests.unit.status.factories import Bench, plan

MANY: Final = 30


class Maker:
    """Makes numbers, each when it is let."""

    def __init__(self) -> None:
        self.made = 0
        self.let = asyncio.Semaphore(0)

    async def __call__(self) -> int:
        self.made += 1
        number = self.made
        await self.let.acquire()
        return number


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_before_the_making_begins_gets_the_same() -> None:
    shared, make = SingleFlight[int](), Maker()
    make.let.release()
    assert await asyncio.gather(*(shared.get("a", make) for _ in range(MANY))) == [1] * MANY


async def test_who_asks_while_it_is_made_gets_what_is_made_after_it() -> None:
    shared, make = SingleFlight[int](), Maker()
    first = asyncio.create_task(shared.get("a", make))
    await turns()
    later = [asyncio.create_task(shared.get("a", make)) for _ in range(MANY)]
    await turns()
    assert make.made == 1
    make.let.release()
    make.let.release()
    assert await first == 1
    assert await asyncio.gather(*later) == [2] * MANY
    make.let.release()
    assert await shared.get("a", make) == 3


async def test_what_differs_is_made_apart() -> None:
    shared, make = SingleFlight[int](), Maker()
    asked = [asyncio.create_task(shared.get(key, make)) for key in "aabb"]
    await turns()
    assert make.made == 2
    for _ in "ab":
        make.let.release()
    assert await asyncio.gather(*asked) == [1, 1, 2, 2]


async def test_a_failure_is_everybodys_and_over() -> None:
    shared = SingleFlight[int]()

    async def fail() -> int:
        raise ValueError

    async def work() -> int:
        return 1

    failed = await asyncio.gather(
        *(shared.get("a", fail) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [ValueError] * 3
    assert await shared.get("a", work) == 1


async def test_who_leaves_takes_it_from_nobody() -> None:
    shared, make = SingleFlight[int](), Maker()
    gone, stays = (asyncio.create_task(shared.get("a", make)) for _ in range(2))
    await turns()
    gone.cancel()
    make.let.release()
    assert await stays == 1


# --- The pages -----------------------------------------------------------------------------------

PAGE: Final = "/metrics text/plain; version=0.0.4; charset=utf-8 Accept, Accept-Encoding"


class Made:
    """How often each page was made."""

    def __init__(self) -> None:
        self.bench = Bench(plan())
        self.counts: dict[str, int] = {}

    def count(self, name: str) -> int:
        self.counts[name] = self.counts.get(name, 0) + 1
        return self.counts[name]

    async def metrics(self, form: Format) -> list[bytes]:
        named = " ".join(form.headers.values())
        return [f"{self.count(f'/metrics {named}')}".encode()]

    def status(self) -> str:
        return f"{self.count('/')}"

    def plan(self) -> Plan:
        self.count("plan")
        return plan()

    def snapshot(self) -> Snapshot:
        self.count("snapshot")
        return self.bench.latest.snapshot()


@asynccontextmanager
async def serving(made: Made) -> AsyncIterator[str]:
    history = History()
    history.apply(plan())
    pages = Pages(
        metrics=made.metrics,
        status=lambda: made.status,
        unhealthy=lambda: None,
        unready=lambda: None,
        info=InfoPages(history, made.plan, made.snapshot, lambda: ProcessNow(0, 0)),
    )
    server = Server(pages, "/metrics")
    address = await server.open(ListenAddress(LOOPBACK, 0))
    try:
        yield f"http://{address}"
    finally:
        await server.close()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/metrics", {PAGE: 1}),
        ("/", {"/": 1}),
        ("/config", {"plan": 1}),
        ("/logs", {"plan": 1}),
        ("/logs?format=json", {"plan": 1}),
        ("/api/v1/status", {"snapshot": 1}),
    ],
)
async def test_however_many_wait_a_page_is_made_once(path: str, expected: dict[str, int]) -> None:
    made = Made()
    async with serving(made) as url, AsyncExitStack() as stack:
        port = port_of(url)
        there = [
            await stack.enter_async_context(connected(port, request("/-/ready")))
            for _ in range(MANY)
        ]
        for reader, _ in there:
            await answered(reader)
        for _, writer in there:  # all of it is sent before the server's turn comes
            writer.write(request(path))
        answers = {(await answered(reader)).partition(b"\r\n\r\n")[2] for reader, _ in there}
    assert made.counts == expected
    assert len(answers) == 1


async def test_scrapes_that_accept_something_else_are_made_for_them() -> None:
    made = Made()
    async with (
        serving(made) as url,
        connected(port_of(url)) as one,
        connected(port_of(url)) as other,
    ):
        one[1].write(request("/metrics", "Accept: a"))
        other[1].write(request("/metrics", "Accept-Encoding: gzip"))
        assert b"200 OK" in await answered(one[0])
        assert b"200 OK" in await answered(other[0])
    assert made.counts == {PAGE: 1, f"{PAGE} gzip": 1}
