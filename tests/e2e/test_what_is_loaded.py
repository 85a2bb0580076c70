"""What each way to call it loads, by the names of modules: nobody pays for what others need."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.support.product import Exporter, Scrape, Simulator, command
from tests.support.servers import Start, get

TOLD: Final = {"PYTHONPROFILEIMPORTTIME": "1"}
LINE: Final = re.compile(r"^import time: +\d+ \| +\d+ \| ( *)(\S+)$", re.MULTILINE)
API: Final = {"ORAN_MANO_API_URL": "http://lab.example:8080/v1"}
TRACED: Final = {
    "OTEL_TRACES_EXPORTER": "otlp",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}

NOBODY: Final = (
    *("exporter.simulator", "unittest", "pydoc", "doctest", "pdb", "tkinter", "setuptools"),
    *("jwt", "cryptography"),  # a token is only read, and TLS is Python's own
)
TRACES: Final = ("opentelemetry", "google.protobuf", "requests", "urllib3", "grpc")
PAGES: Final = (
    *("exporter.web.status_page", "exporter.web.logs_page", "exporter.web.reasons_page"),
    "exporter.report.status_json",
)
TABLES: Final = ("rich", "markdown_it", "pygments")
SERVING: Final = (
    *("exporter.process.serve", "exporter.process.app", "exporter.metrics", "exporter.web.server"),
    *("aiohttp", "prometheus_client", "apscheduler", "http_sf"),
)
YAML: Final = ("yaml", "exporter.config.yaml.compose")

COMMANDS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "--version": (
        ("exporter.commands.main",),
        (*NOBODY, *TRACES, *PAGES, *TABLES, *SERVING, *YAML, "asyncio", "ssl", "exporter.catalog"),
    ),
    "--config.check": (
        ("exporter.planning.plan",),
        (*NOBODY, *TRACES, *PAGES, *TABLES, *SERVING, *YAML),
    ),
    "check": (("rich",), (*NOBODY, *TRACES, *PAGES, *SERVING, *YAML)),
    "surfaces --output json": (
        ("exporter.catalog",),
        (*NOBODY, *TRACES, *PAGES, *TABLES, *SERVING, *YAML),
    ),
}


@pytest.mark.parametrize("called", COMMANDS)
async def test_a_command_loads_no_more_than_it_needs(called: str) -> None:
    needed, unwanted = COMMANDS[called]
    done = await command(*called.split(), env=API | TOLD)
    assert done.code == 0, done.err
    loads(done.err, needed, but_not=unwanted)


async def test_who_runs_it_by_the_environment_alone_loads_no_yaml(start: Start) -> None:
    exporter = await start(Exporter(None, env=API | TOLD))
    await exporter.scrape()
    loads(exporter.process.output(), SERVING, but_not=(*NOBODY, *TRACES, *PAGES, *TABLES, *YAML))


async def test_who_has_everything_loads_no_pages_that_nobody_reads(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    config = f"""
      state: {{journal: {tmp_path}}}
      traces: {{sample_ratio: 1}}
      targets:
        - name: lab
          url: {simulator.url}
          interval: 1s
          auth: {{username: demo, password: demo}}
          headers: {{X-Tenant: noc}}
    """
    exporter = await start(Exporter(config, env=TRACED | TOLD))
    await exporter.until(sent)
    needed = (*SERVING, *YAML, "opentelemetry", "requests")
    unwanted = (*NOBODY, *PAGES, *TABLES, "grpc")
    loads(exporter.process.output(), needed, but_not=unwanted)
    for path in ("/", "/logs", "/reasons", "/api/v1/status"):
        status, _ = await get(f"{exporter.url}{path}")
        assert status == 200
    loads(exporter.process.output(), PAGES, but_not=(*NOBODY, *TABLES, "grpc"))


def sent(scrape: Scrape) -> bool:
    """Whether somebody logged in, and spans were tried to be sent."""
    failed = scrape.sum("oran_mano_exporter_spans_failed_total")
    return bool(scrape.sum("oran_mano_token_valid") and failed)


def loads(told: str, needed: tuple[str, ...], *, but_not: tuple[str, ...]) -> None:
    """Hold what Python told of its imports against what is needed, and what nobody should pay."""
    importers = importers_of(told)
    missing = [name for name in needed if name not in importers]
    assert not missing, f"not loaded: {missing}"
    unwanted = {name: f"<- {' <- '.join(chain(name, importers))}" for name in but_not}
    assert not {name: by for name, by in unwanted.items() if name in importers}


def importers_of(told: str) -> dict[str, str | None]:
    """Who imported each module: an importer is told of after what it imported."""
    importers: dict[str, str | None] = {}
    waiting: list[tuple[int, str]] = []
    for line in LINE.finditer(told):
        depth, name = len(line[1]), line[2]
        while waiting and waiting[-1][0] > depth:
            importers[waiting.pop()[1]] = name
        importers.setdefault(name, None)
        waiting.append((depth, name))
    return importers


def chain(name: str, importers: Mapping[str, str | None]) -> list[str]:
    """It was imported by whom, who was imported by whom: up to who is imported by a function."""
    found: list[str] = []
    importer = importers.get(name)
    while importer is not None and importer not in found:
        found.append(importer)
        importer = importers.get(importer)
    return found or ["a function, or the command itself"]
