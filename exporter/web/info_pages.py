"""The pages that only tell: ``/logs``, ``/config``, ``/reasons`` and ``/api/v1/status``."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiohttp import web

from exporter.config.encode import encode
from exporter.planning.job import Plan
from exporter.planning.plan import in_force
from exporter.status.history import History
from exporter.status.snapshot import ProcessNow, Snapshot
from exporter.web import paths
from exporter.web.logs_query import SHOWN, FoundRuns, Wanted
from exporter.web.routes import TEXT, Routes, plain
from exporter.web.single_flight import SingleFlight

_JSON: Final = "application/json"
_HTML: Final = "text/html"
_UTF_8: Final = "utf-8"
_BAD: Final = 400
_FLAGS: Final = {"": False, "0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class InfoPages:
    """What is there to read.

    ``plan`` gives what is in force, ``snapshot`` and ``process`` what is now, ``history`` what was.
    """

    history: History
    plan: Callable[[], Plan]
    snapshot: Callable[[], Snapshot]
    process: Callable[[], ProcessNow]

    bodies: SingleFlight[bytes] = field(default_factory=SingleFlight)

    def route(self, routes: Routes) -> None:
        """Answer for these paths."""
        routes.get(paths.LOGS, self._logs)
        routes.get(paths.CONFIG, self._config)
        routes.get(paths.REASONS, _reasons)
        routes.get(paths.STATUS, self._status)

    async def _logs(self, request: web.BaseRequest) -> web.Response:
        try:
            wanted = _wanted(request)
        except ValueError as error:
            return plain(f"{error}\n", _BAD)
        as_json = _as_json(request)
        body = await self.bodies.get((wanted, as_json), partial(self._write, wanted, as_json))
        kind = _JSON if as_json else _HTML
        return web.Response(body=body, content_type=kind, charset=_UTF_8)

    # A thousand runs take a while to write, and probes are due meanwhile: so in a thread. What
    # writes is loaded there as well, once somebody wants to read.

    async def _write(self, wanted: Wanted, as_json: bool) -> bytes:  # noqa: FBT001  # partial
        found = self._found(wanted)
        return await asyncio.to_thread(_logs, found, wanted, as_json=as_json)

    def _found(self, wanted: Wanted) -> FoundRuns:
        of = (wanted.target, wanted.surface)
        keys = [job.key for target in self.plan().targets for job in target.every]
        entries = self.history.entries(*of, failed=wanted.failed)
        return FoundRuns(entries, self.history.skips(*of), keys)

    async def _config(self, request: web.BaseRequest) -> web.Response:
        del request
        body = await self.bodies.get(paths.CONFIG, self._write_config)
        return web.Response(body=body, content_type=TEXT, charset=_UTF_8)

    async def _write_config(self) -> bytes:
        return (await asyncio.to_thread(_in_force, self.plan())).encode()

    async def _status(self, request: web.BaseRequest) -> web.Response:
        del request
        body = await self.bodies.get(paths.STATUS, self._write_status)
        return web.Response(body=body, content_type=_JSON)

    async def _write_status(self) -> bytes:
        return await asyncio.to_thread(_status, self.snapshot(), self.process())


async def _reasons(request: web.BaseRequest) -> web.Response:
    del request
    return web.Response(text=await asyncio.to_thread(_reasons_page), content_type=_HTML)


def _reasons_page() -> str:
    from exporter.web.reasons_page import reasons_page  # noqa: PLC0415  # for who reads it

    return reasons_page()


def _logs(found: FoundRuns, wanted: Wanted, *, as_json: bool) -> bytes:
    from exporter.web.logs_page import logs_json, logs_page  # noqa: PLC0415  # for who reads it

    return logs_json(found) if as_json else logs_page(found, wanted).encode()


def _status(snapshot: Snapshot, process: ProcessNow) -> bytes:
    from exporter.report.status_json import status_json  # noqa: PLC0415  # for who reads it

    return status_json(snapshot, process)


def _in_force(plan: Plan) -> str:
    return encode(in_force(plan))


def _wanted(request: web.BaseRequest) -> Wanted:
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


def _as_json(request: web.BaseRequest) -> bool:
    """By ``format``, or else by what is accepted: a browser takes HTML, whatever besides."""
    accept = request.headers.get("Accept", "")
    wanted = "json" if _JSON in accept and _HTML not in accept else "html"
    return request.query.get("format", wanted) == "json"
