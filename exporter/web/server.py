"""The listener and its routes. Of these only `/probe` ever sends a request to the API."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage

from exporter.web import probe
from exporter.web.address import Address
from exporter.web.reading import Reading

_TEXT = "text/plain"
_LINGER = 0.3
"""Seconds that answers under way have at the end; aiohttp takes them twice."""
_FORBIDDEN = 403
_GONE = 499
_FAILED = 500
_NOT_READY = 503


@dataclass(frozen=True, slots=True)
class Pages:
    """What the routes answer with.

    ``metrics`` renders for an Accept and an Accept-Encoding header; ``status`` takes what is now
    and gives what writes the page at ``/``, in a thread; ``unhealthy`` and ``unready`` say what is
    wrong, or nothing. ``reload`` reads the configuration again and says what is wrong with it;
    ``None`` where that is not allowed. ``ask`` probes for whoever asks ``/probe``, which is not
    there without it.
    """

    metrics: Callable[[str, str], tuple[bytes, Mapping[str, str]]]
    scraped: Callable[[float], None]
    status: Callable[[], Callable[[], str]]
    unhealthy: Callable[[], str | None]
    unready: Callable[[], str | None]
    reload: Callable[[], Awaitable[list[str]]] | None = None
    ask: probe.Ask | None = None
    reading: Reading | None = None
    """``/logs``, ``/config``, ``/reasons`` and ``/api/v1/status``."""


class Server:
    """Serves the pages until it is closed."""

    def __init__(self, pages: Pages, telemetry_path: str) -> None:
        """Lay out the routes; nothing listens before ``open``."""
        self._pages = pages
        app = web.Application()
        app.on_response_prepare.append(_sign)
        app.router.add_get(telemetry_path, self._metrics)
        app.router.add_get("/-/healthy", self._healthy)
        app.router.add_get("/-/ready", self._ready)
        app.router.add_post("/-/reload", self._reload)
        if pages.ask is not None:
            # A HEAD would cost a request of the API, and answer nothing.
            app.router.add_get("/probe", partial(probe.answer, ask=pages.ask), allow_head=False)
        if pages.reading is not None:
            pages.reading.route(app.router)
        if telemetry_path != "/":
            app.router.add_get("/", self._status)
        self._runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=_LINGER, logger=_without_noise()
        )

    async def open(self, address: Address) -> Address:
        """Start listening.

        Args:
            address: where; port 0 takes a free one.

        Returns:
            The address with the port that was taken.

        Raises:
            OSError: the port is taken, or may not be had.
        """
        await self._runner.setup()
        site = web.TCPSite(self._runner, address.host, address.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        return Address(address.host, self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening; answers that are under way have a moment to finish."""
        left = [] if self._runner.server is None else self._runner.server.connections
        transports = [connection.transport for connection in left]
        await self._runner.cleanup()
        for transport in transports:  # of who takes nothing of the answer
            if transport is not None:
                transport.abort()

    async def _metrics(self, request: web.Request) -> web.Response:
        if request.transport is None or request.transport.is_closing():
            # A scraper that has gone while the loop was busy: rendering for it would keep it so.
            return web.Response(status=_GONE)
        started = time.perf_counter()
        accept = request.headers.get("Accept", "")
        body, headers = self._pages.metrics(accept, request.headers.get("Accept-Encoding", ""))
        self._pages.scraped(time.perf_counter() - started)
        return web.Response(body=body, headers=headers)

    async def _status(self, request: web.Request) -> web.Response:
        del request
        text = await asyncio.to_thread(self._pages.status())
        return web.Response(text=text, content_type="text/html")

    async def _healthy(self, request: web.Request) -> web.Response:
        del request
        return _verdict(self._pages.unhealthy(), "healthy")

    async def _ready(self, request: web.Request) -> web.Response:
        del request
        return _verdict(self._pages.unready(), "ready")

    async def _reload(self, request: web.Request) -> web.Response:
        del request
        if self._pages.reload is None:
            text = "reloading by HTTP is not enabled: start with --web.enable-lifecycle\n"
            return web.Response(text=text, content_type=_TEXT, status=_FORBIDDEN)
        wrong = await self._pages.reload()
        if wrong:
            text = "not reloaded, the former configuration is kept:\n" + "\n".join(wrong) + "\n"
            return web.Response(text=text, content_type=_TEXT, status=_FAILED)
        return web.Response(text="reloaded\n", content_type=_TEXT)


def _without_noise() -> logging.Logger:
    """A log of faults of ours; anybody could fill it with what is no HTTP, each with a trace."""
    log = logging.getLogger(__name__)
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], BadHttpMessage)


async def _sign(request: web.Request, response: web.StreamResponse) -> None:
    """Say who answers; aiohttp would tell its version and Python's, which are nobody's business.

    What is no HTTP it answers by itself, and tells them.
    """
    del request
    response.headers["Server"] = "oran-mano-exporter"


def _verdict(wrong: str | None, well: str) -> web.Response:
    if wrong is None:
        return web.Response(text=f"{well}\n", content_type=_TEXT)
    return web.Response(text=f"not {well}: {wrong}\n", content_type=_TEXT, status=_NOT_READY)
