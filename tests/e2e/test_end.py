"""How it begins and ends: signals, ports that are taken, an API that is not there."""

import signal
import socket
import textwrap
import time
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter.catalog import CATALOG
from tests.support.collector import Broken
from tests.support.product import Exporter, Scrape, Simulator, command
from tests.support.servers import LOOPBACK, Start, eventually, free_port, get

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 1s
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
        surfaces:
          tn-manager.agents.list: {{interval: 10m, timeout: 9m}}
    """
PATIENT: Final = CONFIG.replace("interval: 1s", "interval: 10s").replace("total: 1s", "total: 9s")
SAMPLED: Final = """
    traces: {sample_ratio: 1}
    """


async def scrapes_until_the_end(exporter: Exporter) -> list[Scrape]:
    found = []
    try:
        while True:
            found.append(await exporter.scrape())
    except aiohttp.ClientError:
        return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_in_time_with_every_instant_accounted_for(
    number: signal.Signals, start: Start
) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", hang=["tn-manager.agents.list"])
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    await exporter.until(
        lambda scrape: scrape.sum("oran_mano_probe_runs_total", surface="monitoring.health") > 2
    )
    began = time.monotonic()
    exporter.process.signal(number)
    scrapes = await scrapes_until_the_end(exporter)
    assert await exporter.process.wait() == 0
    assert time.monotonic() - began < 5
    assert len(scrapes) > 3
    assert all(scrape.accounts_for_every_instant() for scrape in scrapes)
    output = exporter.process.output()
    assert "msg=ended cancelled_runs=1" in output
    assert "Traceback" not in output


async def test_from_the_first_signal_on_it_is_not_ready(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", hang=["tn-manager.agents.list"])
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_active_connections") >= 1)
    exporter.process.signal(signal.SIGTERM)

    async def refused() -> bytes | None:
        status, body = await get(f"{exporter.url}/-/ready")
        return body if status == 503 else None

    assert await eventually(refused) == b"not ready: the schedule is not running\n"
    assert (await get(f"{exporter.url}/-/healthy"))[0] == 200  # and nobody needs to restart it


async def test_a_login_that_is_cut_off_is_told_as_it_is_counted(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", hang=["auth.login"])
    exporter = await start(Exporter(PATIENT.format(url=simulator.url)))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_active_connections") >= 1)
    exporter.process.signal(signal.SIGTERM)
    assert await exporter.process.wait() == 0
    assert "msg=ended cancelled_runs=1" in exporter.process.output()


async def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", hang=["tn-manager.agents.list"])
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_active_connections") >= 1)
    exporter.process.signal(signal.SIGTERM)
    await get(f"{exporter.url}/-/ready")  # the first one has been dealt with
    exporter.process.signal(signal.SIGTERM)
    assert await exporter.process.wait(within=1) == 128 + signal.SIGTERM


async def test_whatever_hangs_at_once_it_ends_in_time(start: Start) -> None:
    """Every surface, the collector, and a scraper that takes nothing of its answer."""
    simulator, collector = await start(Simulator()), await start(Broken())
    surfaces = [surface.id for surface in CATALOG if not surface.passive]
    await simulator.play("healthy", hang=surfaces)
    traces = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{LOOPBACK}:{collector.port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    exporter = await start(Exporter(PATIENT.format(url=simulator.url) + SAMPLED, env=traces))
    hanging = "oran_mano_active_connections"
    await exporter.until(lambda scrape: scrape.sum(hanging) >= 5 and collector.asked)
    host, port = exporter.address.split(":")
    with socket.create_connection((host, int(port))) as scraper:
        scraper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        scraper.sendall(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n" * 100)
        await get(f"{exporter.url}/-/ready")
        began = time.monotonic()
        exporter.process.signal(signal.SIGTERM)
        assert await exporter.process.wait(within=10) == 0
        assert time.monotonic() - began < 5
    assert "Traceback" not in exporter.process.output()


async def test_an_api_that_is_down_is_what_is_reported(start: Start) -> None:
    config = CONFIG.format(url=f"http://{LOOPBACK}:{free_port()}/v1")
    exporter = await start(Exporter(config))
    scrape = await exporter.until(lambda scrape: "auth.login" in scrape.reasons())
    assert scrape.reasons()["auth.login"] == "connect_refused"
    scrape = await exporter.until(lambda scrape: "monitoring.health" in scrape.reasons())
    assert scrape.sum("oran_mano_probe_skipped_total", reason="no_token") > 0
    assert scrape.sum("oran_mano_probe_failures_total", component="vnf-operator") == 0
    for page in ("/-/healthy", "/-/ready", "/"):
        status, _ = await get(exporter.url + page)
        assert status == 200


async def test_a_port_that_is_taken_is_one_clear_line(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    config = tmp_path / "config.yaml"
    config.write_text(textwrap.dedent(CONFIG.format(url=simulator.url)))
    ended = await command("--config.file", str(config), "--web.listen-address", exporter.address)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"oran-mano-exporter: cannot listen on {exporter.address}: address already in use; "
        "give another --web.listen-address\n"
    )
