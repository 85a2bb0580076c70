"""What is measured: the exporter and its peers, each with the Prometheus that asks it.

A side can be paused as a whole, so that both share the machine by turns and not at once.
"""

import json
import os
import signal
import sys
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar, Final

import aiohttp

from tests.bench.nginx import PATH, SERVER_NAME
from tests.bench.situation import Situation, World
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


class Side(Server):
    """A server under test and its Prometheus, which scrapes it as often as it probes."""

    kind: ClassVar[str]
    server: Process
    prometheus: Prometheus

    def __init__(self, situation: Situation, world: World) -> None:
        self.situation = situation
        self.world = world
        self.place = world.nginx.place(situation.targets, tls=situation.tls)
        self.address = f"{LOOPBACK}:{free_port()}"
        self.sender = f"{self.kind}-{free_port()}"

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix=f"bench-{self.kind}-")))
        ready = answers(f"http://{self.address}/-/healthy")
        server = Process(self.argv(folder), env=self.environment(), ready=ready, within=60)
        self.server = await stack.enter_async_context(server)
        interval = f"{self.situation.interval}s"
        asker = Prometheus(scrape_configs=[self.job()], scrape_interval=interval)
        self.prometheus = await stack.enter_async_context(asker)
        stack.callback(self.resume)  # what is stopped cannot be ended politely

    @abstractmethod
    def argv(self, folder: Path) -> list[str]:
        """How the server is started, with its configuration written into a folder."""

    def environment(self) -> Mapping[str, str]:
        """The machine's, with where spans go if any do; they are sent by the same rules."""
        known = {name: text for name, text in os.environ.items() if not name.startswith("OTEL_")}
        if not self.situation.traced:
            return known
        return {
            **known,
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.world.receiver.endpoint(self.sender),
            "OTEL_BSP_SCHEDULE_DELAY": "1000",
        }

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

        await eventually(look, within=30 + 4 * self.situation.interval)  # some time out

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
    """The exporter."""

    kind = "exporter"

    def argv(self, folder: Path) -> list[str]:
        self._config = folder / "config.json"
        self._write(f"{self.situation.interval}s")
        flags = ["--config.file", str(self._config), "--web.listen-address", self.address]
        return [sys.executable, "-m", "exporter", *flags]

    def _write(self, interval: str) -> None:
        targets = [self._target(url, interval) for url in self.place.urls]
        traces = {"sample_ratio": self.situation.traced}
        self._config.write_text(json.dumps({"targets": targets, "traces": traces}))

    def _target(self, url: str, interval: str) -> Mapping[str, object]:
        situation = self.situation
        tls = {"ca_file": str(self.place.authority), "server_name": SERVER_NAME}
        return {
            "name": url.split("/")[2].replace(".", "-").replace(":", "-"),
            "url": url,
            "auth": {"type": "none"},
            "interval": interval,
            "timeouts": {"total": f"{situation.interval}s"},
            "surfaces": {"*": {"mode": "off"}, "monitoring.health": {"mode": "read"}},
            **({"tls": tls} if situation.tls else {}),
            **({} if situation.kept else {"connection": {"max_age": "0"}}),
        }

    def job(self) -> Mapping[str, object]:
        return {"job_name": self.kind, "static_configs": [{"targets": [self.address]}]}

    async def _counted(self) -> Tally:
        """As Prometheus last saw it: one more scrape would disturb. If it saw none, as it is."""
        recent = 2 * self.situation.interval
        if not await self.prometheus.query(f"up == 1 and time() - timestamp(up) < {recent}"):
            return read(await self.scrape())
        names = "|".join(LABELS)
        samples = await self.prometheus.query(
            f'sum by (__name__, le, reason) ({{__name__=~"{names}"}})'
        )
        return tally((sample.labels["__name__"], sample.labels, sample.value) for sample in samples)

    async def scrape(self) -> str:
        """The metrics, however long they take; Prometheus has to wait so long."""
        limit = aiohttp.ClientTimeout(total=180)
        self.resume()
        self.prometheus.process.signal(signal.SIGSTOP)
        async with (
            aiohttp.ClientSession(timeout=limit, raise_for_status=True) as session,
            session.get(f"http://{self.address}/metrics") as answer,
        ):
            page = await answer.text()
        self.prometheus.process.signal(signal.SIGCONT)
        return page

    def rest(self) -> None:
        """Let it ask for nothing more, but for what is due already.

        Its surfaces stay planned, or their counters would go: they are due once a day from now on.
        """
        self.resume()
        self._write("1d")
        self.server.signal(signal.SIGHUP)


class Plain(Side):
    """A plain exporter by the documented use of the same libraries."""

    kind = "plain"

    def argv(self, folder: Path) -> list[str]:
        config = folder / "plain.json"
        config.write_text(
            json.dumps(
                {
                    "listen": self.address,
                    "targets": self.place.urls,
                    "interval": self.situation.interval,
                    "kept": self.situation.kept,
                    "traced": self.situation.traced > 0,
                    "authority": str(self.place.authority),
                    "server_name": SERVER_NAME if self.situation.tls else None,
                }
            )
        )
        return [sys.executable, "-m", "tests.bench.plain_exporter", str(config)]

    def job(self) -> Mapping[str, object]:
        return {"job_name": self.kind, "static_configs": [{"targets": [self.address]}]}

    async def _counted(self) -> Tally:
        return await self._asked({"failed": "sum(plain_probe_failures_total) or vector(0)"})


class Blackbox(Side):
    """blackbox_exporter, which Prometheus sends to each URL."""

    kind = "blackbox"

    def argv(self, folder: Path) -> list[str]:
        tls = {"ca_file": str(self.place.authority), "server_name": SERVER_NAME}
        http = {"method": "GET", "preferred_ip_protocol": "ip4", "tls_config": tls}
        config = folder / "blackbox.json"
        config.write_text(json.dumps({"modules": {"http_2xx": {"prober": "http", "http": http}}}))
        flags = [f"--config.file={config}", f"--web.listen-address={self.address}"]
        return [str(tools.blackbox()), *flags]

    def job(self) -> Mapping[str, object]:
        return {
            "job_name": self.kind,
            "metrics_path": "/probe",
            "params": {"module": ["http_2xx"]},
            "static_configs": [{"targets": [f"{url}{PATH}" for url in self.place.urls]}],
            "relabel_configs": [
                {"source_labels": ["__address__"], "target_label": "__param_target"},
                {"source_labels": ["__param_target"], "target_label": "instance"},
                {"target_label": "__address__", "replacement": self.address},
            ],
        }

    async def _counted(self) -> Tally:
        probes, well = (f"sum({over}_over_time(probe_success[1h]))" for over in ("count", "sum"))
        return await self._asked({"failed": f"{probes} - {well}"})
