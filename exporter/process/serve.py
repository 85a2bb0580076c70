"""The life of the process: from what was loaded until a signal ends it."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Literal, TypeAlias

from exporter import __version__
from exporter.config.auth_schemes import scheme_of
from exporter.planning.job import Plan
from exporter.process import garbage
from exporter.process.app import App
from exporter.process.file_descriptors import raise_limit
from exporter.process.load import NOTHING, LoadedPlan, warn
from exporter.process.options import Options
from exporter.process.reload import Load
from exporter.process.unhandled_errors import UnhandledErrors
from exporter.traces.otlp.settings import Settings
from exporter.web.listen_address import ListenAddress

_MOST_NAMES: Final = 5
_MOST: Final = 4.5
"""Seconds from the first signal to the end, also where the machine is too busy for all of it."""

_log = logging.getLogger(__name__)


class ListenError(Exception):
    """The listener cannot be opened."""

    def __init__(self, address: ListenAddress, error: OSError) -> None:
        """Say where, and why."""
        # asyncio puts its own story before the reason.
        reason = (error.strerror or str(error)).rpartition(": ")[2]
        super().__init__(f"cannot listen on {address}: {reason}")


Meanwhile: TypeAlias = Callable[[App, ListenAddress], Coroutine[None, None, None]]


async def serve(
    loaded: LoadedPlan | None, options: Options, load: Load, meanwhile: Meanwhile | None
) -> None:
    """Run until SIGTERM or SIGINT; a second signal ends the process at once.

    With something ``meanwhile`` it belongs to a terminal, and SIGHUP is one more signal that ends
    it, unless whoever started it had that ignored (``nohup``). Without, SIGHUP reloads.

    Args:
        loaded: what to do first; without it the configuration is read once it is up, and errors of
            it are no reason to end.
        options: where to listen, when to reload.
        load: reads the configuration again.
        meanwhile: runs beside it and is cancelled at the end; told where it listens. What it
            raises ends all of it, and is raised here.

    Raises:
        ConfigError: the TLS files of a target cannot be used; nothing was started.
        ListenError: the listener cannot be opened; nothing was started.
    """
    hangs_up = meanwhile is not None and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN
    if not hangs_up:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    raise_limit()
    asyncio.get_running_loop().set_exception_handler(UnhandledErrors())
    first = NOTHING if loaded is None else loaded
    app = App(first, options, load)
    try:
        address = await app.open()
    except OSError as error:
        raise ListenError(options.listen, error) from error
    if loaded is not None:
        warn(loaded)
    with _on_signals() as ended:
        app.start()
        garbage.collect_seldom(asyncio.get_running_loop())
        _log.info("started", extra={"fields": _start_line(first.plan, address, options)})
        if loaded is None:
            app.reload()
        if hangs_up:
            # Shell and kernel may both send it: a second one is no wish to end at once.
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, ended.set)
        signalled = asyncio.create_task(ended.wait())
        beside = [asyncio.create_task(app.watch())]
        if meanwhile is not None:
            beside.append(asyncio.create_task(meanwhile(app, address)))
        try:
            await _first(signalled, beside)
        finally:
            for task in (signalled, *beside):
                task.cancel()
            await asyncio.gather(signalled, *beside, return_exceptions=True)
            cancelled = await app.stop()
            _log.info("ended", extra={"fields": {"cancelled_runs": cancelled}})


async def _first(
    signalled: asyncio.Task[Literal[True]], beside: Iterable[asyncio.Task[None]]
) -> None:
    """Wait for a signal; a task beside it that fails before raises what it failed with."""
    pending: set[asyncio.Task[object]] = {signalled, *beside}
    while signalled in pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


def _start_line(plan: Plan, address: ListenAddress, options: Options) -> dict[str, object]:
    line: dict[str, object] = {
        "version": __version__,
        "url": f"http://{address}/",
        "targets": len(plan.targets),
        "surfaces": len(plan.jobs),
        "traces": _traces_text(options.traces, plan),
    }
    open_only = [plan.target.name for plan in plan.targets if scheme_of(plan.target.auth).anonymous]
    if open_only:
        more = ", ..." if len(open_only) > _MOST_NAMES else ""
        names = ", ".join(open_only[:_MOST_NAMES]) + more
        line["note"] = f"no credentials for {names}: surfaces that need a token are off"
    return line


def _traces_text(traces: Settings | None, plan: Plan) -> str:
    if traces is None:
        return "off"
    how = f"sampler {traces.sampler}" if traces.sampler else f"ratio {plan.traces.sample_ratio:g}"
    return f"{traces}, {how}"


@contextmanager
def _on_signals() -> Iterator[asyncio.Event]:
    """The event that a signal sets.

    The handlers are Python's own and not those of the loop: they run in the middle of a turn of the
    loop, which is long where CPU is short, and so is the alarm that ends what takes too long.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    asked = 0

    def end(number: int, _: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(128 + number)
        asked = number
        signal.setitimer(signal.ITIMER_REAL, _MOST)
        loop.call_soon_threadsafe(ended.set)

    def give_up(_: int, __: FrameType | None) -> None:
        try:
            _log.warning("ended before all was done: too little CPU")
        finally:
            os._exit(128 + asked)

    handlers = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGALRM: give_up}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield ended
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
