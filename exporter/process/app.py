"""The composition root: what is made of what, in which order it starts and ends. No logic."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import Iterable
from functools import partial
from typing import Final

from msgspec.structs import replace

from exporter import __version__
from exporter.config import ConfigError, describe
from exporter.config.switches import ISAL
from exporter.logs.sink import Logs
from exporter.metrics.exposition import isal_gzip
from exporter.metrics.sink import Metrics
from exporter.model.observation import Observation, Skip
from exporter.model.put_off import PutOff
from exporter.model.trace_context import Mint
from exporter.persistence.restore import Restore
from exporter.planning.job import apply_to
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.on_demand import OnDemand
from exporter.probing.runner import Runner
from exporter.probing.schedule import HEARTBEAT_INTERVAL, Schedule
from exporter.probing.session import Means, TargetSession, files_for, sessions_for
from exporter.process.load import LoadedPlan, UnusableError
from exporter.process.options import Options
from exporter.process.reload import Load, Reloader
from exporter.status.fanout import Fanout, Sink
from exporter.status.history import History
from exporter.status.snapshot import ProcessNow, Snapshot
from exporter.status.store import StatusStore
from exporter.system.file_watcher import FileWatcher
from exporter.traces.exporting import Tracing
from exporter.web.info_pages import InfoPages
from exporter.web.listen_address import ListenAddress
from exporter.web.server import Pages, Server

GRACE: Final = 2.5
"""Seconds that running probes have at the end; all of it is over within 5."""
_FLUSH: Final = 0.7
"""Seconds that are left for the last spans where runs took all of their grace."""
_SILENT: Final = 15 * HEARTBEAT_INTERVAL

_log = logging.getLogger(__name__)


class App:
    """Everything that runs, wired together: ``open`` it, ``start`` it, ``stop`` it."""

    def __init__(self, first: LoadedPlan, options: Options, load: Load) -> None:
        """Wire; no socket is opened and nothing is sent. ``load`` reads the configuration again.

        Raises:
            ConfigError: the TLS files of a target cannot be used.
        """
        self._options = options
        self._started = False
        self._began = time.time()
        self._cut_off = 0
        self._sessions: dict[str, TargetSession] = {}
        self._mint, self._file_watcher = Mint(), FileWatcher()
        self._retiring: set[asyncio.Task[None]] = set()
        self._discovered = DiscoveredIds()
        self._status = StatusStore(
            time.time, time.monotonic, self._in_flight, self._discovered.unfollowed, self._put_off
        )
        self._metrics = Metrics(
            self._status,
            version=__version__,
            revision=os.environ.get("ORAN_MANO_EXPORTER_REVISION", ""),
        )
        if ISAL.is_on(os.environ):
            self._metrics.page.gzip = isal_gzip
        self._tracing = Tracing(options.traces, self._metrics.spans) if options.traces else None
        self._logs = Logs()
        self._history = History()
        self._restore = Restore(
            (self._status, self._logs), lambda: self._metrics.sink_failed("state")
        )
        self._runner = Runner()
        self._on_demand = OnDemand(self._runner)
        self._schedule = Schedule(self._runner.run, self._emit)
        sinks = self._sinks()
        self._metrics.expect(name for name, _ in sinks)
        self._fanout = Fanout(sinks, self._metrics.sink_failed)
        self._plan = first.plan
        self.apply(self.prepare(first))
        reloaded, file = self._metrics.reloaded, options.config_file
        prepared = partial(self._prepared, load)
        self._reloader = Reloader(prepared, self.apply, reloaded, file, first)
        self._reloading: set[asyncio.Task[list[str]]] = set()
        self._server = Server(self._pages(), options.telemetry_path)

    def _sinks(self) -> tuple[tuple[str, Sink], ...]:
        """Everything that is told what happens, in that order."""
        sinks: tuple[tuple[str, Sink], ...] = (
            ("latest", self._status),
            ("metrics", self._metrics),
            ("logs", self._logs),
            ("journal", self._history),
            ("state", self._restore.sink),
            ("followed", self._discovered),
            ("schedule", self._schedule),
        )
        if self._tracing is None:
            return sinks
        self._metrics.exemplar = self._tracing.sink.exemplar  # so metrics come after it
        return (("traces", self._tracing.sink), *sinks)

    def prepare(self, loaded: LoadedPlan) -> LoadedPlan:
        """Read and open what a plan needs: not on the event loop, as volumes may hang.

        Raises:
            ConfigError: the directory of the state cannot be used.
        """
        plan = loaded.plan
        return replace(loaded, files=files_for(plan), opened=self._restore.open(plan))

    def _prepared(self, load: Load) -> LoadedPlan:
        """Load the configuration, in a thread, to where nothing but memory is needed for it."""
        loaded = load()
        try:
            return self.prepare(loaded)
        except ConfigError as error:
            raise UnusableError(describe(error, loaded.source, loaded.places)) from error

    def apply(self, prepared: LoadedPlan) -> None:
        """Do this from now on; what stays in the plan goes on as it is, its counts too.

        Raises:
            ConfigError: the files of a target cannot be used; nothing was changed then.
        """
        plan, files, before = prepared.plan, prepared.files, self._sessions
        means = Means(self._emit, self._mint, self._file_watcher, self._discovered)
        sessions = sessions_for(plan, files, before, means)
        self._restore.take(prepared.opened)
        rooms = (self._status, self._logs, self._history, self._discovered, self._restore.sink)
        apply_to(rooms, plan, self._plan)
        self._plan, self._sessions = plan, sessions
        if self._tracing is not None:
            self._tracing.apply(plan, self._mint)
        self._metrics.apply(plan)
        self._restore.recall(plan)
        self._runner.apply(sessions)
        for name, session in before.items():
            if sessions.get(name) is not session:
                self._retire(session, self._schedule.in_flight(name) | self._on_demand.in_flight)
        for each in plan.targets:
            sessions[each.target.name].apply(each, files[each.target.name])
        self._file_watcher.follow(watch for each in sessions.values() for watch in each.files.every)
        self._schedule.apply(plan.jobs)
        self._on_demand.apply(plan)

    async def open(self) -> ListenAddress:
        """Open the listener, before anything is sent: a port that is taken is known at once.

        Raises:
            OSError: it cannot listen there.
        """
        return await self._server.open(self._options.listen)

    def start(self) -> None:
        """Begin to probe, and to watch the configuration."""
        if self._tracing is not None:
            self._tracing.start()
        self._schedule.start()
        self._file_watcher.start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.reload)
        self._started = True

    def reload(self) -> None:
        """Read the configuration again, and put it into force if it can be used."""
        task = asyncio.get_running_loop().create_task(self._reload_on_request())
        self._reloading.add(task)
        task.add_done_callback(self._reloading.discard)

    async def _reload_on_request(self) -> list[str]:
        """As a person wants it: what was put off is tried at once, too."""
        lines = await self._reloader.reload()
        for session in () if lines else self._sessions.values():
            session.identity.retry()
        return lines

    async def watch(self) -> None:
        """Reload when the file changes, where that is wanted, or while nothing is in force."""
        await self._reloader.watch(self._options.auto_reload_interval)

    async def stop(self) -> int:
        """End: runs first, so that the last scrape still has them counted, the listener last.

        The answer is how many runs had to be cancelled, as counted: those of logins too.
        """
        self._started, self._cut_off = False, 0  # what a reload cut off before is no part of it
        self._reloader.end()
        self._file_watcher.stop()
        for task in self._reloading:
            task.cancel()
        loop = asyncio.get_running_loop()
        until = loop.time() + GRACE + _FLUSH
        loop.remove_signal_handler(signal.SIGHUP)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # its default would end the process now
        await asyncio.gather(self._schedule.stop(GRACE), self._on_demand.stop(GRACE))
        await asyncio.gather(*(each.close() for each in self._sessions.values()), *self._retiring)
        await self._restore.close()
        if self._tracing is not None:
            await self._tracing.close(until - loop.time())
        await self._server.close()
        return self._cut_off

    @property
    def telemetry_path(self) -> str:
        """Where the metrics are."""
        return self._options.telemetry_path

    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._status.snapshot()

    def _emit(self, observation: Observation) -> None:
        if isinstance(observation, Skip) and observation.reason == "shutdown":
            self._cut_off += observation.count
        self._fanout(observation)

    def _in_flight(self) -> dict[str, int]:
        return {name: each.client.in_flight for name, each in self._sessions.items()}

    def _put_off(self) -> dict[str, PutOff]:
        found = ((name, each.identity.put_off) for name, each in self._sessions.items())
        return {name: put_off for name, put_off in found if put_off is not None}

    def _retire(self, session: TargetSession, runs: Iterable[asyncio.Task[object]]) -> None:
        task = asyncio.create_task(session.retire(runs))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)

    def _pages(self) -> Pages:
        return Pages(
            metrics=self._metrics.scrape,
            status=lambda: partial(_status_page, self.snapshot(), self._options.telemetry_path),
            unhealthy=self._unhealthy,
            unready=self._unready,
            reload=self._reload_on_request if self._options.enable_lifecycle else None,
            ask=self._on_demand.ask,
            info=InfoPages(self._history, lambda: self._plan, self.snapshot, self._process),
        )

    def _process(self) -> ProcessNow:
        reloader = self._reloader
        return ProcessNow(self._began, reloader.succeeded_at, tuple(reloader.problems))

    def _unhealthy(self) -> str | None:
        if self._started and self._schedule.silence > _SILENT:
            return f"the schedule has been silent for {self._schedule.silence:.0f} s"
        return None

    def _unready(self) -> str | None:
        if not self._plan.targets:
            return "no configuration could be used yet; the log says why"
        return None if self._started else "the schedule is not running"


def _status_page(snapshot: Snapshot, telemetry_path: str) -> str:
    """Write it; in a thread, and what writes it is loaded where somebody looks at it."""
    from exporter.web.status_page import status_page  # noqa: PLC0415  # for who looks at it

    return status_page(snapshot, telemetry_path)
