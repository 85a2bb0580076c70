"""A token is there while it can be: beside a surface that rejects it, and for who asks rarely."""

from typing import Final

from tests.support.product import Exporter, Simulator
from tests.support.servers import Start

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: {interval}
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
    """
VICTIM: Final = "vnf-operator.vnfs.list"
OTHER: Final = "orchestrator.intents.list"
SPACING: Final = 10
"""Seconds, and so runs: younger tokens are not doubted."""


async def test_a_surface_that_rejects_the_token_takes_it_from_no_other(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url, interval="1s")))
    await exporter.until(
        lambda scrape: scrape.sum("oran_mano_probe_runs_total", surface=OTHER) > SPACING, within=30
    )
    await simulator.play("healthy", status={VICTIM: 401, "auth.*": 503})
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_token_renewal_failures_total") >= 3, within=30
    )
    assert scrape.reasons()[VICTIM] == "auth_rejected"
    assert scrape.sum("oran_mano_token_rejections_total") >= 1
    assert scrape.one("oran_mano_token_valid") == 1
    assert scrape.one("oran_mano_probe_success", surface=OTHER) == 1
    assert scrape.sum("oran_mano_probe_skipped_total", reason="no_token", surface=OTHER) == 0
    assert scrape.sum("oran_mano_probe_failures_total", surface=OTHER) == 0


async def test_a_token_is_renewed_though_no_run_asks_for_it(start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", token_seconds=15)
    exporter = await start(Exporter(CONFIG.format(url=simulator.url, interval="1h")))
    scrape = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_token_renewals_total", grant="refresh") >= 1, within=40
    )
    assert scrape.sum("oran_mano_token_renewals_total", grant="login") == 1
    assert scrape.one("oran_mano_token_valid") == 1
