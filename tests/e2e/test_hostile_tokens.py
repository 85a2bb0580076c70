"""Tokens that end, are refused, lie about their time or never come: what becomes of it."""

import math
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import jwt
import pytest
from aiohttp import web

from tests.support.product import Exporter, Scrape, Simulator
from tests.support.punctuality import Machine, late
from tests.support.servers import LOOPBACK, Start, free_port

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 1s
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
    """
LIST: Final = {"surface": "vnf-operator.vnfs.list"}


def runs(scrape: Scrape) -> float:
    return scrape.sum("oran_mano_probe_runs_total", **LIST)


async def test_short_tokens_are_renewed_and_nothing_fails(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", token_seconds=15)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    scrape = await exporter.until(lambda scrape: runs(scrape) >= 16, within=30)
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    assert scrape.sum("oran_mano_token_rejections_total") == 0
    assert scrape.one("oran_mano_token_lifetime_seconds") == pytest.approx(15, abs=1.1)
    renewals = scrape.by("grant", "oran_mano_token_renewals_total")
    assert renewals["login"] == 1
    assert 1 <= renewals["refresh"] <= 2


@pytest.mark.parametrize("skew", [3600, -3600])
async def test_a_clock_that_is_an_hour_off_disturbs_nothing(skew: int, start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", clock_skew_seconds=skew)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    scrape = await exporter.until(lambda scrape: runs(scrape) >= 3)
    assert scrape.reasons() == {}
    assert scrape.one("oran_mano_api_clock_skew_seconds") == pytest.approx(skew, abs=3)
    assert scrape.one("oran_mano_token_lifetime_seconds") == pytest.approx(3600, abs=3)
    assert scrape.sum("oran_mano_token_renewals_total") == 1


async def test_a_token_that_is_refused_for_ever_fails_runs_and_floods_nobody(start: Start) -> None:
    token = jwt.encode({"exp": time.time() + 3600}, "k" * 32)
    url = await start(api({"access_token": token}, rejects=lambda _: True))
    exporter = await start(Exporter(CONFIG.format(url=url)))
    scrape = await exporter.until(lambda scrape: runs(scrape) >= 8)
    assert scrape.reasons()["vnf-operator.vnfs.list"] == "auth_rejected"
    assert scrape.one("oran_mano_probe_success", surface="monitoring.health") == 1
    assert scrape.sum("oran_mano_token_renewals_total") <= 4
    assert scrape.sum("oran_mano_token_rejections_total") > 0


async def test_a_token_that_is_revoked_once_costs_one_retry(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", max_token_age_seconds=12)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_token_renewals_total") >= 2, within=30
    )
    seen = runs(scrape)
    scrape = await exporter.until(lambda scrape: runs(scrape) >= seen + 3)
    assert scrape.reasons() == {}
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    assert scrape.one("oran_mano_token_valid") == 1


async def test_a_refused_login_skips_what_needs_it_and_is_not_repeated(start: Start) -> None:
    simulator = await start(Simulator("login_refused"))
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))

    def skipped(scrape: Scrape) -> bool:
        return scrape.sum("oran_mano_probe_skipped_total", reason="no_token", **LIST) >= 5

    scrape = await exporter.until(skipped)
    assert scrape.reasons() == {"auth.login": "auth_rejected"}
    assert scrape.one("oran_mano_token_valid") == 0
    assert scrape.sum("oran_mano_token_renewals_total") == 1
    assert scrape.sum("oran_mano_probe_failures_total", component="vnf-operator") == 0
    assert scrape.accounts_for_every_instant()


@asynccontextmanager
async def api(
    login: object, *, rejects: Callable[[int], bool] = lambda _: False
) -> AsyncIterator[str]:
    """An API whose login answers just that, and that rejects the n-th request for VNFs as told."""
    asked = 0

    async def log_in(_: web.Request) -> web.Response:
        return web.json_response(login)

    async def answer(request: web.Request) -> web.Response:
        nonlocal asked
        asked += request.path.endswith("/vnfs")
        if request.path.endswith("/vnfs") and rejects(asked):
            return web.json_response({}, status=401)
        return web.json_response({"vnfs": [], "status": "healthy"})

    app = web.Application()
    app.router.add_post("/auth/login", log_in)
    app.router.add_get("/{path:.*}", answer)
    async with listening(app) as url:
        yield url


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def brief(life: float, says: Mapping[str, object], where: str) -> AsyncIterator[str]:
    """An API whose tokens are good for ``life`` seconds there, whatever its login says of that."""
    issued: dict[str, float] = {}

    async def log_in(_: web.Request) -> web.Response:
        token = f"token-{len(issued)}"
        issued[f"Bearer {token}"] = time.monotonic()
        return web.json_response({"access_token": token, **says})

    async def answer(request: web.Request) -> web.Response:
        since = issued.get(request.headers.get("Authorization", ""), -math.inf)
        asked = request.path.startswith(where) and not request.path.startswith("/monitoring")
        if asked and time.monotonic() - since >= life:
            return web.json_response({}, status=401)
        return web.json_response({"vnfs": [], "status": "healthy"})

    app = web.Application()
    app.router.add_post("/auth/login", log_in)
    app.router.add_get("/{path:.*}", answer)
    async with listening(app) as url:
        yield url


LIVES: Final[dict[str, Mapping[str, object]]] = {
    "not said": {},
    "null": {"expires_in": None},
    "never, as 0": {"expires_in": 0},
    "never, as -1": {"expires_in": "-1"},
    "never, as a word": {"expires_in": "never"},
    "said too long": {"expires_in": 3600},
    "right, as a text": {"expires_in": "15.0"},
}


@pytest.mark.parametrize(
    ("says", "where", "rejections"),
    [
        *((says, "/", 0 if name.startswith("right") else 15) for name, says in LIVES.items()),
        (LIVES["said too long"], "/vnf-operator", 3),
    ],
    ids=[*LIVES, "said too long, for one component"],
)
async def test_a_life_that_is_not_said_as_expected_fails_no_run(
    says: Mapping[str, object], where: str, rejections: int, start: Start
) -> None:
    """Tokens live 15 s. Two have to end before it is known; none is rejected after that.

    All surfaces may reject the same token, each once.
    """
    url = await start(brief(15, says, where))
    others = "        surfaces: {monitoring.metrics: {mode: off}}\n"  # they are no JSON
    exporter = await start(Exporter(CONFIG.format(url=url).rstrip(" ") + others))
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_token_renewals_total") >= 5, within=75
    )
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    assert scrape.sum("oran_mano_token_renewal_failures_total") == 0
    assert scrape.sum("oran_mano_token_rejections_total") <= rejections
    assert scrape.one("oran_mano_token_lifetime_seconds") == pytest.approx(14, abs=2)
    assert scrape.one("oran_mano_token_valid") == 1


BAD_LOGINS: Final[dict[str, object]] = {
    "without a token": {"token_type": "Bearer", "expires_in": 3600},
    "with a token that is over": {"access_token": jwt.encode({"exp": 1_000_000_000}, "k" * 32)},
    "with a number": {"access_token": 7},
    "with a list": [],
}


@pytest.mark.parametrize("login", BAD_LOGINS.values(), ids=BAD_LOGINS.keys())
async def test_a_login_that_gives_nothing_is_one_failing_surface(
    login: object, start: Start
) -> None:
    url = await start(api(login))
    exporter = await start(Exporter(CONFIG.format(url=url)))
    scrape = await exporter.until(lambda scrape: "auth.login" in scrape.reasons())
    assert scrape.reasons()["auth.login"] == "body_invalid"
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_probe_skipped_total", reason="no_token", **LIST) >= 2
    )
    assert scrape.one("oran_mano_probe_success", surface="monitoring.health") == 1
    assert "oran_mano_token_expiry_timestamp_seconds{" not in scrape.text


async def test_a_token_rejected_every_second_time_harms_no_other_surface(start: Start) -> None:
    token = jwt.encode({"exp": time.time() + 3600}, "k" * 32)
    machine = await start(Machine())
    url = await start(api({"access_token": token}, rejects=lambda asked: asked % 2 == 1))
    others = "        surfaces: {monitoring.metrics: {mode: off}}\n"  # they are no JSON
    exporter = await start(Exporter(CONFIG.format(url=url).rstrip(" ") + others))
    victim = LIST["surface"]
    begun = await exporter.until(lambda scrape: runs(scrape) >= 1)

    def seen_enough(scrape: Scrape) -> bool:
        return runs(scrape) >= 8 and victim in scrape.reasons()

    scrape = await exporter.until(seen_enough, within=30)
    assert scrape.reasons() == {victim: "auth_rejected"}
    failures = scrape.sum("oran_mano_probe_failures_total")
    reasons = scrape.by("reason", "oran_mano_probe_failure_reasons_total")
    assert reasons == {"auth_rejected": failures}
    assert scrape.sum("oran_mano_probe_failures_total", **LIST) == failures
    assert scrape.sum("oran_mano_token_renewals_total") <= 3
    assert scrape.accounts_for_every_instant()
    assert late(scrape, machine, since=begun) < 0.05
