"""``make bench-share``: how many surfaces a tenth of a core carries, by what each of them costs.

One exporter asks ``monitoring.health`` of many targets every second. What a run costs is what it
takes of CPU while nobody scrapes, what a scrape costs what that adds to it.
"""

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from typing import Final, NamedTuple

from tests.bench import machine
from tests.bench.alone import page_of, started
from tests.bench.arrivals import within
from tests.bench.nginx import Nginx
from tests.bench.receiver import Receiver
from tests.bench.sides import Ours
from tests.bench.situation import Situation, World

SHARE: Final = 0.1
"""Of a core."""
SCRAPED: Final = 15.0
"""Seconds between scrapes, by default."""
_SETTLE: Final = 8.0
"""Seconds after which what is there to stay has been taken from the garbage collector."""
_SCRAPES: Final = 10


class Cost(NamedTuple):
    """Seconds of CPU, of a run and of what one surface adds to a scrape."""

    run: float
    scrape: float

    def carried(self, interval: float) -> int:
        """How many surfaces with this interval the share of a core carries."""
        return int(SHARE / (self.run / interval + self.scrape / SCRAPED))


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(prog="make bench-share", description=__doc__)
    parser.add_argument("--targets", type=int, default=200, help="probed, each every second")
    parser.add_argument("--seconds", type=float, default=20.0, help="without a scrape")
    arguments = parser.parse_args()
    targets: int = arguments.targets
    machine.allow_files(8 * targets)
    cost = asyncio.run(_measure(targets, arguments.seconds))
    sys.stdout.write(
        f"{machine.words()}, load {machine.load():.1f}\n"
        f"CPU per run {cost.run * 1e6:.0f} us, per surface and scrape {cost.scrape * 1e6:.0f} us\n"
        f"a tenth of a core, scraped every {SCRAPED:g} s, carries\n"
    )
    for interval in (1.0, 15.0, 30.0, 60.0):
        sys.stdout.write(f"  {cost.carried(interval):>6} surfaces every {interval:g} s\n")
    return 0


async def _measure(targets: int, seconds: float) -> Cost:
    async with AsyncExitStack() as stack:
        nginx = await stack.enter_async_context(Nginx(8 * targets))
        ours = Ours(Situation(targets), World(nginx, Receiver()))
        pid = (await started(stack, ours)).pid
        await asyncio.sleep(_SETTLE)
        begin, began, used = time.time(), time.monotonic(), machine.cpu_seconds(pid)
        await asyncio.sleep(seconds)
        lasted, spent = time.monotonic() - began, machine.cpu_seconds(pid) - used
        run = spent / len(within(nginx.arrivals(ours.place), begin, begin + lasted))
        began, used = time.monotonic(), machine.cpu_seconds(pid)
        for _ in range(_SCRAPES):
            await page_of(ours)
        usual = spent / lasted * (time.monotonic() - began)
        scrapes = max(0.0, machine.cpu_seconds(pid) - used - usual)
        return Cost(run, scrapes / _SCRAPES / targets)


if __name__ == "__main__":
    sys.exit(main())
