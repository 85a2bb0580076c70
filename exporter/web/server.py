"""The listener and its routes. Of these only `/probe` ever sends a request to the API."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from aiohttp import web

from exporter.metrics.exposition import Format, negotiated
from exporter.web import paths, probe
from exporter.web.connections import Limits
from exporter.web.info_pages import InfoPages
from exporter.web.listener import Listener
from exporter.web.pieces import Pieces
from exporter.web.routes import Routes, plain
from exporter.web.single_flight import SingleFlight

_FORBIDDEN = 403
_GONE = 499
_FAILED = 500
_NOT_READY = 503
_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Pages:
    """What the routes answer with.

    ``metrics`` writes that page, in pieces; ``status`` takes what is now
    and gives what writes the page at ``/``, in a thread; ``unhealthy`` and ``unready`` say what is
    wrong, or nothing. ``reload`` reads the configuration again and says what is wrong with it;
    ``None`` where that is not allowed. ``ask`` probes for whoever asks ``/probe``, which is not
    there without it.
    """

    metrics: Callable[[Format], Awaitable[list[bytes]]]
    status: Callable[[], Callable[[], str]]
    unhealthy: Callable[[], str | None]
    unready: Callable[[], str | None]
    reload: Callable[[], Awaitable[list[str]]] | None = None
    ask: probe.Ask | None = None
    info: InfoPages | None = None
    """``/logs``, ``/config``, ``/reasons`` and ``/api/v1/status``."""


class Server(Listener):
    """Serves the pages until it is closed."""

    def __init__(self, pages: Pages, telemetry_path: str, limits: Limits = _LIMITS) -> None:
        """Lay out the routes; nothing listens before ``open``."""
        self._pages = pages
        self._scrapes: SingleFlight[list[bytes]] = SingleFlight()
        self._statuses: SingleFlight[bytes] = SingleFlight()
        routes = Routes()
        routes.get(telemetry_path, self._metrics)
        routes.get(paths.HEALTHY, partial(_verdict, well="healthy", wrong=pages.unhealthy))
        routes.get(paths.READY, partial(_verdict, well="ready", wrong=pages.unready))
        routes.post(paths.RELOAD, self._reload)
        if pages.ask is not None:
            # A HEAD would cost a request of the API, and answer nothing.
            routes.get(paths.PROBE, partial(probe.answer, ask=pages.ask), head=False)
        if pages.info is not None:
            pages.info.route(routes)
        if telemetry_path != "/":
            routes.get("/", self._status)
        super().__init__(routes, limits)

    async def _metrics(self, request: web.BaseRequest) -> web.Response:
        if request.transport is None or request.transport.is_closing():
            # A scraper that has gone while the loop was busy: rendering for it would keep it so.
            return web.Response(status=_GONE)
        wanted = request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", "")
        form = negotiated(*wanted)
        pieces = await self._scrapes.get(form, partial(self._pages.metrics, form))
        return web.Response(body=Pieces(pieces), headers=form.headers)

    async def _status(self, request: web.BaseRequest) -> web.Response:
        del request
        body = await self._statuses.get("/", self._write_status)
        return web.Response(body=body, content_type="text/html", charset="utf-8")

    async def _write_status(self) -> bytes:
        return (await asyncio.to_thread(self._pages.status())).encode()

    async def _reload(self, request: web.BaseRequest) -> web.Response:
        del request
        if self._pages.reload is None:
            text = "reloading by HTTP is not enabled: start with --web.enable-lifecycle\n"
            return plain(text, _FORBIDDEN)
        wrong = await self._pages.reload()
        if wrong:
            text = "not reloaded, the former configuration is kept:\n" + "\n".join(wrong) + "\n"
            return plain(text, _FAILED)
        return plain("reloaded\n")


async def _verdict(
    request: web.BaseRequest, well: str, wrong: Callable[[], str | None]
) -> web.Response:
    del request
    if (why := wrong()) is None:
        return plain(f"{well}\n")
    return plain(f"not {well}: {why}\n", _NOT_READY)
