"""What the pictures show: targets that fare differently, watched for a few minutes in a hurry.

All times of the rules are divided, so that an hour's budget has a past.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.support.alerting import quick_rules
from tests.support.certificates import DAY, Authority
from tests.support.product import Exporter, Simulator
from tests.support.servers import Prometheus
from tools.pictures.asking import Source
from tools.pictures.certified import certified


@dataclass(frozen=True)
class Pace:
    """How fast it goes.

    Attributes:
        scrape: seconds between scrapes.
        interval: seconds between runs.
        factor: what all times of the rules are divided by.
    """

    scrape: int
    interval: int
    factor: int


HURRIED: Final = Pace(scrape=2, interval=2, factor=30)
CAREFUL: Final = Pace(scrape=5, interval=10, factor=6)
"""For more targets than two cores can ask so often."""
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
    """A Prometheus that has seen so many targets for so long; for a third of it all are well.

    Up to six are in one cluster; more are in two, and have the same names in both.
    """
    async with AsyncExitStack() as stack:
        simulators = [await stack.enter_async_context(Simulator()) for _ in SCENARIOS]
        pace, clusters = (
            (CAREFUL, CLUSTERS) if targets > len(SCENARIOS) else (HURRIED, CLUSTERS[:1])
        )
        each = targets // len(clusters)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pictures-")))
        authority = Authority(folder)
        urls = [
            await stack.enter_async_context(
                certified(simulator.url, authority.server(ends=days * DAY))
            )
            for simulator, days in zip(simulators, LASTING, strict=True)
        ]
        config = _config(
            [urls[n % len(urls)] for n in range(each)], pace.interval, authority.tls.ca_file
        )
        exporters = [await stack.enter_async_context(Exporter(config)) for _ in clusters]
        prometheus = await stack.enter_async_context(
            Prometheus(
                scrape_configs=[
                    {
                        "job_name": f"exporter-{cluster}",
                        "scrape_interval": f"{pace.scrape}s",
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
                scrape_interval=f"{pace.scrape}s",
                rules=quick_rules(folder, pace.factor),
            )
        )
        await _lasts(prometheus, pace, seconds / 3)
        for simulator, (scenario, knobs) in zip(simulators, SCENARIOS.items(), strict=True):
            await simulator.play(scenario, **knobs)
        await _lasts(prometheus, pace, seconds)
        yield Source(prometheus.url, pace.scrape)


def _config(urls: list[str], interval: int, authority: str | None) -> str:
    text = "".join(
        TARGET.format(
            name=f"site-{n:02}", url=url, interval=interval, budgets=BUDGETS, authority=authority
        )
        for n, url in enumerate(urls, start=1)
    )
    return f"targets:\n{text}"


async def _lasts(prometheus: Prometheus, pace: Pace, seconds: float) -> None:
    await prometheus.wait_for(
        f"max(count_over_time(up[1h])) * {pace.scrape} >= {seconds}", within=2 * seconds + 60
    )
