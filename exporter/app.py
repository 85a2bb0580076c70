"""The composition root: what is made of what, in which order it starts and ends. No logic."""

import asyncio
import gc
import logging
import os
import signal
import time
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry

from exporter import __version__
from exporter.context import Mint
from exporter.followed import Followed
from exporter.job import Plan
from exporter.links import Link, links_for, retire
from exporter.loading import Loaded, warn
from exporter.observation import Observation
from exporter.reload import Load, Reloader
from exporter.runner import Runner
from exporter.schedule import HEARTBEAT_INTERVAL, Schedule
from exporter.sinks.exposition import render
from exporter.sinks.fanout import Fanout, Sink
from exporter.sinks.latest import Latest
from exporter.sinks.logs import Logs
from exporter.sinks.metrics import Metrics
from exporter.sinks.snapshot import Snapshot
from exporter.web.address import Address
from exporter.web.page import status_page
from exporter.web.server import Pages, Server

GRACE: Final = 3.0
"""Seconds that running probes have at the end; all of it is over within 5."""
_MOST_NAMES: Final = 5
_SETTLED: Final = 5.0
"""Seconds after which what was made at the start is there to stay."""
_SINKS: Final = ("latest", "metrics", "logs", "followed", "schedule")
_SILENT: Final = 15 * HEARTBEAT_INTERVAL

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beside the configuration."""

    listen: Address
    telemetry_path: str = "/metrics"
    enable_lifecycle: bool = False
    auto_reload_interval: float = 0.0
    """Seconds; 0 is never."""
    config_file: Path | None = None


class ListenError(Exception):
    """The listener cannot be opened."""

    def __init__(self, address: Address, error: OSError) -> None:
        """Say where, and why."""
        # asyncio puts its own story before the reason.
        reason = (error.strerror or str(error)).rpartition(": ")[2]
        super().__init__(f"cannot listen on {address}: {reason}")


class App:
    """Everything that runs, wired together: ``open`` it, ``start`` it, ``stop`` it."""

    def __init__(self, plan: Plan, options: Options, load: Load) -> None:
        """Wire; no socket is opened and nothing is sent.

        Args:
            plan: what to do first.
            options: where to listen, when to reload.
            load: reads the configuration again.

        Raises:
            ConfigError: the TLS files of a target cannot be used.
        """
        self._options = options
        self._started = False
        self._links: dict[str, Link] = {}
        self._mint = Mint()
        self._retiring: set[asyncio.Task[None]] = set()
        self._latest = Latest(time.time, self._in_flight)
        self._registry = CollectorRegistry()
        self._metrics = Metrics(
            self._registry,
            self._latest,
            version=__version__,
            revision=os.environ.get("ORAN_MANO_EXPORTER_REVISION", ""),
            sinks=_SINKS,
        )
        self._logs = Logs()
        self._followed = Followed()
        self._runner = Runner(self._followed)
        self._schedule = Schedule(self._runner.run, self._emit)
        learners: tuple[Sink, ...] = (
            self._latest,
            self._metrics,
            self._logs,
            self._followed,
            self._schedule,
        )
        sinks = tuple(zip(_SINKS, learners, strict=True))
        self._fanout = Fanout(sinks, self._metrics.sink_failed)
        self.follow(plan)
        self._reloader = Reloader(load, self.follow, self._metrics.reloaded, options.config_file)
        self._server = Server(self._pages(), options.telemetry_path)

    def follow(self, plan: Plan) -> None:
        """Do this from now on; what stays in the plan goes on as it is, its counts too.

        Args:
            plan: what to do.

        Raises:
            ConfigError: the TLS files of a target cannot be used; nothing was changed then.
        """
        before = self._links
        self._links = links_for(plan, before, self._emit, self._mint)
        self._latest.follow(plan)
        self._metrics.follow(plan)
        self._logs.follow(plan)
        self._followed.follow(plan)
        self._runner.follow({name: link.access for name, link in self._links.items()})
        for name, link in before.items():
            if self._links.get(name) is not link:
                link.valve.shut()
                self._retire(link, self._schedule.in_flight(name))
        self._schedule.follow(plan.jobs)

    async def open(self) -> Address:
        """Open the listener, before anything is sent: a port that is taken is known at once.

        Returns:
            Where it listens.

        Raises:
            OSError: it cannot listen there.
        """
        return await self._server.open(self._options.listen)

    def start(self) -> None:
        """Begin to probe, and to watch the configuration."""
        self._schedule.start()
        asyncio.get_running_loop().call_later(_SETTLED, _settle)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reloader.reload)
        self._started = True

    async def watch(self) -> None:
        """Reload when the file changes, where that is wanted. It goes on until cancelled."""
        if self._options.auto_reload_interval and self._options.config_file is not None:
            await self._reloader.watch(self._options.auto_reload_interval)

    async def stop(self) -> int:
        """End: runs first, so that the last scrape still has them counted, the listener last.

        Returns:
            How many runs had to be cancelled.
        """
        self._started = False
        asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # its default would end the process now
        cancelled = await self._schedule.stop(GRACE)
        await asyncio.gather(*(link.close() for link in self._links.values()), *self._retiring)
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
        return {name: link.client.in_flight for name, link in self._links.items()}

    def _retire(self, link: Link, runs: Iterable[asyncio.Task[object]]) -> None:
        task = asyncio.create_task(retire(link, runs))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _pages(self) -> Pages:
        return Pages(
            metrics=lambda accept, encoding: render(self._registry, accept, encoding),
            scraped=self._metrics.scraped,
            status=lambda: status_page(self.snapshot(), self._options.telemetry_path),
            unhealthy=self._unhealthy,
            unready=self._unready,
            reload=self._reloader.reload if self._options.enable_lifecycle else None,
        )

    def _unhealthy(self) -> str | None:
        if self._started and self._schedule.silence > _SILENT:
            return f"the schedule has been silent for {self._schedule.silence:.0f} s"
        return None

    def _unready(self) -> str | None:
        return None if self._started else "the schedule is not running"


Meanwhile: TypeAlias = Callable[[App, Address], Coroutine[None, None, None]]


async def serve(
    loaded: Loaded, options: Options, load: Load, meanwhile: Meanwhile | None = None
) -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the process at once.

    Args:
        loaded: what to do first.
        options: where to listen, when to reload.
        load: reads the configuration again.
        meanwhile: runs beside it and is cancelled at the end; told where it listens.

    Raises:
        ConfigError: the TLS files of a target cannot be used; nothing was started.
        ListenError: the listener cannot be opened; nothing was started.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    app = App(loaded.plan, options, load)
    try:
        address = await app.open()
    except OSError as error:
        raise ListenError(options.listen, error) from error
    warn(loaded)
    ended = _on_signals()
    app.start()
    _log.info("started", extra={"fields": _start_line(loaded.plan, address)})
    beside = [asyncio.create_task(app.watch())]
    if meanwhile is not None:
        beside.append(asyncio.create_task(meanwhile(app, address)))
    try:
        await ended.wait()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
        cancelled = await app.stop()
        _log.info("ended", extra={"fields": {"cancelled_runs": cancelled}})


def _settle() -> None:
    """Take what is there to stay out of the collector's sight, and let it look less often.

    It would go through all series again and again, and hold up the probes that are due meanwhile.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def _start_line(plan: Plan, address: Address) -> dict[str, object]:
    line: dict[str, object] = {
        "version": __version__,
        "url": f"http://{address}/",
        "targets": len(plan.targets),
        "surfaces": len(plan.jobs),
    }
    open_only = [plan.target.name for plan in plan.targets if plan.target.auth.type == "none"]
    if open_only:
        more = ", ..." if len(open_only) > _MOST_NAMES else ""
        names = ", ".join(open_only[:_MOST_NAMES]) + more
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
