"""A simulated API and the exporter on it, with a live table: ``make demo``."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rich.live import Live

from exporter.commands.console import PlainConsole
from exporter.commands.demo_screen import (
    DemoUrls,
    choice,
    plain_line,
    playing,
    rows,
    screen,
    switching,
    urls,
)
from exporter.process.app import App
from exporter.simulator.scenarios import SCENARIOS
from exporter.system.threads import in_thread
from exporter.web.listen_address import ListenAddress

CONFIG: Final = Path(__file__).with_name("demo.yaml")
"""What the demo probes; its URL and account are the simulator's."""

_REFRESH: Final = 1.0
_GRACE: Final = 1.0
"""Seconds that the simulator has for its end; it takes a third of that."""
_CHUNK: Final = 65536
_OTHERS: Final = {
    "--simulator.listen-address": "127.0.0.1:8081",
    "--web.listen-address": ":10946",
}
"""Ports beside those of the demo, for who has to take another."""
_ANOTHER: Final = re.compile(rf"give another ({'|'.join(map(re.escape, _OTHERS))})$")
_SIMULATOR_SAYS: Final = re.compile(r"(oran-mano-exporter simulate|simulator): (error: )?")


class SimulatorError(Exception):
    """The simulator did not start; the text says why."""


class _Playing(NamedTuple):
    """What the simulated API plays, and whether its account is locked in it, if it says so."""

    name: str
    locked: bool | None = None


def as_called(message: str, environ: Mapping[str, str]) -> str:
    """Say how another port is taken in the words of who called it, which may be ``make``.

    The Makefile sets ``MAKE_TARGET``; where another port is wanted there is a command to copy.
    """
    target, wants = environ.get("MAKE_TARGET"), _ANOTHER.search(message)
    if not target or wants is None:
        return message
    return f'{message}: make {target} ARGS="{wants[1]} {_OTHERS[wants[1]]}"'


@asynccontextmanager
async def simulator(address: str, scenario: str) -> AsyncIterator[str]:
    """Run the simulator as a process of its own; it ends with this one, however that ends.

    It plays a scenario, by its name or file, at first; what is yielded is its API's base URL.

    Raises:
        SimulatorError: it did not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "exporter.simulator"),
        *("--simulator.listen-address", address, "--simulator.scenario", scenario),
        "--simulator.stop-on-eof",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Ctrl-C is the exporter's: the API has to be there until the last probe has ended.
        start_new_session=True,
    )
    assert process.stdin is not None  # noqa: S101  # both are pipes
    assert process.stdout is not None  # noqa: S101
    reading: asyncio.Task[None] | None = None
    try:
        url = await _url(process.stdout)
        reading = asyncio.create_task(_read_on(process.stdout))
        yield url
    finally:
        if reading is not None:
            reading.cancel()
            await asyncio.wait({reading})
        process.stdin.close()  # a signal would look whether it has ended, and asyncio miss that
        try:
            await asyncio.wait_for(process.communicate(), _GRACE)
        except TimeoutError:
            process.kill()
            await process.communicate()


async def _url(said: asyncio.StreamReader) -> str:
    last = "the simulator ended"
    async for line in said:
        last = line.decode().strip() or last
        if last.startswith("listening on "):
            return last.removeprefix("listening on ")
    raise SimulatorError(_SIMULATOR_SAYS.sub("", last, count=1))


async def _read_on(said: asyncio.StreamReader) -> None:
    """Nobody wants to know, but a pipe that is full would stop the simulator."""
    while await said.read(_CHUNK):
        pass


def environment(url: str) -> Mapping[str, str]:
    """The variables that the demo's configuration leaves out, with the simulator's one account."""
    return {
        "ORAN_MANO_API_URL": url,
        "ORAN_MANO_USERNAME": "demo",
        "ORAN_MANO_PASSWORD": "demo",
    }


async def show(app: App, address: ListenAddress, api: str) -> None:
    """Show what is probed until it is cancelled: a live table, or lines where is no terminal.

    Raises:
        OSError: it cannot be written.
    """
    page = f"http://{address}"
    place = DemoUrls(api, f"{page}/", f"{page}{app.telemetry_path}")
    console = PlainConsole()
    if console.is_terminal and os.environ.get("TERM") != "dumb":
        await _live(app, place, console)
    else:
        await _changes(app, place, console)


async def _live(app: App, place: DemoUrls, console: PlainConsole) -> None:
    console.print(*_choice(console), "Ctrl-C ends it.", "", sep="\n", soft_wrap=True)
    played = _Playing("")
    with Live(console=console, auto_refresh=False) as live:
        while True:
            played = await _now_playing(app, place, played)
            live.update(screen(app.snapshot(), place, played.name, console.size), refresh=True)
            await asyncio.sleep(_REFRESH)


async def _changes(app: App, place: DemoUrls, console: PlainConsole) -> None:
    """One line for each change of the scenario and of a surface, as a log wants it."""
    head = [*urls(place), *switching(place, console.width), *_choice(console), "Ctrl-C ends it."]
    console.print(*head, "", sep="\n", soft_wrap=True)
    before = _Playing("")
    shown: dict[str, str] = {}
    while True:
        played = await _now_playing(app, place, before)
        if played.name != before.name:
            console.print(playing(played.name), soft_wrap=True)
        before = played
        for row in rows(app.snapshot()):
            if row.state != "waiting" and shown.get(row.surface) != row.state:
                shown[row.surface] = row.state
                console.print(plain_line(row), soft_wrap=True)
        await asyncio.sleep(_REFRESH)


def _choice(console: PlainConsole) -> list[str]:
    return choice(list(SCENARIOS), console.width)


async def _now_playing(app: App, place: DemoUrls, before: _Playing) -> _Playing:
    """What plays now, which somebody may have switched from elsewhere.

    Whoever unlocks an account has its exporter try the password again, which it would not do by
    itself for a quarter of an hour: that is done here too, as there is nobody else.
    """
    now = await in_thread(lambda: _asked(place.control), "scenario")
    if now.locked is None:
        return now._replace(locked=before.locked)
    if before.locked and not now.locked:
        app.reload()
    return now


def _asked(control: str) -> _Playing:
    where = urlsplit(control)
    connection = HTTPConnection(where.netloc, timeout=_REFRESH)
    try:
        connection.request("GET", where.path)
        answer = json.loads(connection.getresponse().read())
        locked = bool(answer["knobs"].get("revoke_tokens"))
        return _Playing(" / ".join([answer["name"], *answer["phase"]]), locked)
    except (OSError, HTTPException, ValueError):
        return _Playing("not known: the simulated API does not say")
    finally:
        connection.close()
