"""Whatever the demo's API played, all is well again once it is switched back: nothing is left over.

What an operator would do is done by the demo itself: after a refused login the exporter waits for a
quarter of an hour, or for whoever mended the account to tell it (SIGHUP).
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import aiohttp
import pytest

from exporter.catalog import CATALOG
from tests.support.product import Exporter, Scrape
from tests.support.servers import LOOPBACK, Start, free_port

NEVER: Final = "orchestrator.deployments.get"
"""Nothing is deployed in the demo."""
SCHEDULED: Final = sum(
    row.safety != "write" and not row.passive and row.id != NEVER for row in CATALOG
)
REASON: Final = "oran_mano_probe_failure_reason"
HIT: Final[Mapping[str, Callable[[Scrape], object]]] = {
    "down": lambda scrape: scrape.sum(REASON, reason="http_5xx") >= SCHEDULED,
    "throttled": lambda scrape: scrape.sum(REASON, reason="throttled"),
    "login_refused": lambda scrape: scrape.sum("oran_mano_token_renewal_failures_total"),
}
"""By scenario: what tells that it has come to harm."""
SOON: Final = 40.0
"""Seconds; two intervals are 10 s, the rest is for a busy machine. A quota takes its minute."""


async def play(api: str, name: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.put(f"http://{api}/simulator/scenario", json={"name": name}) as answer,
    ):
        assert answer.status == 200


def well_since(scrape: Scrape, moment: float) -> bool:
    last = scrape.by("surface", "oran_mano_probe_last_success_timestamp_seconds")
    success = scrape.by("surface", "oran_mano_probe_success")
    return set(success.values()) == {1} and sum(at > moment for at in last.values()) >= SCHEDULED


@pytest.mark.parametrize("name", HIT)
async def test_switched_back_to_healthy_nothing_stays_broken(name: str, start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(Exporter(None, "--simulator.listen-address", api, command=["demo"]))
    await exporter.until(partial(well_since, moment=0.0), within=SOON)
    await play(api, name)
    await exporter.until(HIT[name], within=SOON)
    await play(api, "healthy")
    again = partial(well_since, moment=time.time())
    await exporter.until(again, within=SOON + (60 if name == "throttled" else 0))
