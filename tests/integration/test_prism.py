"""A server by others, on our document and on the reference: every safe surface succeeds."""

from pathlib import Path
from typing import Final

import pytest

from exporter.catalog import CATALOG
from tests.support.product import Exporter, Scrape
from tests.support.servers import Prism, Start

ROOT: Final = Path(__file__).parents[2]
OWN: Final = ROOT / "exporter" / "catalog" / "openapi.yaml"
REFERENCE: Final = ROOT.parent / "shared" / "reference" / "openapi.yaml"
DOCUMENTS: Final = {"own": OWN} | ({"reference": REFERENCE} if REFERENCE.exists() else {})

CONFIG: Final = """
    targets:
      - name: prism
        url: {url}
        auth: {{type: login, username: probe, password: hunter2}}
        interval: 2s
        rate_limits: {{share: 1}}
        resources: {{max: 200}}
        surfaces:
          orchestrator.plan: {{mode: dry_run}}
    """

PROBED: Final = {
    surface.id for surface in CATALOG if surface.safety == "read" or surface.body is not None
} - {"auth.refresh", "orchestrator.deployments.get"}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS.keys())
async def test_every_safe_surface_succeeds(document: Path, start: Start) -> None:
    prism = await start(Prism(document))
    exporter = await start(Exporter(CONFIG.format(url=prism.url)))

    def all_ran(scrape: Scrape) -> bool:
        runs = scrape.by("surface", "oran_mano_probe_runs_total")
        return {surface for surface, count in runs.items() if count} >= PROBED

    scrape = await exporter.until(all_ran)
    assert scrape.reasons() == {}
    assert scrape.by("surface", "oran_mano_probe_success") == dict.fromkeys(PROBED, 1.0)
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    assert "oran_mano_rate_limit_remaining_requests{" not in scrape.text
    assert scrape.by("grant", "oran_mano_token_renewals_total") == {"login": 1, "refresh": 0}
    assert "hunter2" not in exporter.process.output() + scrape.text
