"""``make bench-quick``: 1000 targets a second beside blackbox_exporter.

It prints its table and writes it into ``docs/performance.md``. See there for what it means.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench import machine, report
from tests.bench.figures import replaced
from tests.bench.nginx import PATH, Nginx
from tests.bench.sides import Ours, Peer, Side
from tests.bench.startup import first_metrics
from tests.bench.window import Window, measure
from tests.support import tools
from tests.support.servers import eventually

PAGE: Final = tools.ROOT / "docs" / "performance.md"
SETTLE: Final = 2.0
STARTS: Final = 5
_FILES: Final = 8
"""That each target may need open in one process."""
LIMIT: Final = 300.0
"""Seconds after which it gives up, whatever hangs."""


def main() -> int:
    """Measure, print, and write the page unless told otherwise."""
    parser = argparse.ArgumentParser(prog="make bench-quick", description=__doc__)
    parser.add_argument("--targets", type=int, default=1000, help="probed, each every second")
    parser.add_argument("--rounds", type=int, default=3, help="windows for each side")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a window")
    parser.add_argument("--print-only", action="store_true", help="leave the page as it is")
    arguments = parser.parse_args()
    targets: int = arguments.targets
    machine.allow_files(_FILES * targets)
    replaced(PAGE.read_text(), "")  # if it cannot be written, say so now
    load = machine.load()
    result = asyncio.run(_bounded(targets, arguments.rounds, arguments.seconds))
    section = report.section(result, load)
    sys.stdout.write(f"\n{section}\n")
    if not arguments.print_only:
        PAGE.write_text(replaced(PAGE.read_text(), section))
        _say(f"\nWritten into {PAGE.relative_to(tools.ROOT)}.")
    return 0


async def _bounded(targets: int, rounds: int, seconds: float) -> report.Result:
    async with asyncio.timeout(LIMIT), AsyncExitStack() as stack:
        nginx = await stack.enter_async_context(Nginx(_FILES * targets))
        urls = nginx.urls(targets)
        starts = await asyncio.to_thread(_starts, urls)
        _say("Starting both, and letting Prometheus find them...")
        ours = await stack.enter_async_context(Ours(urls))
        peer = await stack.enter_async_context(Peer(urls, PATH))
        for asked in (ours, peer):
            await eventually(partial(_seen, asked), within=30)
        ours.pause()
        peer.pause()
        windows: dict[Side, list[Window]] = {ours: [], peer: []}
        for number in range(rounds):
            for side, measured in windows.items():
                _say(f"{side.name:<8}  {seconds:g} s, {number + 1} of {rounds}")
                measured.append(await measure(side, nginx, settle=SETTLE, seconds=seconds))
        page = await ours.scrape()
        return report.Result(targets, windows[ours], windows[peer], starts, page)


def _starts(urls: Sequence[str]) -> report.Starts:
    """Start each by itself: with one target several times, the exporter also with all."""
    _say(f"Measuring starts, {STARTS} of each...")
    with TemporaryDirectory(prefix="bench-starts-") as folder:
        sides = (Ours(urls[:1]), Peer(urls[:1], PATH), Ours(urls))
        one, peer, many = ((side.argv(Path(folder)), side.address) for side in sides)
        return report.Starts(
            ours=[first_metrics(*one) for _ in range(STARTS)],
            peer=[first_metrics(*peer) for _ in range(STARTS)],
            ours_full=[first_metrics(*many) for _ in range(2)],
        )


async def _seen(side: Side) -> bool | None:
    """Whether its Prometheus has begun to scrape, well or not."""
    side.server.check()
    (found,) = await side.prometheus.query("count(up) or vector(0)")
    return True if found.value else None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
