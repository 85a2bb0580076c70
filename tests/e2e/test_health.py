"""The health of a target, as Prometheus and a person at the page see it."""

import re
from typing import Final

from tests.support.product import Exporter, Scrape, Simulator
from tests.support.servers import Start, get

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 1s
        rate_limits: {{share: 1}}
    """
HEALTHY: Final = "oran_mano_target_healthy"


def healthy(scrape: Scrape) -> float | None:
    return scrape.by("target", HEALTHY).get("lab")


async def page(exporter: Exporter) -> str:
    status, body = await get(f"{exporter.url}/")
    assert status == 200
    return re.sub(r"<[^>]+>", "", body.decode())


async def test_an_answer_that_stands_still_is_unhealthy_until_it_moves_again(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    runs = "oran_mano_probe_runs_total"
    moved = await exporter.until(lambda s: s.sum(runs, surface="monitoring.health") >= 3)
    assert healthy(moved) == 1
    assert "monitoring.health" not in moved.reasons()
    await simulator.play("healthy", frozen_health=True)
    still = await exporter.until(lambda s: healthy(s) == 0)
    assert still.reasons() == {"monitoring.health": "unhealthy"}
    told = await page(exporter)
    assert "lab is unhealthy: /monitoring/health" in told
    assert "Health endpoint error: unhealthy: its timestamp has stood still since 20" in told
    await simulator.play()
    await exporter.until(lambda s: healthy(s) == 1)


async def test_a_timestamp_that_never_moved_is_no_fault(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", frozen_health=True)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    runs = "oran_mano_probe_runs_total"
    scrape = await exporter.until(lambda s: s.sum(runs, surface="monitoring.health") >= 6)
    assert healthy(scrape) == 1


async def test_a_refused_login_is_unhealthy(start: Start) -> None:
    simulator = await start(Simulator("login_refused"))
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    await exporter.until(lambda s: healthy(s) == 0)
    told = await page(exporter)
    assert "lab is unhealthy: authentication" in told
    assert "Authentication failed: auth_rejected: answered 401" in told
