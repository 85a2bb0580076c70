"""What the pictures show: targets that fare differently, watched for a few minutes in a hurry.

All times of the rules are divided by ``FACTOR``, so that an hour's budget has a past.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support.alerting import quick_rules
from tests.support.certificates import DAY, Authority
from tests.support.product import Exporter, Simulator
from tests.support.servers import Prometheus
from tools.pictures.asking import Source
from tools.pictures.certified import certified

FACTOR: Final = 30
SCRAPED: Final = 2
"""Seconds between scrapes: a minute."""
BUDGETS: Final = 'slo: [{surfaces: "*", availability: 0.99, latency: {under: 250ms, ratio: 0.95}}]'
NEARER: Final = {"steps": [{"seconds": 2}, {"seconds": 2, "knobs": {"sunset_days": 21}}]}
SCENARIOS: Final[Mapping[str, Mapping[str, object]]] = {
    "healthy": {},
    "degraded": {},
    "throttled": {},
    "failing_component": {},
    "sunset_moved_earlier": NEARER,
    "down": {},
}
"""Each has a simulator, which serves every target that fares so, and knobs."""
LASTING: Final = (300, 200, 90, 40, 15, 5)
"""Days for which their certificates are good."""
CLUSTERS: Final = ("east", "west")

TARGET: Final = """\
  - name: {name}
    url: {url}
    tls: {{ca_file: {authority}}}
    auth: {{type: login, username: demo, password: demo}}
    interval: {interval}s
    rate_limits: {{share: 1}}
    latency: {{good: 200ms}}
    {budgets}
"""


@asynccontextmanager
async def played(targets: int, seconds: float) -> AsyncIterator[Source]:
    """A Prometheus that has seen so many targets for so long; half of the time all are well.

    Up to six are in one cluster; more are in two, and have the same names in both.
    """
    async with AsyncExitStack() as stack:
        simulators = [await stack.enter_async_context(Simulator()) for _ in SCENARIOS]
        clusters = CLUSTERS if targets > len(SCENARIOS) else CLUSTERS[:1]
        each = targets // len(clusters)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pictures-")))
        authority = Authority(folder)
        urls = [
            await stack.enter_async_context(
                certified(simulator.url, authority.server(ends=days * DAY))
            )
            for simulator, days in zip(simulators, LASTING, strict=True)
        ]
        config = _config([urls[n % len(urls)] for n in range(each)], targets, authority.tls.ca_file)
        exporters = [await stack.enter_async_context(Exporter(config)) for _ in clusters]
        prometheus = await stack.enter_async_context(
            Prometheus(
                scrape_configs=[
                    {
                        "job_name": f"exporter-{cluster}",
                        "scrape_interval": f"{SCRAPED}s",
                        "static_configs": [
                            {
                                "targets": [exporter.address],
                                "labels": {
                                    "job": "exporter",
                                    "cluster": cluster,
                                    "namespace": "mano",
                                },
                            }
                        ],
                    }
                    for cluster, exporter in zip(clusters, exporters, strict=True)
                ],
                scrape_interval=f"{SCRAPED}s",
                rules=quick_rules(folder, FACTOR),
            )
        )
        await _lasts(prometheus, seconds / 2)
        for simulator, (scenario, knobs) in zip(simulators, SCENARIOS.items(), strict=True):
            await simulator.play(scenario, **knobs)
        await _lasts(prometheus, seconds)
        yield Source(prometheus.url, SCRAPED)


def _config(urls: list[str], targets: int, authority: str | None) -> str:
    interval = max(2, targets // 4)  # two cores have to do
    text = "".join(
        TARGET.format(
            name=f"site-{n:02}", url=url, interval=interval, budgets=BUDGETS, authority=authority
        )
        for n, url in enumerate(urls, start=1)
    )
    return f"targets:\n{text}"


async def _lasts(prometheus: Prometheus, seconds: float) -> None:
    await prometheus.wait_for(
        f"max(count_over_time(up[1h])) * {SCRAPED} >= {seconds}", within=2 * seconds + 60
    )
