"""A surface that is not asked any more is not known any more, wherever one looks."""

import re
from typing import Any, Final

from tests.support.product import Exporter, Scrape, Simulator
from tests.support.schemas import described
from tests.support.servers import Start, eventually, get

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 5s
        rate_limits: {{share: 1}}
    """
OPEN: Final = {"monitoring.health", "monitoring.metrics"}
"""Asked without a token."""
ASKED: Final = ("orchestrator.intents.list", "vnf-operator.vnfs.list", "tn-manager.agents.list")
OLD_ENOUGH: Final = 4
"""Runs after which the token is over 10 s old: a 401 to a younger one is not believed."""
LAPSE: Final = 60
"""Seconds: two intervals are less."""


def well(scrape: Scrape) -> set[str]:
    success = scrape.by("surface", "oran_mano_probe_success")
    return {surface for surface, value in success.items() if value == 1}


async def surfaces(exporter: Exporter) -> dict[str, dict[str, Any]]:
    """Those that a schedule asks, and that have ids to ask for, by their name."""
    status, body = await get(f"{exporter.url}/api/v1/status")
    assert status == 200
    every = {each["surface"]: each for each in described("status", body)["data"]["surfaces"]}
    return {
        name: each
        for name, each in every.items()
        if not name.startswith("auth.") and each["skipped"] != "no_resource"
    }


async def page(exporter: Exporter) -> str:
    status, body = await get(f"{exporter.url}/")
    assert status == 200
    without_links = re.sub(r"</?a\b[^>]*>", "", body.decode())
    return re.sub(r"<[^>]+>", " ", without_links)


async def test_well_lapses_everywhere_when_nobody_is_let_in(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    runs = "oran_mano_probe_runs_total"
    await exporter.until(
        lambda scrape: (
            min(scrape.by("surface", runs, surface=name)[name] for name in ASKED) >= OLD_ENOUGH
        ),
        within=40,
    )

    await simulator.play("login_refused")
    await exporter.until(lambda scrape: scrape.one("oran_mano_token_valid") == 0)

    async def lapsed() -> dict[str, dict[str, Any]] | None:
        found = await surfaces(exporter)
        behind = [each["state"] for name, each in found.items() if name not in OPEN]
        return found if set(behind) == {"unknown"} else None

    found = await eventually(lapsed, within=LAPSE + 30)
    for name, each in found.items():
        if name in OPEN:
            assert (each["state"], each["reason"]) == ("well", None), name
            continue
        assert (each["reason"], each["skipped"]) == ("no_token", "no_token"), name
        assert each["last_run"]["at"] < each["since"], name
    last = {each["last_run"]["result"] for name, each in found.items() if name not in OPEN}
    assert "well" in last

    scrape = await exporter.scrape()
    assert well(scrape) <= {*OPEN, "auth.login", "auth.refresh"}
    assert scrape.one("oran_mano_target_healthy") == 0
    told = await page(exporter)
    assert re.search(r"surfaces: .*\d+ unknown", told)
    assert re.search(r"no_token; the last result: well, (1m|\d+s)\S* ago", told)
    assert "Orchestrator API not asked: no_token" in told
    overdue = await exporter.until(
        lambda scrape: scrape.one("oran_mano_token_renewal_overdue") == 1, within=30
    )
    assert overdue.one("oran_mano_token_valid") == 0
