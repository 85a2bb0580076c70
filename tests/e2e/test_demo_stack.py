"""``make demo-stack``: an outage is told within a minute, and Ctrl-C leaves nothing behind."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from tests.support import tools
from tests.support.product import clean_environment
from tests.support.servers import LOOPBACK, Process, Start, eventually, free_port, get, prints
from tests.support.tools import ROOT

NAMES: Final = ("prometheus", "alertmanager", "exporter", "simulator")


def argv(ports: Mapping[str, int]) -> list[str]:
    flags = [f"--{name}-port={port}" for name, port in ports.items()]
    return [sys.executable, "-m", "tests.demo.stack", *flags]


async def alerts(port: int) -> list[dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{LOOPBACK}:{port}/api/v2/alerts") as answer,
    ):
        found: list[dict[str, Any]] = await answer.json()
        return found


async def play(port: int, name: str) -> None:
    url = f"http://{LOOPBACK}:{port}/simulator/scenario"
    async with aiohttp.ClientSession() as session, session.put(url, json={"name": name}) as answer:
        assert answer.status == 200


async def test_an_outage_fires_and_ctrl_c_ends_all_of_it(start: Start) -> None:
    ports = {name: free_port() for name in NAMES}
    process = await start(
        Process(
            argv(ports),
            ready=prints("^monitoring.health +well"),
            env=clean_environment({}),
            cwd=ROOT,
            within=40,
            grace=15,
        )
    )
    await play(ports["simulator"], "down")

    async def page() -> dict[str, Any] | None:
        process.check()
        found = await alerts(ports["alertmanager"])
        down = [each for each in found if each["labels"]["alertname"] == "TargetDown"]
        return down[0] if down else None

    firing = await eventually(page, within=90)
    assert firing["labels"]["target"] == "demo"
    await process.line("^pager +firing +TargetDown: demo is down", within=30)
    process.signal(signal.SIGINT)
    assert await process.wait(20) == 0
    assert "Traceback" not in process.output()
    for port in ports.values():
        with pytest.raises(aiohttp.ClientConnectionError):
            await get(f"http://{LOOPBACK}:{port}/")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("made", [True, False])
def test_a_port_that_is_taken_is_one_clear_line(name: str, *, made: bool) -> None:
    ports = {each: free_port() for each in NAMES}
    env = clean_environment({"MAKE_TARGET": "demo-stack" if made else ""})
    with socket.create_server((LOOPBACK, 0)) as other:
        ports[name] = other.getsockname()[1]
        done = subprocess.run(
            argv(ports), cwd=ROOT, env=env, text=True, capture_output=True, check=False
        )
    assert (done.returncode, done.stdout) == (2, "")
    another = f"--{name}-port {ports[name] % 65535 + 1}"
    assert done.stderr == (
        f"{name}: {LOOPBACK}:{ports[name]}: address already in use; take another: "
        + (f'make demo-stack ARGS="{another}"\n' if made else f"{another}\n")
    )


def test_make_says_who_calls_and_fetches_no_more_than_the_demo_needs() -> None:
    """What make would do in a fresh clone, where nothing is there yet."""

    def planned(target: str) -> str:
        argv = ["make", "--dry-run", "--no-print-directory", "VENV=/nowhere/venv", target]
        return subprocess.run(argv, cwd=ROOT, text=True, capture_output=True, check=True).stdout

    for target in ("demo", "demo-stack"):
        assert re.findall(r"install.py (\S+)", planned(target)) == ["requirements/runtime.txt"]
        assert f"MAKE_TARGET={target} " in planned(target)
    assert "fetching" not in planned("demo")
    assert re.findall(r"tests.support.fetching ?(.*)", planned("demo-stack")) == ["demo-stack"]
    assert "ingredients" not in planned("demo-stack")


def test_what_is_fetched_for_it_is_a_prometheus_and_an_alertmanager(tmp_path: Path) -> None:
    for name in (tools.PROMETHEUS, tools.ALERTMANAGER):
        program = tools.binary(name)
        (tmp_path / name).symlink_to(program.parent)
    env = clean_environment({"TOOLS_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"})
    fetch = [sys.executable, "-m", "tests.support.fetching", "demo-stack"]
    done = subprocess.run(fetch, cwd=ROOT, env=env, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    told = [line.split()[0] for line in done.stdout.splitlines()]
    assert told == [tools.PROMETHEUS, tools.PROMTOOL, tools.ALERTMANAGER, tools.AMTOOL]
    assert {each.name for each in tmp_path.iterdir()} == {tools.PROMETHEUS, tools.ALERTMANAGER}


def test_a_server_that_is_missing_is_told_with_how_to_get_it() -> None:
    ports = {each: free_port() for each in NAMES}
    env = clean_environment({"PROMETHEUS_ALERTMANAGER": "/nowhere"})
    done = subprocess.run(
        argv(ports), cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "apt-get install prometheus-alertmanager" in done.stderr
    assert "Traceback" not in done.stderr
