"""What is documented is exposed, and what is exposed is documented."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import trustme
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from tests.support.product import Exporter, Scrape, Simulator
from tests.support.servers import LOOPBACK, Start, free_port

PAGE: Final = Path(__file__).parents[2] / "docs" / "metrics.md"

CONFIG: Final = """
    targets:
      - name: sick
        url: {sick}
        auth: {{type: login, username: demo, password: demo}}
        interval: 1s
        timeouts: {{total: 1s}}
        rate_limits: {{share: 1}}
      - name: refused
        url: {sick}
        auth: {{type: login, username: demo, password: wrong}}
        interval: 1s
        rate_limits: {{share: 1}}
      - name: secure
        url: {secure}
        tls: {{ca_file: {authority}}}
        interval: 1s
        rate_limits: {{share: 1}}
    """


@asynccontextmanager
async def secure_api(folder: Path) -> AsyncIterator[str]:
    """An API behind TLS that is healthy and nothing else; the authority is left in the folder."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(LOOPBACK).configure_cert(context)
    app = web.Application()

    async def health(_: web.Request) -> web.Response:
        return web.json_response({"status": "healthy"})

    app.router.add_get("/monitoring/health", health)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port, ssl_context=context).start()
    try:
        yield f"https://{LOOPBACK}:{port}"
    finally:
        await runner.cleanup()


CHOSEN: Final = ", those under `labels`"
"""Labels that the configuration gives, which has none here."""
OF_THE_TYPE: Final = {"le"}
OF_OUR_FAULTS: Final = "oran_mano_exporter_faults_total"
"""Nothing that an API sends may bring it about."""


def documented() -> dict[str, set[frozenset[str]]]:
    """The labels of each family, by its name; they have the same in every series."""
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| (.*?) \|", PAGE.read_text(), re.MULTILINE)
    return {
        name: {frozenset(re.findall(r"`(\w+)`", cell.removesuffix(CHOSEN)))} for name, cell in rows
    }


def exposed(text: str) -> dict[str, set[frozenset[str]]]:
    """The same of the families that have a sample, by the names that the page gives them."""
    return {
        family.name + "_total" if family.type == "counter" else family.name: {
            frozenset(sample.labels) - OF_THE_TYPE for sample in family.samples
        }
        for family in text_string_to_metric_families(text)
        if family.samples
    }


async def test_the_page_and_the_exposition_have_the_same_families_and_labels(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    secure = await start(secure_api(tmp_path))
    authority = tmp_path / "ca.pem"
    config = CONFIG.format(sick=simulator.url, secure=secure, authority=authority)
    exporter = await start(Exporter(config))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_rate_limit_remaining_requests"))
    await simulator.play("failing_component", deprecated_days=-30, sunset_days=180)

    def shown(scrape: Scrape) -> bool:
        sunset = "oran_mano_api_sunset_timestamp_seconds{" in scrape.text
        return (
            bool(scrape.reasons())
            and sunset
            and "tls_certificate_expiry_timestamp_seconds{" in scrape.text
        )

    scrape = await exporter.until(shown)
    expected = documented()
    del expected[OF_OUR_FAULTS]
    assert exposed(scrape.text) == expected
    assert scrape.one("oran_mano_probe_success", target="secure", surface="monitoring.health") == 1
    expiry = scrape.one(
        "oran_mano_tls_certificate_expiry_timestamp_seconds", component="monitoring"
    )
    assert expiry > scrape.one("oran_mano_exporter_schedule_heartbeat_timestamp_seconds")
