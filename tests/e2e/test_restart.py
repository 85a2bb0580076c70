"""What outlives a restart, with the exporter as its users start it."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from exporter.logs.format import rfc3339
from tests.support.product import Exporter, Scrape, Simulator, command
from tests.support.schemas import described
from tests.support.servers import Start, eventually, get

CONFIG: Final = """
targets:
  - name: lab
    url: {url}
    interval: 1s
    rate_limits: {{share: 1}}
state: {{journal: {journal}}}
"""
SINCE: Final = "oran_mano_probe_state_since_timestamp_seconds"
HEALTH: Final = "monitoring.health"
METRICS: Final = "monitoring.metrics"
MOVED: Final = "oran_mano_api_lifecycle_problem"


def since(scrape: Scrape) -> float:
    return scrape.one(SINCE, surface="monitoring.health")


def failing(scrape: Scrape) -> bool:
    return scrape.by("surface", "oran_mano_probe_success").get("monitoring.health") == 0


def contents(folder: Path, pattern: str) -> list[bytes]:
    return [file.read_bytes() for file in folder.glob(pattern)]


def kept(journal: Path) -> dict[str, dict[str, Any]]:
    """What is in the file now, by surface."""
    file = journal / "state.json"
    written = json.loads(file.read_text())["parts"]["surfaces"] if file.exists() else []
    return {row["key"]["surface"]: row for row in written}


async def until(journal: Path, suits: Callable[[dict[str, dict[str, Any]]], object]) -> None:
    """Look into the file until it suits."""

    async def look() -> bool | None:
        return bool(suits(kept(journal))) or None

    await eventually(look)


async def test_since_and_promises_outlive_a_kill(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", sunset_days=400, status={"monitoring.health": 503})
    config = CONFIG.format(url=simulator.url, journal=tmp_path / "state")
    async with Exporter(config) as first:
        before = await first.until(failing)
        await until(
            tmp_path / "state",
            lambda rows: (
                rows.get(HEALTH, {}).get("failing") and rows.get(METRICS, {}).get("promised")
            ),
        )
        first.process.signal(signal.SIGKILL)
        await first.process.wait()
    await simulator.play("healthy", sunset_days=200, status={"monitoring.health": 503})
    second = await start(Exporter(config))
    after = await second.until(failing)
    assert since(after) == since(before)
    told = await second.process.line(r'msg="surface is failing".*surface=monitoring\.health.*')
    assert f"since={rfc3339(since(before))}" in told[0]
    moved = {"component": "monitoring", "reason": "sunset_moved_earlier"}
    await second.until(lambda scrape: scrape.sum(MOVED, **moved) == 1)
    await second.process.line("the sunset was moved to an earlier date")


async def test_another_state_begins_now_and_is_kept_at_the_end(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator("down"))
    config = CONFIG.format(url=simulator.url, journal=tmp_path / "state")
    async with Exporter(config) as first:
        before = since(await first.until(failing))
    await simulator.play("healthy")
    async with Exporter(config) as second:
        scrape = await second.until(
            lambda scrape: scrape.by("surface", "oran_mano_probe_success").get("monitoring.health")
        )
        assert since(scrape) > before
        await second.process.line(r'msg="surface has recovered".*surface=monitoring\.health')
    row = kept(tmp_path / "state")[HEALTH]
    assert (row["failing"], row["since"]) == (False, pytest.approx(since(scrape), abs=0.001))


async def test_another_url_is_another_api(start: Start, tmp_path: Path) -> None:
    first, second = await start(Simulator("down")), await start(Simulator("down"))
    journal = tmp_path / "state"
    async with Exporter(CONFIG.format(url=first.url, journal=journal)) as exporter:
        before = since(await exporter.until(failing))
    other = await start(Exporter(CONFIG.format(url=second.url, journal=journal)))
    assert since(await other.until(failing)) > before


async def test_a_damaged_file_is_moved_aside(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    (tmp_path / "state.json").write_bytes(b"{")
    exporter = await start(Exporter(CONFIG.format(url=simulator.url, journal=tmp_path)))
    await exporter.process.line(r"level=warn msg=\"the state is not readable.*reason=")
    await until(tmp_path, lambda rows: HEALTH in rows)
    assert contents(tmp_path, "state.json.unreadable-*") == [b"{"]


async def test_two_on_one_directory(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    text = CONFIG.format(url=simulator.url, journal=tmp_path / "state")
    await start(Exporter(text))
    file = tmp_path / "config.yaml"
    file.write_text(text)
    ended = await command("--config.file", str(file), "--web.listen-address", "127.0.0.1:0")
    assert ended.code == 2
    assert ended.err == (
        f'{file}:7: state.journal: "{tmp_path}/state" is used by another exporter; '
        "allowed: a directory of its own\n"
    )


async def test_a_directory_that_cannot_be_is_a_mistake_of_the_configuration(
    tmp_path: Path,
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG.format(url="http://127.0.0.1:1/v1", journal="none/state"))
    ended = await command("--config.check", "--config.file", str(file))
    assert ended.code == 2
    assert ended.err == (
        f'{file}:7: state.journal: "none/state" cannot be written in: No such file or directory; '
        "a relative path begins at the configuration's folder\n"
    )
    assert contents(tmp_path, "*") == [file.read_bytes()]


async def test_the_pages_of_a_running_exporter(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url, journal="state")))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") > 0)
    seen = await simulator.requests()
    for path in ("/logs", "/logs?format=json", "/config", "/api/v1/status"):
        status, _ = await get(exporter.url + path)
        assert status == 200, path
    described("logs", (await get(f"{exporter.url}/logs?format=json"))[1])
    told = described("status", (await get(f"{exporter.url}/api/v1/status"))[1])
    surfaces = told["data"]["surfaces"]
    assert any(surface["state"] == "well" for surface in surfaces)
    clients = {row["client"] for row in seen["counts"]}
    assert clients == {row["client"] for row in (await simulator.requests())["counts"]}
