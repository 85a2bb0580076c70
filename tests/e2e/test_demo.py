"""``make demo``: a simulated API, the exporter on it, and a table that lives."""

import signal
import sys
from typing import Final

import aiohttp
import pytest

from exporter.demo import CONFIG
from tests.support.product import Exporter, Scrape, Simulator, clean_environment, command
from tests.support.servers import LOOPBACK, Process, Start, eventually, free_port, get, prints

# A terminal whose size is set before anybody can ask for it.
TERMINAL: Final = """
import fcntl, os, pty, signal, struct, sys, termios
child, screen = pty.fork()
if not child:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    os.execv(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
while True:
    try:
        shown = os.read(screen, 65536)
    except OSError:  # it ended
        break
    os.write(1, shown)
"""
NOT_RUN: Final = {"auth.refresh", "orchestrator.deployments.get"}


def has_probed_everything(scrape: Scrape) -> bool:
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    return {surface for surface, count in runs.items() if not count} == NOT_RUN


def demo(api: str) -> Exporter:
    return Exporter(None, "--simulator.listen-address", api, command=["demo"])


async def test_within_15_seconds_every_surface_was_probed_and_is_well(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    scrape = await exporter.until(has_probed_everything, within=15)
    success = scrape.by("surface", "oran_mano_probe_success")
    assert set(success.values()) == {1}
    assert len(success) == 15
    classes = set(scrape.by("rate_class", "oran_mano_rate_limit_remaining_requests"))
    assert classes == {"standard", "monitoring"}
    await exporter.process.line(rf"simulated API +http://{api}/v1")
    await exporter.process.line(rf"status page +{exporter.url}/")
    await exporter.process.line(r"^monitoring.health +well +\d+ ms +200$")


async def test_ctrl_c_ends_it_and_the_simulator_with_it(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    await exporter.until(has_probed_everything, within=15)
    exporter.process.signal(signal.SIGINT)
    assert await exporter.process.wait() == 0
    assert "Traceback" not in exporter.process.output()
    for url in (exporter.url, f"http://{api}"):
        with pytest.raises(aiohttp.ClientConnectionError):
            await get(url)


async def test_the_simulator_ends_even_when_the_demo_is_killed(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    exporter.process.signal(signal.SIGKILL)
    await exporter.process.wait()

    async def refused() -> bool | None:
        try:
            await get(f"http://{api}")
        except aiohttp.ClientConnectionError:
            return True
        return None

    assert await eventually(refused)


async def test_on_a_terminal_it_is_a_table_that_lives(start: Start) -> None:
    port = free_port()
    argv = [
        *(sys.executable, "-c", TERMINAL, sys.executable, "-m", "exporter", "demo"),
        *("--web.listen-address", f"{LOOPBACK}:{port}"),
        *("--simulator.listen-address", f"{LOOPBACK}:0"),
    ]
    env = clean_environment({"TERM": "xterm-256color"})
    for size in ("COLUMNS", "LINES"):
        env.pop(size, None)
    terminal = await start(Process(argv, ready=prints(r"What is wrong"), env=env))
    await terminal.line(r"15 well", within=15)


async def test_a_port_that_is_taken_is_one_clear_line(start: Start) -> None:
    simulator = await start(Simulator())
    taken = simulator.url.removeprefix("http://").removesuffix("/v1")
    ended = await command("demo", "--simulator.listen-address", taken)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.count("\n") == 1
    assert taken in ended.err
    assert "in use" in ended.err


async def test_its_configuration_passes_check() -> None:
    env = {"ORAN_MANO_API_URL": "http://x", "ORAN_MANO_USERNAME": "a", "ORAN_MANO_PASSWORD": "b"}
    ended = await command("check", "--config.file", str(CONFIG), env=env)
    assert (ended.code, ended.err) == (0, "")
