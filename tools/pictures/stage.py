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
from tools.pictures.certified import certified
from tools.pictures.queries import Source


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
CAREFUL: Final = Pace(scrape=5, interval=5, factor=12)
"""For more targets than rules can be evaluated for so often."""
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
COPIES: Final = 5
"""In each of them, of sixty targets."""

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

    Six are watched. More are the same six, scraped again under other names and from two clusters:
    there is as much to draw, and two cores keep up.
    """
    copies = max(targets // len(SCENARIOS), 1)
    pace = HURRIED if copies == 1 else CAREFUL
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="pictures-")))
        authority = Authority(folder)
        simulators = [await stack.enter_async_context(Simulator()) for _ in SCENARIOS]
        urls = [
            await stack.enter_async_context(
                certified(simulator.url, authority.server(ends=days * DAY))
            )
            for simulator, days in zip(simulators, LASTING, strict=True)
        ]
        config = _config(urls, pace.interval, authority.tls.ca_file)
        exporter = await stack.enter_async_context(Exporter(config))
        prometheus = await stack.enter_async_context(
            Prometheus(
                scrape_configs=[
                    _scraped(exporter.address, copy, CLUSTERS[copy * len(CLUSTERS) // copies])
                    for copy in range(copies)
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
            name=f"site-{n}", url=url, interval=interval, budgets=BUDGETS, authority=authority
        )
        for n, url in enumerate(urls, start=1)
    )
    return f"targets:\n{text}"


def _scraped(address: str, copy: int, cluster: str) -> dict[str, object]:
    """The names of targets begin again in each cluster."""
    place = {"cluster": cluster, "namespace": "mano", "job": "exporter"}
    return {
        "job_name": f"copy-{copy}",
        "static_configs": [
            {"targets": [address], "labels": {**place, "instance": f"exporter-{copy}:10945"}}
        ],
        "metric_relabel_configs": [
            {
                "source_labels": ["target"],
                "regex": "site-(.+)",
                "target_label": "target",
                "replacement": f"site-{copy % COPIES}$1",
            }
        ],
    }


async def _lasts(prometheus: Prometheus, pace: Pace, seconds: float) -> None:
    await prometheus.wait_for(
        f"max(count_over_time(up[1h])) * {pace.scrape} >= {seconds}", within=2 * seconds + 60
    )
