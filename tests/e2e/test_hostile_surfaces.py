"""One surface misbehaves: it alone is failing, for the right reason, and nothing else is late."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import pytest
from aiohttp import web

from tests.support.product import Exporter, Scrape, Simulator
from tests.support.servers import LOOPBACK, Start, free_port

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 2s
        rate_limits: {{share: 1}}
    """
VICTIM: Final = "vnf-operator.vnfs.list"

TREATMENTS: Final[Mapping[str, tuple[dict[str, object], str]]] = {
    "hangs for ever": ({"hang": [VICTIM]}, "read_timeout"),
    "answers a gigabyte": ({"body": {VICTIM: "huge"}, "huge_bytes": 1 << 30}, "too_large"),
    "answers garbage": ({"body": {VICTIM: "garbage"}}, "body_invalid"),
    "answers HTML": ({"body": {VICTIM: "html"}}, "body_invalid"),
    "answers nothing": ({"body": {VICTIM: "empty"}}, "body_invalid"),
    "resets": ({"reset": [VICTIM]}, "reset"),
    "stops in the middle": ({"truncate": [VICTIM]}, "reset"),
    "answers 500": ({"status": {VICTIM: 500}}, "http_5xx"),
    "answers 429": ({"status": {VICTIM: 429}}, "throttled"),
    "forbids": ({"status": {VICTIM: 403}}, "forbidden"),
    "redirects": ({"status": {VICTIM: 302}}, "redirect"),
}


def memory(pid: int) -> int:
    """The most that a process ever had in memory, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def on_time(scrape: Scrape) -> bool:
    """Whether nearly every run began within half a second: one that waits does for many.

    Less would say more of what else this machine does meanwhile.
    """
    name = "oran_mano_exporter_schedule_lateness_seconds"
    return scrape.one(f"{name}_bucket", le="0.5") >= 0.95 * scrape.one(f"{name}_count")


@pytest.mark.parametrize("case", TREATMENTS.values(), ids=TREATMENTS.keys())
async def test_one_bad_surface_harms_no_other(
    case: tuple[dict[str, object], str], start: Start
) -> None:
    knobs, reason = case
    simulator = await start(Simulator())
    await simulator.play("healthy", **knobs)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))

    def seen_enough(scrape: Scrape) -> bool:
        return (
            scrape.sum("oran_mano_probe_failures_total", surface=VICTIM) >= 2
            and scrape.sum("oran_mano_probe_runs_total", surface="monitoring.health") >= 4
        )

    scrape = await exporter.until(seen_enough)
    assert scrape.reasons() == {VICTIM: reason}
    others = scrape.by("surface", "oran_mano_probe_success")
    assert {surface for surface, value in others.items() if not value} == {VICTIM}
    lost = scrape.by("reason", "oran_mano_probe_skipped_total", surface="monitoring.health")
    assert not any(lost.values())
    assert scrape.accounts_for_every_instant()
    assert on_time(scrape)
    assert memory(exporter.process.pid) < 120
    assert "internal" not in scrape.reasons().values()


class HangingApi:
    """Twenty agents and twenty deployed intents, of which none ever answers by its id."""

    def __init__(self) -> None:
        self.health = 0
        self._gone = asyncio.Event()
        app = web.Application()
        app.router.add_post("/auth/login", self._login)
        app.router.add_get("/monitoring/health", self._health)
        app.router.add_get("/tn-manager/agents", self._agents)
        app.router.add_get("/orchestrator/intents", self._intents)
        app.router.add_get("/tn-manager/agents/{id}/status", self._hang)
        app.router.add_get("/monitoring/slices/{id}/metrics", self._hang)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        self.port = free_port()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self.port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        await self._runner.cleanup()

    async def _login(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "opaque", "expires_in": 3600})

    async def _health(self, _: web.Request) -> web.Response:
        self.health += 1
        return web.json_response({"status": "healthy"})

    async def _agents(self, _: web.Request) -> web.Response:
        return web.json_response({"agents": [{"id": f"a{n}"} for n in range(20)]})

    async def _intents(self, _: web.Request) -> web.Response:
        intents = [{"id": f"i{n}", "status": "deployed"} for n in range(20)]
        return web.json_response({"intents": intents})

    async def _hang(self, _: web.Request) -> web.Response:
        await self._gone.wait()
        return web.Response()


async def test_two_hanging_fan_outs_of_twenty_do_not_slow_health(start: Start) -> None:
    api = await start(HangingApi())
    config = (
        CONFIG.format(url=f"http://{LOOPBACK}:{api.port}")
        + """
        surfaces:
          "*": {mode: off}
          "monitoring.*": {mode: read}
          monitoring.metrics: {mode: off}
          tn-manager.agents.list: {mode: read}
          tn-manager.agents.status: {mode: read}
          orchestrator.intents.list: {mode: read}
    """
    )
    exporter = await start(Exporter(config))
    hanging = {"monitoring.slices.metrics", "tn-manager.agents.status"}

    def failed_often(scrape: Scrape) -> bool:
        failures = scrape.by("surface", "oran_mano_probe_failures_total")
        return all(failures[surface] >= 3 for surface in hanging)

    scrape = await exporter.until(failed_often)
    assert scrape.reasons() == dict.fromkeys(hanging, "read_timeout")
    health = {"surface": "monitoring.health"}
    assert scrape.sum("oran_mano_probe_skipped_total", **health) == 0
    assert scrape.one("oran_mano_probe_duration_seconds_bucket", le="0.1", **health) >= 3
    assert scrape.one("oran_mano_probe_phase_duration_seconds", phase="queue", **health) < 0.05
    lists = {"tn-manager.agents.list", "orchestrator.intents.list"}
    for surface in lists:
        assert scrape.sum("oran_mano_probe_skipped_total", surface=surface) == 0
    assert scrape.accounts_for_every_instant()
    assert on_time(scrape)
