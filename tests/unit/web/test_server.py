"""The routes: what they answer, and that they ask nobody."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import pytest

from exporter.metrics.exposition import Format, zlib_gzip
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server
from tests.support.pages import no_metrics
from tests.support.servers import LOOPBACK, get

NO_PAGES: Final = Pages(no_metrics, lambda: str, lambda: None, lambda: None)


class Wrong:
    """What is wrong with the exporter, if anything."""

    healthy: str | None = None
    ready: str | None = None


@asynccontextmanager
async def serving(wrong: Wrong, path: str = "/metrics") -> AsyncIterator[str]:
    async def metrics(form: Format) -> list[bytes]:
        packer = form.packer(zlib_gzip)
        return [packer.compress(b"all "), packer.compress(b"of it"), packer.flush()]

    pages = Pages(
        metrics=metrics,
        status=lambda: lambda: "<p>status</p>",
        unhealthy=lambda: wrong.healthy,
        unready=lambda: wrong.ready,
    )
    server = Server(pages, path)
    address = await server.open(ListenAddress(LOOPBACK, 0))
    try:
        yield f"http://{address}"
    finally:
        await server.close()


async def test_the_pages() -> None:
    async with serving(Wrong()) as url:
        assert await get(f"{url}/") == (200, b"<p>status</p>")
        assert await get(f"{url}/-/healthy") == (200, b"healthy\n")
        assert await get(f"{url}/-/ready") == (200, b"ready\n")
        assert await get(f"{url}/metrics") == (200, b"all of it")
        assert (await get(f"{url}/nothing"))[0] == 404


async def test_what_is_wrong_is_said() -> None:
    wrong = Wrong()
    wrong.healthy = "the schedule has been silent for 20 s"
    wrong.ready = "the schedule is not running"
    async with serving(wrong) as url:
        assert await get(f"{url}/-/healthy") == (
            503,
            b"not healthy: the schedule has been silent for 20 s\n",
        )
        assert await get(f"{url}/-/ready") == (503, b"not ready: the schedule is not running\n")


async def test_a_page_that_fails_is_told_in_the_log_and_no_other_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(Wrong):
        @property
        def healthy(self) -> str | None:  # type: ignore[override]  # raises instead
            raise ZeroDivisionError("hunter2")

    async with (
        serving(Failing()) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/-/healthy") as answer,
    ):
        assert (answer.status, answer.headers["Server"]) == (500, "oran-mano-exporter")
        assert await answer.text() == "a fault of the exporter; its log has more\n"
        assert await get(f"{url}/-/ready") == (200, b"ready\n")
    (told,) = caplog.records
    assert told.getMessage() == "a page failed: /-/healthy"
    assert told.exc_info is not None


@pytest.mark.parametrize("path", ["/m", "/"])
async def test_the_metrics_may_lie_elsewhere(path: str) -> None:
    async with serving(Wrong(), path) as url:
        assert (await get(url + path))[0] == 200


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/metrics", "/nothing"])
async def test_no_page_tells_versions(path: str) -> None:
    async with (
        serving(Wrong()) as url,
        aiohttp.ClientSession() as session,
        session.get(url + path) as answer,
    ):
        assert answer.headers["Server"] == "oran-mano-exporter"


@pytest.mark.parametrize(
    "sent",
    [b"GARBAGE", b"GET / HTTP/1.1\r\nContent-Length: x", b"GET /" + b"x" * 9000 + b" HTTP/1.1"],
)
async def test_what_is_no_http_is_refused_without_a_word(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(Wrong()) as url:
        reader, writer = await asyncio.open_connection(LOOPBACK, int(url.rpartition(":")[2]))
        writer.write(sent + b"\r\n\r\n")
        assert b" 400 " in await reader.readline()
        writer.close()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("host", "other"), [("::1", "127.0.0.1"), ("127.0.0.1", "::1"), ("127.0.0.1", "127.0.0.2")]
)
async def test_only_the_address_that_was_given_is_listened_on(host: str, other: str) -> None:
    server = Server(NO_PAGES, "/metrics")
    address = await server.open(ListenAddress(host, 0))
    try:
        assert (await get(f"http://{address}/-/healthy"))[0] == 200
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(other, address.port)
    finally:
        await server.close()


async def test_a_taken_port_is_an_error_that_leaves_nothing_open() -> None:
    async with serving(Wrong()) as url:
        taken = ListenAddress(LOOPBACK, int(url.rpartition(":")[2]))
        with pytest.raises(OSError, match="in use"):
            await Server(NO_PAGES, "/metrics").open(taken)
