"""File descriptors run out: targets go without, and never the listener; the log says it once."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack, suppress
from typing import Final

import aiohttp

from exporter.system.spare_descriptors import FILES, LISTENER
from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import Exporter, Scrape, command
from tests.support.rude_clients import connected, held, port_of, said
from tests.support.servers import LOOPBACK, Start, eventually, get

HEALTHY: Final = OK + b"Content-Type: application/json\r\n" + sized(b'{"status":"healthy"}')
TARGETS: Final = 100
FEW: Final = 64
TARGET: Final = """
  - name: t{number}
    url: http://127.11.0.{low}:{port}
    interval: 1s
    surfaces: {{"*": {{mode: off}}, monitoring.health: {{mode: read}}}}
"""
RUNS: Final = "oran_mano_probe_runs_total"
NO_LONGER: Final = 10
"""Seconds that a head may take."""


def config(port: int, targets: int = TARGETS) -> str:
    return "targets:" + "".join(
        TARGET.format(number=number, low=number + 1, port=port) for number in range(targets)
    )


def counted(scrape: Scrape) -> int:
    """How often each target ran, at least."""
    runs = scrape.by("target", RUNS)
    return int(min(runs.values())) if len(runs) == TARGETS else 0


async def test_targets_that_get_none_are_our_fault_and_the_listener_always_has_some(
    start: Start,
) -> None:
    api = await start(serve(answer(HEALTHY), host="0.0.0.0"))
    exporter = await start(Exporter(config(api.port), descriptors=(FEW, FEW)))
    scrape = await exporter.until(lambda scrape: counted(scrape) >= 5, within=90)
    reasons = {
        sample.labels["reason"]
        for sample in scrape.families["oran_mano_probe_failure_reason"].samples
    }
    assert reasons == {"internal"}
    assert scrape.sum("oran_mano_exporter_faults_total", kind="open_files") > 0
    well = [
        target for target, is_so in scrape.by("target", "oran_mano_probe_success").items() if is_so
    ]
    assert 10 < len(well) < FEW
    log = exporter.process.output()
    assert "Traceback" not in log
    assert len(log) < TARGETS * 500
    needed = 16 + FILES + LISTENER + TARGETS
    assert f"needed={needed} limit={FEW}" in log


async def test_more_who_read_than_there_are_descriptors_cost_a_line_and_end(start: Start) -> None:
    api = await start(serve(answer(HEALTHY), host="0.0.0.0"))
    exporter = await start(Exporter(config(api.port), descriptors=(FEW, FEW)))
    await exporter.until(lambda scrape: counted(scrape) >= 1, within=60)
    port = port_of(exporter.url)
    before = exporter.process.output()
    async with AsyncExitStack() as stack:
        there = [
            await stack.enter_async_context(connected(port, b"GET /metrics HTTP/1.1\r\nHo"))
            for _ in range(3 * FEW)
        ]

        async def scraped() -> bool | None:
            with suppress(aiohttp.ClientError, TimeoutError):  # it stands in a long queue
                return (await get(f"{exporter.url}/metrics"))[0] == 200 or None
            return None

        await eventually(scraped, within=90)
        await asyncio.gather(*(said(reader) for reader, _ in there))
    told = exporter.process.output().removeprefix(before)
    assert "Traceback" not in told
    assert told.count("cannot accept connections") <= 1


async def test_half_a_head_and_none_at_all_have_ten_seconds(start: Start) -> None:
    exporter = await start(Exporter(config(9, targets=1)))
    port = port_of(exporter.url)
    silent = socket.create_connection((LOOPBACK, port))
    try:
        began = time.monotonic()
        async with connected(port, b"GET /metrics HTTP/1.1\r\nHo") as (reader, _):
            await said(reader)
        assert NO_LONGER - 1 < time.monotonic() - began < 2 * NO_LONGER

        async def gone() -> bool | None:
            return held(port) == 0 or None

        await eventually(gone, within=20)
    finally:
        silent.close()


async def test_the_soft_limit_is_raised_at_the_start(start: Start) -> None:
    exporter = await start(Exporter(config(9, targets=1), descriptors=(64, 4096)))
    assert (await exporter.scrape()).one("process_max_fds") == 4096


async def test_check_says_how_many_are_needed() -> None:
    ended = await command("check", env={"ORAN_MANO_API_URL": "http://127.0.0.1:9/v1"})
    assert "open files (ulimit -n)" in " ".join(ended.out.split())
