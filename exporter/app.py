"""The composition root: what is made of what, in which order it starts and ends. No logic."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.api.client import Client
from exporter.followed import Followed
from exporter.gates.slots import Slots
from exporter.job import Plan, TargetPlan
from exporter.observation import Observation
from exporter.runner import Access, Runner
from exporter.schedule import HEARTBEAT_INTERVAL, Schedule
from exporter.sinks.exposition import render
from exporter.sinks.fanout import Fanout
from exporter.sinks.latest import Latest
from exporter.sinks.logs import Logs
from exporter.sinks.metrics import Metrics
from exporter.sinks.snapshot import Snapshot
from exporter.tokens import Tokens
from exporter.web.address import Address
from exporter.web.page import status_page
from exporter.web.server import Pages, Server

GRACE: Final = 3.0
"""Seconds that running probes have at the end; all of it is over within 5."""
_SILENT: Final = 15 * HEARTBEAT_INTERVAL

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beside the configuration."""

    listen: Address
    telemetry_path: str = "/metrics"


class App:
    """Everything that runs, wired together. ``open`` and ``start`` it, then ``stop`` it."""

    def __init__(self, plan: Plan, options: Options) -> None:
        """Wire; no socket is opened and nothing is sent."""
        self._options = options
        self._started = False
        self._clients = {target.target.name: Client(target.target) for target in plan.targets}
        self._latest = Latest(time.time, self._in_flight)
        self._registry = CollectorRegistry()
        sinks = ("latest", "metrics", "logs", "followed", "runner", "schedule")
        revision = os.environ.get("ORAN_MANO_EXPORTER_REVISION", "")
        self._metrics = Metrics(
            self._registry, self._latest, version=__version__, revision=revision, sinks=sinks
        )
        logs = Logs()
        for follower in (self._latest, self._metrics, logs):
            follower.follow(plan)
        followed = Followed({t.target.name: t.target.resources for t in plan.targets})
        access = {target.target.name: self._access(target) for target in plan.targets}
        self._tokens = [found.tokens for found in access.values() if found.tokens is not None]
        runner = Runner(access, followed, self._emit)
        self._schedule = Schedule(plan.jobs, runner.run, self._emit)
        self._fanout = Fanout(
            tuple(
                zip(
                    sinks,
                    (self._latest, self._metrics, logs, followed, runner, self._schedule),
                    strict=True,
                )
            ),
            self._metrics.sink_failed,
        )
        self._server = Server(self._pages(), options.telemetry_path)

    async def open(self) -> Address:
        """Open the listener, before anything is sent: a port that is taken is known at once.

        Returns:
            Where it listens.

        Raises:
            OSError: it cannot listen there.
        """
        return await self._server.open(self._options.listen)

    def start(self) -> None:
        """Begin to probe."""
        self._schedule.start()
        self._started = True

    async def stop(self) -> int:
        """End: runs first, so that the last scrape still has them counted, the listener last.

        Returns:
            How many runs had to be cancelled.
        """
        self._started = False
        cancelled = await self._schedule.stop(GRACE)
        await asyncio.gather(*(tokens.close() for tokens in self._tokens))
        await asyncio.gather(*(client.close() for client in self._clients.values()))
        await self._server.close()
        return cancelled

    @property
    def telemetry_path(self) -> str:
        """Where the metrics are."""
        return self._options.telemetry_path

    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._latest.snapshot()

    def _emit(self, observation: Observation) -> None:
        self._fanout(observation)

    def _in_flight(self) -> dict[str, int]:
        return {name: client.in_flight for name, client in self._clients.items()}

    def _access(self, target: TargetPlan) -> Access:
        settings = target.target
        slots = Slots(settings.connection.concurrency)
        send = self._clients[settings.name].send
        login = next((job for job in target.passive if job.key.surface == "auth.login"), None)
        if login is None:
            return Access(send, slots)
        return Access(send, slots, Tokens(login, settings.auth, slots, send, self._emit))

    def _pages(self) -> Pages:
        return Pages(
            metrics=lambda accept, encoding: render(self._registry, accept, encoding),
            scraped=self._metrics.scraped,
            status=lambda: status_page(self.snapshot(), self._options.telemetry_path),
            unhealthy=self._unhealthy,
            unready=self._unready,
        )

    def _unhealthy(self) -> str | None:
        if self._started and self._schedule.silence > _SILENT:
            return f"the schedule has been silent for {self._schedule.silence:.0f} s"
        return None

    def _unready(self) -> str | None:
        return None if self._started else "the schedule is not running"


Meanwhile: TypeAlias = Callable[[App, Address], Coroutine[None, None, None]]


async def serve(plan: Plan, options: Options, meanwhile: Meanwhile | None = None) -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the process at once.

    Args:
        plan: what to do.
        options: where to listen.
        meanwhile: runs beside it and is cancelled at the end; told where it listens.

    Raises:
        OSError: the listener cannot be opened; nothing was started.
    """
    app = App(plan, options)
    address = await app.open()
    ended = _on_signals()
    app.start()
    _log.info("started", extra={"fields": _start_line(plan, address)})
    beside = asyncio.create_task(meanwhile(app, address)) if meanwhile else None
    try:
        await ended.wait()
    finally:
        if beside is not None:
            beside.cancel()
            await asyncio.wait({beside})
        cancelled = await app.stop()
        _log.info("ended", extra={"fields": {"cancelled_runs": cancelled}})


def _start_line(plan: Plan, address: Address) -> dict[str, object]:
    line: dict[str, object] = {
        "version": __version__,
        "url": f"http://{address}/",
        "targets": len(plan.targets),
        "surfaces": len(plan.jobs),
    }
    open_only = [plan.target.name for plan in plan.targets if plan.target.auth.type == "none"]
    if open_only:
        names = ", ".join(open_only)
        line["note"] = f"no credentials for {names}: surfaces that need a token are off"
    return line


def _on_signals() -> asyncio.Event:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def end(number: int) -> None:
        if ended.is_set():
            os._exit(128 + number)
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end, number)
    return ended
