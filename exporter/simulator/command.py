"""The command line of the simulator."""

import argparse
import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple, NoReturn

from aiohttp import web

from exporter.simulator.files import read_file
from exporter.simulator.scenario import ScenarioError
from exporter.simulator.scenarios import SCENARIOS
from exporter.simulator.server import Simulator

_WRONG_CALL: Final = 2
_LONGEST_NAME: Final = 64
_LAST_PORT: Final = 65535


class SimulatorAddress(NamedTuple):
    """Where to listen."""

    host: str
    port: int


class _ListenError(Exception):
    """It cannot listen there; the message has one line."""


def main(argv: Sequence[str]) -> int:
    """Run the simulator until a signal, or the end of standard input where that was asked for.

    Args:
        argv: The arguments after the program's name.

    Returns:
        The exit status: 0 after a regular end, 2 for a wrong call or a port that is taken.
    """
    try:
        options = _parser().parse_args(argv)
    except SystemExit as end:  # argparse has said why
        return end.code if isinstance(end.code, int) else _WRONG_CALL
    try:
        simulator = prepared(options.scenario, options.seed)
    except ScenarioError as error:
        return _refuse(str(error))
    try:
        return asyncio.run(_serve(simulator, options))
    except _ListenError as error:
        return _refuse(str(error))


def parse_address(text: str) -> SimulatorAddress:
    """Read ``host:port``.

    Args:
        text: The address; without a host it means all interfaces, and port 0 any free port.

    Returns:
        Host and port.

    Raises:
        argparse.ArgumentTypeError: It is no address.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT or :PORT")
    host = host.removeprefix("[").removesuffix("]")
    try:
        host.encode("idna")  # as asyncio will
    except UnicodeError:
        raise argparse.ArgumentTypeError(f"{host!r} is no name of a host") from None
    return SimulatorAddress(host, int(port))


def prepared(scenario: str, seed: int | None) -> Simulator:
    """Make the simulator of a command line.

    Args:
        scenario: A scenario's name, or the path of a YAML or JSON file.
        seed: What chance begins with; None for another chance in every run.

    Returns:
        The simulator, not yet served.

    Raises:
        ScenarioError: There is neither such a scenario nor such a file, or the file is wrong; the
            message has one line and names the file.
    """
    rng = random.Random(seed)  # noqa: S311 - a simulator's tokens protect nothing
    if scenario in SCENARIOS:
        return Simulator(scenario, rng=rng)
    try:
        return Simulator(read_file(scenario), rng=rng)
    except OSError:
        near = get_close_matches(scenario[:_LONGEST_NAME], SCENARIOS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        known = f"{hint}scenarios: {', '.join(SCENARIOS)}"
        raise ScenarioError(
            f"{scenario!r} is neither a scenario nor a file that can be read; {known}"
        ) from None
    except ScenarioError as error:
        raise ScenarioError(f"{scenario}: {error}") from None


class _Parser(argparse.ArgumentParser):
    """argparse with one line for a mistake, safe for a terminal."""

    def error(self, message: str) -> NoReturn:
        """End with the line alone: who asked for nothing else gets no usage."""
        self.exit(_WRONG_CALL, f"{self.prog}: {_printable(message)}\n")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="oran-mano-exporter simulate",
        description="A server that behaves like the O-RAN Intent-MANO API (account demo / demo).",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--simulator.listen-address",
        dest="address",
        type=parse_address,
        default="127.0.0.1:8080",
        metavar="HOST:PORT",
        help="where to listen (default %(default)s); port 0 takes a free one",
    )
    parser.add_argument(
        "--simulator.scenario",
        dest="scenario",
        default="healthy",
        metavar="NAME|FILE",
        help=f"what to play (default %(default)s): {', '.join(SCENARIOS)}, or a YAML file",
    )
    parser.add_argument(
        "--simulator.stop-on-eof",
        dest="stop_on_eof",
        action="store_true",
        help="end when standard input ends, so that a parent's death ends the simulator",
    )
    parser.add_argument(
        "--simulator.seed",
        dest="seed",
        type=int,
        metavar="NUMBER",
        help="make latencies, identifiers and chance the same in every run",
    )
    return parser


async def _serve(simulator: Simulator, options: argparse.Namespace) -> int:
    address: SimulatorAddress = options.address
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.stop_on_eof:
        _watch_stdin(loop, stop)
    runner = web.AppRunner(
        simulator.application(),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=0.3,
    )
    await runner.setup()
    try:
        await _listen(runner, address)
        print(f"listening on {_url(address, runner)}", flush=True)  # noqa: T201 - parents read it
        await stop.wait()
    finally:
        await runner.cleanup()
    return 0


async def _listen(runner: web.AppRunner, address: SimulatorAddress) -> None:
    try:
        await web.TCPSite(runner, address.host or None, address.port).start()
    except OSError as error:
        # asyncio puts its own story before the reason.
        reason = (error.strerror or str(error)).rpartition(": ")[2]
        raise _ListenError(
            f"{address.host}:{address.port}: {reason}; give another --simulator.listen-address"
        ) from error


def _url(address: SimulatorAddress, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    host = address.host if address.host not in {"", "0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104 - told, not bound
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Wait for the end of standard input in a thread: it may be a file, which no loop can watch."""

    def wait() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def _refuse(reason: str) -> int:
    print(f"simulator: {_printable(reason)}", file=sys.stderr)  # noqa: T201 - the one line of a wrong call
    return _WRONG_CALL
