"""One surface misbehaves: it alone is failing, for the right reason, and nothing else is late."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Final

import pytest
from aiohttp import web

from exporter.model.exchange import MAX_JSON
from tests.support.product import Exporter, Scrape, Simulator
from tests.support.punctuality import Machine, kept_waiting, late
from tests.support.servers import LOOPBACK, Server, Start, free_port

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 2s
        rate_limits: {{share: 1}}
    """
ACTIVE: Final = "oran_mano_active_connections"
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


def health(scrape: Scrape) -> float:
    """How often the API was asked for its health, which nothing may hinder."""
    return scrape.sum("oran_mano_probe_runs_total", surface="monitoring.health")


@pytest.mark.parametrize("case", TREATMENTS.values(), ids=TREATMENTS.keys())
async def test_one_bad_surface_harms_no_other(
    case: tuple[dict[str, object], str], start: Start
) -> None:
    knobs, reason = case
    machine = await start(Machine())
    simulator = await start(Simulator())
    await simulator.play("healthy", **knobs)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))

    def seen_enough(scrape: Scrape) -> bool:
        failures = scrape.sum("oran_mano_probe_failures_total", surface=VICTIM)
        return failures >= 2 and health(scrape) >= 4

    begun = await exporter.until(lambda scrape: health(scrape) >= 2)
    scrape = await exporter.until(seen_enough)
    assert scrape.reasons() == {VICTIM: reason}
    others = scrape.by("surface", "oran_mano_probe_success")
    assert {surface for surface, value in others.items() if not value} == {VICTIM}
    lost = scrape.by("reason", "oran_mano_probe_skipped_total", surface="monitoring.health")
    assert not any(lost.values())
    assert scrape.accounts_for_every_instant()
    assert kept_waiting(scrape, machine, VICTIM, since=begun) == {}
    assert late(scrape, machine, since=begun) < 0.1
    assert exporter.memory < 120
    assert "internal" not in scrape.reasons().values()


class Api(Server):
    """An account, health, and what else the test wants it to answer."""

    def __init__(self) -> None:
        self.app = web.Application()
        self.app.router.add_post("/auth/login", self._login)
        self.app.router.add_get("/monitoring/health", self._health)
        self.url = f"http://{LOOPBACK}:{free_port()}"

    async def _start(self, stack: AsyncExitStack) -> None:
        runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, int(self.url.rpartition(":")[2])).start()
        stack.callback(self.let_go)

    def let_go(self) -> None:
        """Nothing is to hang any more."""

    async def _login(self, _: web.Request) -> web.Response:
        return web.json_response({"access_token": "opaque", "expires_in": 3600})

    async def _health(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})


class HangingApi(Api):
    """Twenty agents and twenty deployed intents, of which none ever answers by its id."""

    def __init__(self) -> None:
        super().__init__()
        self._gone = asyncio.Event()
        self.app.router.add_get("/tn-manager/agents", self._agents)
        self.app.router.add_get("/orchestrator/intents", self._intents)
        self.app.router.add_get("/tn-manager/agents/{id}/status", self._hang)
        self.app.router.add_get("/monitoring/slices/{id}/metrics", self._hang)

    def let_go(self) -> None:
        self._gone.set()

    async def _agents(self, _: web.Request) -> web.Response:
        return web.json_response({"agents": [{"id": f"a{n}"} for n in range(20)]})

    async def _intents(self, _: web.Request) -> web.Response:
        intents = [{"id": f"i{n}", "status": "deployed"} for n in range(20)]
        return web.json_response({"intents": intents})

    async def _hang(self, _: web.Request) -> web.Response:
        await self._gone.wait()
        return web.Response()


async def test_two_hanging_fan_outs_of_twenty_do_not_slow_health(start: Start) -> None:
    machine = await start(Machine())
    api = await start(HangingApi())
    config = (
        CONFIG.format(url=api.url)
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
    begun = await exporter.until(lambda scrape: health(scrape) >= 2)

    def failed_often(scrape: Scrape) -> bool:
        failures = scrape.by("surface", "oran_mano_probe_failures_total")
        return all(failures[surface] >= 3 for surface in hanging)

    scrape = await exporter.until(failed_often)
    assert scrape.reasons() == dict.fromkeys(hanging, "read_timeout")
    asked = {"surface": "monitoring.health"}
    assert scrape.sum("oran_mano_probe_skipped_total", **asked) == 0
    assert scrape.one("oran_mano_probe_duration_seconds_bucket", le="0.1", **asked) >= 3
    assert scrape.one("oran_mano_probe_phase_duration_seconds", phase="queue", **asked) < 0.05
    lists = {"tn-manager.agents.list", "orchestrator.intents.list"}
    for surface in lists:
        assert scrape.sum("oran_mano_probe_skipped_total", surface=surface) == 0
    assert scrape.accounts_for_every_instant()
    assert kept_waiting(scrape, machine, *hanging, since=begun) == {}
    assert late(scrape, machine, since=begun) < 0.1


ITEMS: Final = {
    "objects": (b'{"intents":[', b"{}"),
    "arrays that nobody asks for": (b'{"x":[', b"[]"),
    "intents": (b'{"intents":[', b'{"id":"i","status":"deployed"}'),
}


@pytest.mark.parametrize(("size", "reason"), [(MAX_JSON, None), (4 * MAX_JSON, "too_large")])
@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS.keys())
async def test_a_list_of_any_length_harms_nobody(
    items: tuple[bytes, bytes], size: int, reason: str | None, start: Start
) -> None:
    begin, item = items
    count = (size - len(begin) - 2) // (len(item) + 1)
    body = begin + b",".join([item] * count) + b"]}"

    async def intents(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    machine, api = await start(Machine()), Api()
    api.app.router.add_get("/orchestrator/intents", intents)
    await start(api)
    exporter = await start(
        Exporter(
            CONFIG.format(url=api.url)
            + """
        surfaces:
          "*": {mode: off}
          monitoring.health: {mode: read}
          orchestrator.intents.list: {mode: read}
    """
        )
    )
    victim = "orchestrator.intents.list"
    begun = await exporter.until(lambda scrape: health(scrape) >= 1)
    scrape = await exporter.until(lambda scrape: health(scrape) >= 3)
    assert scrape.reasons().get(victim) == reason
    assert kept_waiting(scrape, machine, victim, since=begun) == {}
    assert exporter.memory < 120


class CountingApi(Api):
    """Answers no list before it is told to; counts what is in flight."""

    def __init__(self) -> None:
        super().__init__()
        self.in_flight = self.most = self.asked = 0
        self.released = asyncio.Event()
        self.app.router.add_get("/{component}/{list}", self._list)

    def let_go(self) -> None:
        self.released.set()

    async def _list(self, _: web.Request) -> web.Response:
        self.asked += 1
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await self.released.wait()
        self.in_flight -= 1
        return web.json_response({})


async def test_no_more_requests_are_in_flight_than_are_allowed(start: Start) -> None:
    api = await start(CountingApi())
    config = (
        CONFIG.format(url=api.url)
        + """
        connection: {concurrency: 2}
    """
    )
    exporter = await start(Exporter(config))
    skipped = {"name": "oran_mano_probe_skipped_total", "reason": "overrun"}
    await exporter.until(lambda scrape: scrape.sum(**skipped) >= 2)  # there was no place for them
    await exporter.until(lambda scrape: scrape.one(ACTIVE) == api.most == 2)
    api.let_go()
    asked = api.asked
    await exporter.until(lambda scrape: api.asked > asked + 5 and scrape.one(ACTIVE) == 0)
    assert api.most == 2
