"""The exporter and the simulator as their users start them: processes, flags, HTTP."""

import asyncio
import json
import os
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.support.servers import (
    LOOPBACK,
    Process,
    Server,
    answers,
    eventually,
    free_port,
    get,
    prints,
)

PYTHON: Final = (sys.executable, "-W", "error")
"""Warnings of a process that a test started are failures too."""
ULIMIT: Final = ("sh", "-c", 'ulimit -Sn "$0" && ulimit -Hn "$1" && shift && exec "$@"')
"""Runs what follows the two numbers with so many descriptors, soft and hard."""

UVLOOP: Final = {"ORAN_MANO_EXPORTER_UVLOOP": "1"}
"""Switches the extra event loop on."""


class Scrape:
    """One exposition, as a scraper sees it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}
        self._samples = [sample for family in self.families.values() for sample in family.samples]

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """The values of a name, by one label, among the series that have the others."""
        return {
            sample.labels.get(label, ""): sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def sum(self, name: str, **labels: str) -> float:
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def one(self, name: str, **labels: str) -> float:
        (value,) = [
            sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return value

    def reasons(self) -> dict[str, str]:
        """Why each failing surface fails."""
        return {
            sample.labels["surface"]: sample.labels["reason"]
            for sample in self._samples
            if sample.name == "oran_mano_probe_failure_reason"
        }

    def accounts_for_every_instant(self) -> bool:
        """Whether scheduled = runs + skips, for each surface."""
        scheduled = self.by("surface", "oran_mano_probe_scheduled_total")
        runs = self.by("surface", "oran_mano_probe_runs_total")
        return bool(scheduled) and all(
            count == runs[surface] + self.sum("oran_mano_probe_skipped_total", surface=surface)
            for surface, count in scheduled.items()
        )


class Simulator(Server):
    """The simulated API."""

    def __init__(self, scenario: str = "healthy") -> None:
        self._scenario = scenario

    async def _start(self, stack: AsyncExitStack) -> None:
        argv = [
            *PYTHON,
            *("-m", "exporter.simulator"),
            *("--simulator.listen-address", f"{LOOPBACK}:0"),
            *("--simulator.scenario", self._scenario),
        ]
        self.process = await stack.enter_async_context(
            Process(argv, ready=prints(r"^listening on .*\n"))
        )
        match = await self.process.line(r"^listening on ((http://[^/]+)/v1)")
        self.url, self._root = match[1], match[2]

    async def play(self, name: str = "healthy", **knobs: object) -> None:
        """Switch the scenario, with knobs of it turned otherwise."""
        async with (
            aiohttp.ClientSession() as session,
            session.put(f"{self._root}/simulator/scenario", json={"name": name, **knobs}) as answer,
        ):
            assert answer.status == 200, await answer.text()

    async def requests(self) -> Any:  # noqa: ANN401  # whatever JSON it is
        status, body = await get(f"{self._root}/simulator/requests")
        assert status == 200
        return json.loads(body)


class Exporter(Server):
    """The exporter; ``config`` is YAML, or ``None`` for the environment alone.

    ``descriptors`` are the limits of open files that it starts with, soft and hard.
    """

    def __init__(
        self,
        config: str | None,
        *flags: str,
        env: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
        descriptors: tuple[int, int] | None = None,
    ) -> None:
        self._limit = [] if descriptors is None else [*ULIMIT, *map(str, descriptors)]
        self._config = config
        self._flags = flags
        self._env = env or {}
        self._command = command
        self.address = f"{LOOPBACK}:{free_port()}"
        self.url = f"http://{self.address}"

    async def _start(self, stack: AsyncExitStack) -> None:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="test-exporter-")))
        argv = [*self._limit, *PYTHON, "-m", "exporter", *self._command]
        if self._config is not None:
            file = folder / "config.yaml"
            file.write_text(textwrap.dedent(self._config))
            argv += ["--config.file", str(file)]
        argv += ["--web.listen-address", self.address, *self._flags]
        self.process = await stack.enter_async_context(
            Process(argv, ready=answers(f"{self.url}/-/ready"), env=clean_environment(self._env))
        )

    @property
    def memory(self) -> int:
        """The most that it ever had in memory, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) // 1024

    async def scrape(self) -> Scrape:
        status, body = await get(f"{self.url}/metrics")
        assert status == 200
        return Scrape(body.decode())

    async def until(self, suits: Callable[[Scrape], object], within: float = 20) -> Scrape:
        """Scrape until it suits; what it saw last is in the error if it never does."""
        last: Scrape | None = None

        async def look() -> Scrape | None:
            nonlocal last
            self.process.check()
            last = await self.scrape()
            return last if suits(last) else None

        try:
            return await eventually(look, within=within)
        except TimeoutError:
            told = [] if last is None else [*last.reasons().items(), *_interesting(last)]
            raise TimeoutError(f"it never suited; last seen: {told}") from None


class Ended(NamedTuple):
    """What became of a command."""

    code: int
    out: str
    err: str


async def command(*argv: str, env: Mapping[str, str] | None = None) -> Ended:
    """Run ``oran-mano-exporter`` with these arguments until it ends by itself."""
    return await ended(*PYTHON, "-m", "exporter", *argv, env=env or {})


async def ended(*argv: str, env: Mapping[str, str], output: int = asyncio.subprocess.PIPE) -> Ended:
    """Run a program until it ends by itself; ``out`` is empty where output goes elsewhere."""
    process = await asyncio.create_subprocess_exec(
        *argv, env=clean_environment(env), stdout=output, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(30):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(await process.wait(), (out or b"").decode(), err.decode())


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This environment without what would configure the exporter, and with the extra."""
    ours = ("ORAN_MANO_", "OTEL_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return {**kept, **extra}


def _interesting(scrape: Scrape) -> list[str]:
    names = ("oran_mano_probe_success{", "oran_mano_probe_runs_total{", "_skipped_total{")
    return [
        line
        for line in scrape.text.splitlines()
        if any(name in line for name in names) and not line.endswith(" 0.0")
    ]
