"""Runs that are asked for, beside those of the schedule, a reload and the end."""

import asyncio
import signal
from pathlib import Path
from typing import Final

import aiohttp

from tests.support.hostile import OK, Peer, Script, serve, sized
from tests.support.product import Exporter, Scrape
from tests.support.servers import Start, get

CONFIG: Final = """
targets:
  - name: lab
    url: {url}
    interval: 1h
    timeouts: {{total: 20s}}
    surfaces: {{"*": {{mode: off}}, "monitoring.health": {{mode: read}}}}
"""
SCHEDULED: Final = 1
"""Requests of the schedule: the first run, and none for an hour."""


class Gate:
    """An API that answers its first requests at once, and the others when it is let."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self.open = asyncio.Event()

    def script(self) -> Script:
        async def script(peer: Peer) -> None:
            while True:
                await peer.request()
                if len(peer.server.requests) > self._at_once:
                    await self.open.wait()
                await peer.send(OK + sized(b'{"status": "healthy"}'))

        return script


async def probe(exporter: Exporter, **parameters: str) -> tuple[int, str]:
    asked = {"surface": "monitoring.health", **parameters}
    status, body = await get(f"{exporter.url}/probe", asked)
    return status, body.decode()


async def begun(start: Start, url: str, folder: Path) -> tuple[Exporter, Path]:
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(url=url))
    return await start(Exporter(None, "--config.file", str(file), "--web.enable-lifecycle")), file


async def test_the_scheduled_run_in_flight_serves_all_who_ask(start: Start, tmp_path: Path) -> None:
    gate = Gate(at_once=0)
    async with serve(gate.script()) as server:
        exporter, _ = await begun(start, server.url, tmp_path)
        await server.asked(SCHEDULED)
        asking = [asyncio.create_task(probe(exporter, debug="true")) for _ in range(3)]
        for _ in range(5):  # what was sent before has been read when these are answered
            assert (await get(f"{exporter.url}/-/ready"))[0] == 200
        gate.open.set()
        answers = await asyncio.gather(*asking)
        assert len(server.requests) == SCHEDULED
    for status, text in answers:
        assert status == 200
        assert "The scheduled run was in flight" in text


async def test_the_trace_of_who_asks_reaches_the_api(start: Start, tmp_path: Path) -> None:
    trace = "c9e2c1f1a1d54cbb9a4e3b37d5e5a9f0"
    async with serve(Gate(at_once=9).script()) as server:
        exporter, _ = await begun(start, server.url, tmp_path)
        await server.asked(SCHEDULED)
        headers = {"traceparent": f"00-{trace}-6f2d7a0b6f1c9a11-01"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{exporter.url}/probe?surface=monitoring.health") as answer,
        ):
            assert answer.status == 200
        sent = server.requests[-1].decode().lower()
    assert f"traceparent: 00-{trace}-" in sent
    assert "6f2d7a0b6f1c9a11" not in sent


async def test_a_reload_does_not_cut_off_who_asks(start: Start, tmp_path: Path) -> None:
    gate = Gate(at_once=SCHEDULED)
    async with serve(gate.script()) as old, serve(Gate(at_once=9).script()) as new:
        exporter, file = await begun(start, old.url, tmp_path)
        await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") == SCHEDULED)
        asking = asyncio.create_task(probe(exporter))
        await old.asked(SCHEDULED + 1)
        file.write_text(CONFIG.format(url=new.url))
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{exporter.url}/-/reload") as reloaded,
        ):
            assert reloaded.status == 200
        gate.open.set()
        status, text = await asking
        assert (status, Scrape(text).one("probe_success")) == (200, 1)
        assert (await probe(exporter, target=old.url))[0] == 400
        assert (await probe(exporter, target=new.url))[0] == 200


async def test_the_end_makes_up_no_verdict(start: Start, tmp_path: Path) -> None:
    async with serve(Gate(at_once=SCHEDULED).script()) as server:
        exporter, _ = await begun(start, server.url, tmp_path)
        await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") == SCHEDULED)
        asking = asyncio.create_task(probe(exporter))
        await server.asked(SCHEDULED + 1)
        exporter.process.signal(signal.SIGTERM)
        status, text = await asking
        assert await exporter.process.wait() == 0
    assert status == 503
    assert text.startswith("not probed: shutdown: ")
    assert "Traceback" not in exporter.process.output()


async def test_what_the_api_says_is_wrong_is_told_to_who_asks_alone(
    start: Start, tmp_path: Path
) -> None:
    said = b'{"title": "No database", "detail": "the pool\\nis used up"}'

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.send(b"HTTP/1.1 503 Service Unavailable\r\n" + sized(said))

    async with serve(script) as server:
        exporter, _ = await begun(start, server.url, tmp_path)
        await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") == SCHEDULED)
        status, text = await probe(exporter, debug="true")
        pages = [await get(f"{exporter.url}{path}") for path in ("/metrics", "/logs", "/")]
    assert status == 200
    assert "the API says  No database: the pool is used up\n" in text
    assert not any(b"database" in body for _, body in pages)
    assert "database" not in exporter.process.output()
