"""What is measured: the exporter and its peer, each with the Prometheus that asks it.

A side can be paused as a whole, so that both share the machine by turns and not at once.
"""

import json
import signal
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import aiohttp

from tests.bench.tally import LABELS, Tally, read, tally
from tests.support import tools
from tests.support.servers import (
    LOOPBACK,
    Process,
    Prometheus,
    Server,
    answers,
    eventually,
    free_port,
)

SCRAPES: Final = {
    "scrapes": "sum(count_over_time(up[1h]))",
    "answered": "sum(sum_over_time(up[1h]))",
    "seconds": "sum(sum_over_time(scrape_duration_seconds[1h]))",
    "samples": "sum(sum_over_time(scrape_samples_scraped[1h]))",
}
"""What either Prometheus has seen so far."""

_LAST_SCRAPE_SUCCEEDED: Final = "up == 1 and time() - timestamp(up) < 2"
_MODULE: Final = {"prober": "http", "http": {"method": "GET", "preferred_ip_protocol": "ip4"}}


class Side(Server):
    """A server under test and its Prometheus, which scrapes every second."""

    server: Process
    prometheus: Prometheus

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix=f"bench-{self.name}-")))
        server = Process(self.argv(folder), ready=answers(f"http://{self.address}/-/healthy"))
        self.server = await stack.enter_async_context(server)
        asker = Prometheus(scrape_configs=[self.job()], scrape_interval="1s")
        self.prometheus = await stack.enter_async_context(asker)
        stack.callback(self.resume)  # what is stopped cannot be ended politely

    @abstractmethod
    def argv(self, folder: Path) -> list[str]:
        """How the server is started, with its configuration written into a folder."""

    @abstractmethod
    def job(self) -> Mapping[str, object]:
        """How Prometheus scrapes it."""

    @abstractmethod
    async def _counted(self) -> Tally: ...

    async def counted(self) -> Tally:
        """What was counted so far, here and by Prometheus."""
        return {**await self._counted(), **await self._asked(SCRAPES)}

    async def scraped_since(self, at: float) -> None:
        """Wait until its Prometheus has scraped all of it, well or not, in scrapes begun later.

        ``at`` is Unix time; TimeoutError if that does not come.
        """

        async def look() -> bool | None:
            self.server.check()
            (begun,) = await self.prometheus.query("min(timestamp(up))")
            return begun.value > at or None

        await eventually(look, within=10)

    async def _asked(self, expressions: Mapping[str, str]) -> Tally:
        """The values of some expressions, all of one instant."""
        named = (
            f'label_replace({expression}, "of", "{name}", "", "")'
            for name, expression in expressions.items()
        )
        samples = await self.prometheus.query(" or ".join(named))
        return {(sample.labels["of"], ""): sample.value for sample in samples}

    def pause(self) -> None:
        """Stop both where they are, first the one that asks."""
        for process in (self.prometheus.process, self.server):
            process.check()
            process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let both go on."""
        for process in (self.server, self.prometheus.process):
            process.signal(signal.SIGCONT)


class Ours(Side):
    """The exporter, with a target for each URL."""

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__("exporter", f"{LOOPBACK}:{free_port()}")
        self._urls = urls

    def argv(self, folder: Path) -> list[str]:
        config = folder / f"{len(self._urls)}.json"
        config.write_text(json.dumps({"targets": [_target(url) for url in self._urls]}))
        flags = ["--config.file", str(config), "--web.listen-address", self.address]
        return [sys.executable, "-m", "exporter", *flags]

    def job(self) -> Mapping[str, object]:
        return {"job_name": self.name, "static_configs": [{"targets": [self.address]}]}

    async def _counted(self) -> Tally:
        """As Prometheus last saw it: one more scrape would disturb. If it saw none, as it is."""
        if not await self.prometheus.query(_LAST_SCRAPE_SUCCEEDED):
            return read(await self.scrape())
        names = "|".join(LABELS)
        samples = await self.prometheus.query(
            f'sum by (__name__, le, reason) ({{__name__=~"{names}"}})'
        )
        return tally((sample.labels["__name__"], sample.labels, sample.value) for sample in samples)

    async def scrape(self) -> str:
        """The metrics, however long they take; Prometheus has to wait so long."""
        limit = aiohttp.ClientTimeout(total=60)
        self.resume()
        self.prometheus.process.signal(signal.SIGSTOP)
        async with (
            aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session,
            session.get(f"http://{self.address}/metrics") as answer,
        ):
            page = await answer.text()
        self.prometheus.process.signal(signal.SIGCONT)
        return page


def _target(url: str) -> Mapping[str, object]:
    return {
        "name": url.split("/")[2].replace(".", "-").replace(":", "-"),
        "url": url,
        "auth": {"type": "none"},
        "interval": "1s",
        "surfaces": {"*": {"mode": "off"}, "monitoring.health": {"mode": "read"}},
    }


class Peer(Side):
    """blackbox_exporter, which Prometheus sends to each URL."""

    def __init__(self, urls: Sequence[str], path: str) -> None:
        super().__init__("blackbox", f"{LOOPBACK}:{free_port()}")
        self._urls = [f"{url}{path}" for url in urls]

    def argv(self, folder: Path) -> list[str]:
        config = folder / "blackbox.json"
        config.write_text(json.dumps({"modules": {"http_2xx": _MODULE}}))
        flags = [f"--config.file={config}", f"--web.listen-address={self.address}"]
        return [str(tools.blackbox()), *flags]

    def job(self) -> Mapping[str, object]:
        return {
            "job_name": self.name,
            "metrics_path": "/probe",
            "params": {"module": ["http_2xx"]},
            "static_configs": [{"targets": self._urls}],
            "relabel_configs": [
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": self.address},
            ],
        }

    async def _counted(self) -> Tally:
        probes, well = (f"sum({over}_over_time(probe_success[1h]))" for over in ("count", "sum"))
        return await self._asked({"failed": f"{probes} - {well}"})
