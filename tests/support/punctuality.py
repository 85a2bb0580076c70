"""Whether the exporter was on time: by what it owes each surface, and what the machine gives."""

import sys
from contextlib import AsyncExitStack
from typing import Final

from tests.support.product import Scrape
from tests.support.servers import Process, Server, prints

_TICKER: Final = """
import time
while True:
    due = time.monotonic() + 0.02
    time.sleep(0.02)
    spent = time.process_time() + 0.002
    while time.process_time() < spent:
        pass
    print(time.monotonic() - due - 0.002, flush=True)
"""
_LATENESS: Final = "oran_mano_exporter_schedule_lateness_seconds"
_SKIPPED: Final = "oran_mano_probe_skipped_total"


class Machine(Server):
    """A process that wakes up for a little work: how late that is done is the machine's doing."""

    async def _start(self, stack: AsyncExitStack) -> None:
        argv = [sys.executable, "-I", "-S", "-c", _TICKER]
        self._ticker = await stack.enter_async_context(Process(argv, ready=prints(r"\n")))

    @property
    def patience(self) -> float:
        """Seconds that nobody can be blamed for: eight times its 99th percentile, or 0.25."""
        *lines, _ = self._ticker.output().split("\n")
        lags = sorted(float(line) for line in lines)
        return max(0.25, 8 * lags[int(len(lags) * 0.99)])


def late(scrape: Scrape, machine: Machine, *, since: Scrape) -> float:
    """The share of the runs since then that began late.

    The first runs do not count: a process that has just begun still has much to load.
    """
    counts, before = (scraped.by("le", f"{_LATENESS}_bucket") for scraped in (scrape, since))
    bound = min((bound for bound in counts if float(bound) >= machine.patience), key=float)
    begun = counts["+Inf"] - before["+Inf"]
    return 1 - (counts[bound] - before[bound]) / begun


def kept_waiting(scrape: Scrape, machine: Machine, *hostile: str, since: Scrape) -> dict[str, str]:
    """Surfaces, others than these, that lost a run to others since then, or now wait for a slot."""
    found: dict[str, str] = {}
    for reason in ("overrun", "no_token"):
        counts = scrape.by("surface", _SKIPPED, reason=reason)
        before = since.by("surface", _SKIPPED, reason=reason)
        found |= {name: reason for name, count in counts.items() if count > before[name]}
    queues = scrape.by("surface", "oran_mano_probe_phase_duration_seconds", phase="queue")
    found |= {name: "queue" for name, seconds in queues.items() if seconds > machine.patience}
    return {name: why for name, why in found.items() if name not in hostile}
