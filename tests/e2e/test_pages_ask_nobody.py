"""Looking at the exporter costs the API nothing, whatever page it is."""

from typing import Final

from exporter.web import paths
from tests.support.product import Exporter, Scrape, Simulator
from tests.support.servers import Start, get

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        auth: {{type: login, username: demo, password: demo}}
        interval: 10m
        surfaces:
          "*": {{mode: off}}
          monitoring.health: {{mode: read}}
          vnf-operator.vnfs.list: {{mode: read}}
    """
ASKED_FOR: Final = ("/metrics", "/", *(set(paths.PAGES) - {paths.RELOAD, paths.PROBE}))


def done(scrape: Scrape) -> bool:
    """The first runs are over, and the next ones are minutes away."""
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    return all(runs.get(surface) for surface in ("monitoring.health", "vnf-operator.vnfs.list"))


async def test_no_page_sends_anything_to_the_api(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url)))
    await exporter.until(done)
    before = await simulator.requests()
    assert before
    for _ in range(20):
        for page in ASKED_FOR:
            status, _ = await get(exporter.url + page)
            assert status == 200
    assert await simulator.requests() == before
