"""``make demo-stack``: an outage is told within a minute, and Ctrl-C leaves nothing behind."""

import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import pytest

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
def test_a_port_that_is_taken_is_one_clear_line(name: str) -> None:
    ports = {each: free_port() for each in NAMES}
    with socket.create_server((LOOPBACK, 0)) as other:
        ports[name] = other.getsockname()[1]
        done = subprocess.run(argv(ports), cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"{name}: {LOOPBACK}:{ports[name]}: address already in use; ")


def test_a_server_that_is_missing_is_told_with_how_to_get_it() -> None:
    ports = {each: free_port() for each in NAMES}
    env = clean_environment({"PROMETHEUS_ALERTMANAGER": "/nowhere"})
    done = subprocess.run(
        argv(ports), cwd=ROOT, env=env, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "apt-get install prometheus-alertmanager" in done.stderr
    assert "Traceback" not in done.stderr
