"""A simulated API and the exporter on it, with a live table: ``make demo``."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import fill
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from exporter.app import App
from exporter.overview import HEADINGS, Line, lines, quotas, summary
from exporter.simulator.scenarios import SCENARIOS
from exporter.sinks.snapshot import Snapshot
from exporter.web.address import Address

CONFIG: Final = Path(__file__).with_name("demo.yaml")
"""What the demo probes; its URL and account are the simulator's."""

_COLOURS: Final = {"well": "green", "failing": "bold red", "skipped": "yellow"}
_REFRESH: Final = 1.0


class SimulatorError(Exception):
    """The simulator did not start; the text says why."""


@asynccontextmanager
async def simulator(address: str, scenario: str) -> AsyncIterator[str]:
    """Run the simulator as a process of its own; it ends with this one, however that ends.

    Args:
        address: where it listens.
        scenario: what it plays first: a name or a file.

    Yields:
        The base URL of its API.

    Raises:
        SimulatorError: it did not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter.simulator"),
        *("--simulator.listen-address", address, "--simulator.scenario", scenario),
        "--simulator.stop-on-eof",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        # Ctrl-C is the exporter's: the API has to be there until the last probe has ended.
        start_new_session=True,
    )
    try:
        yield await _url(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _url(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None  # noqa: S101  # it is a pipe
    line = (await process.stdout.readline()).decode()
    if not line.startswith("listening on "):
        _, error = await process.communicate()
        told = error.decode().strip().splitlines()
        raise SimulatorError(told[-1] if told else "the simulator ended")
    return line.removeprefix("listening on ").strip()


def environment(url: str) -> Mapping[str, str]:
    """What the demo's configuration leaves out.

    Args:
        url: of the simulator's API.

    Returns:
        The variables that fill it, with the simulator's one account.
    """
    return {
        "ORAN_MANO_API_URL": url,
        "ORAN_MANO_USERNAME": "demo",
        "ORAN_MANO_PASSWORD": "demo",
    }


async def show(app: App, address: Address, api: str) -> None:
    """Show what is probed until it is cancelled: a live table, or lines where is no terminal.

    Args:
        app: the running exporter.
        address: where it listens.
        api: the URL of the simulated API.
    """
    console = Console()
    console.print(f"simulated API  {api}", f"status page    http://{address}/", sep="\n")
    console.print(f"metrics        http://{address}{app.telemetry_path}")
    console.print(_scenarios(api, console.width), soft_wrap=True, highlight=False)
    console.print("Ctrl-C ends it.\n")
    if console.is_terminal and os.environ.get("TERM") != "dumb":
        await _live(app, console)
    else:
        await _changes(app, console)


def _scenarios(api: str, width: int) -> str:
    control = api.removesuffix("/v1") + "/simulator/scenario"
    call = f'scenario       curl -X PUT {control} -d \'{{"name": "down"}}\''
    names = fill(", ".join(SCENARIOS), width, initial_indent=" " * 15, subsequent_indent=" " * 15)
    return f"{call}\n{names}"


async def _live(app: App, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(_screen(app.snapshot()), refresh=True)
            await asyncio.sleep(_REFRESH)


def _screen(snapshot: Snapshot) -> Group:
    (target,) = snapshot.targets
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in HEADINGS:
        table.add_column(heading, no_wrap=heading != HEADINGS[-1])
    for line in lines(snapshot, target.name):
        cells = [Text(cell) for cell in line.cells]
        cells[1].stylize(_COLOURS.get(line.state, "dim"))
        table.add_row(*cells)
    limits = [Text(quota) for quota in quotas(snapshot, target.name)]
    return Group(table, Text(), *limits, Text(summary(snapshot)))


async def _changes(app: App, console: Console) -> None:
    """One line for each change of a surface, as a log wants it."""
    shown: dict[str, str] = {}
    while True:
        snapshot = app.snapshot()
        for line in lines(snapshot, snapshot.targets[0].name):
            if line.state != "waiting" and shown.get(line.surface) != line.state:
                shown[line.surface] = line.state
                console.print(_plain(line), soft_wrap=True, highlight=False)
        await asyncio.sleep(_REFRESH)


def _plain(line: Line) -> str:
    wrong = f"  {line.wrong}" if line.wrong else ""
    return f"{line.surface:<36} {line.state:<8} {line.took:>8} {line.status:>4}{wrong}"
