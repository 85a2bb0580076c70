"""``make demo-stack``: the demo, a Prometheus with its rules, and an Alertmanager that tells.

Nobody wants to wait an hour for an alert: all times of the rules are divided by ``--factor``.
What Alertmanager would tell is printed here, between the lines of the demo.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support import tools
from tests.support.alerting import Alertmanager, quick_rules
from tests.support.receiver import Notification, Receiver
from tests.support.servers import LEASH, LOOPBACK, ExitedError, Process, Prometheus

_FACTOR: Final = 10.0
_PORTS: Final = {"prometheus": 9090, "alertmanager": 9093, "exporter": 10945, "simulator": 8080}
_LARGEST: Final = 65535
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_WRONG_CALL: Final = 2
_DESCRIPTION: Final = """\
The demo with a Prometheus and an Alertmanager beside it, in a hurry. See docs/demo.md."""


def main() -> int:
    """Run until Ctrl-C; 0 after that, 2 where a port is taken, 1 where something is missing."""
    options = _parser().parse_args()
    if taken := list(_taken(options)):
        return _refuse("\n".join(taken), _WRONG_CALL)
    try:
        tools.prometheus(), tools.alertmanager()  # both, before anything is started
        return asyncio.run(_run(options))
    except (tools.ToolMissing, ExitedError, TimeoutError) as error:
        return _refuse(str(error), 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make demo-stack", description=_DESCRIPTION)
    for name, port in _PORTS.items():
        parser.add_argument(
            f"--{name}-port",
            type=int,
            default=port,
            metavar="PORT",
            help="where (default %(default)s)",
        )
    parser.add_argument(
        "--factor",
        type=float,
        default=_FACTOR,
        help="what all times of the rules are divided by (default %(default)s)",
    )
    parser.add_argument(
        "--scenario", default="healthy", help="what is played first (default %(default)s)"
    )
    return parser


def _taken(options: argparse.Namespace) -> Iterable[str]:
    for name in _PORTS:
        port = getattr(options, f"{name}_port")
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                another = f"--{name}-port {port % _LARGEST + 1}"
                if target := os.environ.get("MAKE_TARGET"):
                    another = f'make {target} ARGS="{another}"'
                yield f"{name}: {LOOPBACK}:{port}: {reason}; take another: {another}"


async def _run(options: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="demo-stack-")))
        receiver = await stack.enter_async_context(Receiver(_told))
        alertmanager = await stack.enter_async_context(
            Alertmanager(receiver.url, options.factor, options.alertmanager_port)
        )
        prometheus = await stack.enter_async_context(
            Prometheus(
                [f"{LOOPBACK}:{options.exporter_port}"],
                rules=quick_rules(folder, options.factor),
                alertmanagers=[alertmanager.address],
                port=options.prometheus_port,
            )
        )
        _introduce(prometheus, alertmanager, options.factor)
        demo = await _demo(options)
        stack.push_async_callback(_end, demo)
        return await _first(stop, demo, (prometheus.process, alertmanager.process))


def _introduce(prometheus: Prometheus, alertmanager: Alertmanager, factor: float) -> None:
    _say(f"Prometheus     {prometheus.url}")
    _say(f"  its alerts   curl {prometheus.url}/api/v1/alerts")
    _say(f"Alertmanager   {alertmanager.url}")
    _say(f"  what it has  curl {alertmanager.url}/api/v2/alerts")
    _say(f"All times of the rules are divided by {factor:g}: 5m is {300 / factor:g} s here.")
    _say("Lines that begin with pager, tickets or log are what Alertmanager tells.\n")


async def _demo(options: argparse.Namespace) -> asyncio.subprocess.Process:
    """Start it in a session of its own: Ctrl-C is ours, and this ends one after the other."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid())),
        *(sys.executable, "-m", "exporter", "demo"),
        *("--web.listen-address", f"{LOOPBACK}:{options.exporter_port}"),
        *("--simulator.listen-address", f"{LOOPBACK}:{options.simulator_port}"),
        *("--simulator.scenario", options.scenario),
        env={**os.environ, "TERM": "dumb"},  # lines instead of a table that lives
        start_new_session=True,
    )


async def _end(demo: asyncio.subprocess.Process) -> None:
    if demo.returncode is None:
        demo.terminate()
        await demo.wait()


async def _first(
    stop: asyncio.Event, demo: asyncio.subprocess.Process, servers: Iterable[Process]
) -> int:
    """Wait for Ctrl-C, or for the end of anything: then its exit code, or what it said last."""

    async def watch() -> None:
        while True:
            for server in servers:
                server.check()
            await asyncio.sleep(1)

    tasks = [asyncio.create_task(each) for each in (stop.wait(), demo.wait(), watch())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    for task in done:
        task.result()  # a server that ended is an error
    return 0 if stop.is_set() else demo.returncode or 0


def _told(message: Notification) -> None:
    first, *others = message.alerts
    more = f" (and {len(others)} more)" if others else ""
    _say(f"{message.receiver:<8} {message.status:<9} {first.name}: {first.summary}{more}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _refuse(reason: str, code: int) -> int:
    sys.stderr.write(f"{reason}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
