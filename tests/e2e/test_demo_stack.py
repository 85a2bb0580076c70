"""``make demo-stack``: an outage is told within a minute, and Ctrl-C leaves nothing behind."""

import signal
import socket
import sys
from typing import Any, Final

import aiohttp
import pytest

from tests.support.product import clean_environment
from tests.support.servers import LOOPBACK, Process, Start, eventually, free_port, get, prints
from tests.support.tools import ROOT

NAMES: Final = ("prometheus", "alertmanager", "exporter", "simulator")


def stack(ports: dict[str, int], ready: str) -> Process:
    flags = [f"--{name}-port={port}" for name, port in ports.items()]
    argv = [sys.executable, "-m", "tests.demo.stack", *flags]
    return Process(
        argv, ready=prints(ready), env=clean_environment({}), cwd=ROOT, within=40, grace=15
    )


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
    process = await start(stack(ports, "^monitoring.health +well"))
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
async def test_a_port_that_is_taken_is_one_clear_line(name: str, start: Start) -> None:
    ports = {each: free_port() for each in NAMES}
    with socket.create_server((LOOPBACK, 0)) as other:
        ports[name] = other.getsockname()[1]
        refused = f"^{name}: {LOOPBACK}:{ports[name]}: address already in use; "
        process = await start(stack(ports, refused))
        assert await process.wait() == 2
    assert process.output().count("\n") == 1
