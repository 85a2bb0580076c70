"""The pages that only tell: ``/logs``, ``/config``, ``/reasons`` and ``/api/v1/status``."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from exporter.config.encode import encode
from exporter.job import Plan
from exporter.plan import in_force
from exporter.sinks.journal import Journal
from exporter.sinks.snapshot import Snapshot
from exporter.web.logs import SHOWN, Found, Wanted, logs_json, logs_page
from exporter.web.reasons import reasons_page
from exporter.web.status import Process, status_json

_JSON: Final = "application/json"
_HTML: Final = "text/html"
_TEXT: Final = "text/plain"
_BAD: Final = 400
_FLAGS: Final = {"": False, "0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class Reading:
    """What is there to read.

    ``plan`` gives what is in force, ``snapshot`` and ``process`` what is now, ``journal`` what was.
    """

    journal: Journal
    plan: Callable[[], Plan]
    snapshot: Callable[[], Snapshot]
    process: Callable[[], Process]

    def route(self, router: web.UrlDispatcher) -> None:
        """Answer for these paths.

        Args:
            router: of the listener.
        """
        router.add_get("/logs", self._logs)
        router.add_get("/config", self._config)
        router.add_get("/reasons", _reasons)
        router.add_get("/api/v1/status", self._status)

    async def _logs(self, request: web.Request) -> web.Response:
        try:
            wanted = _wanted(request)
        except ValueError as error:
            return web.Response(text=f"{error}\n", content_type=_TEXT, status=_BAD)
        found = self._found(wanted)
        # A thousand runs take a while to write, and probes are due meanwhile.
        if _as_json(request):
            body = await asyncio.to_thread(logs_json, found)
            return web.Response(body=body, content_type=_JSON)
        page = await asyncio.to_thread(logs_page, found, wanted)
        return web.Response(text=page, content_type=_HTML)

    def _found(self, wanted: Wanted) -> Found:
        of = (wanted.target, wanted.surface)
        keys = [job.key for target in self.plan().targets for job in target.every]
        entries = self.journal.entries(*of, failed=wanted.failed)
        return Found(entries, self.journal.skips(*of), keys)

    async def _config(self, request: web.Request) -> web.Response:
        del request
        text = await asyncio.to_thread(_in_force, self.plan())
        return web.Response(text=text, content_type=_TEXT)

    async def _status(self, request: web.Request) -> web.Response:
        del request
        body = await asyncio.to_thread(status_json, self.snapshot(), self.process())
        return web.Response(body=body, content_type=_JSON)


async def _reasons(request: web.Request) -> web.Response:
    del request
    return web.Response(text=reasons_page(), content_type=_HTML)


def _in_force(plan: Plan) -> str:
    return encode(in_force(plan))


def _wanted(request: web.Request) -> Wanted:
    """What the query asks for; what it misspells is not taken for everything."""
    query = request.query
    if unknown := sorted(query.keys() - {*Wanted.__struct_fields__, "format"}):
        raise ValueError(
            f"{unknown[0]!r} is unknown; allowed: target, surface, failed, limit, format"
        )
    if query.get("format", "html") not in ("html", "json"):
        raise ValueError("format: allowed: html, json")
    if (failed := query.get("failed", "").lower()) not in _FLAGS:
        raise ValueError("failed: allowed: 1, 0")
    limit = query.get("limit", "") or str(SHOWN)
    if not limit.isascii() or not limit.isdigit() or len(limit) > len("999999"):
        raise ValueError("limit: allowed: a number of runs")
    surface, target = query.get("surface", ""), query.get("target", "")
    return Wanted(target, surface, _FLAGS[failed], int(limit))


def _as_json(request: web.Request) -> bool:
    """By ``format``, or else by what is accepted: a browser takes HTML, whatever besides."""
    accept = request.headers.get("Accept", "")
    wanted = "json" if _JSON in accept and _HTML not in accept else "html"
    return request.query.get("format", wanted) == "json"
