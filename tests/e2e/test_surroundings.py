"""What a process inherits from its neighbours' environment does it no harm."""

import signal
from pathlib import Path
from typing import Final

import pytest

from tests.support.product import Exporter, Simulator, command
from tests.support.servers import Start

CONFIG: Final = "targets: [{{name: lab, url: {url}, interval: 1s}}]\n"
NOWHERE: Final = {"SSLKEYLOGFILE": "/nonexistent/x"}
RUNS: Final = "oran_mano_probe_runs_total"


def contents(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


@pytest.mark.parametrize("name", ["PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"])
async def test_counters_are_not_carried_over_a_restart(
    name: str, start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    config, inherited = CONFIG.format(url=simulator.url), {name: str(tmp_path)}
    first = await start(Exporter(config, env=inherited))
    await first.until(lambda scrape: scrape.sum(RUNS) >= 6)
    first.process.signal(signal.SIGTERM)
    assert await first.process.wait(20) == 0
    assert first.process.output().count(name) == 1
    second = await start(Exporter(config.replace("1s", "1h"), env=inherited))
    assert (await second.scrape()).sum(RUNS) < 6
    assert contents(tmp_path) == []


async def test_a_directory_that_is_none_ends_nothing(start: Start) -> None:
    simulator = await start(Simulator())
    inherited = {"PROMETHEUS_MULTIPROC_DIR": "/nonexistent/x"}
    exporter = await start(
        Exporter(CONFIG.format(url=simulator.url), "--log.format=json", env=inherited)
    )
    await exporter.until(lambda scrape: scrape.sum(RUNS) >= 1)
    lines = exporter.process.output().splitlines()
    assert all(line.startswith("{") for line in lines)
    assert sum("PROMETHEUS_MULTIPROC_DIR is ignored" in line for line in lines) == 1


@pytest.mark.parametrize("exists", [False, True], ids=["cannot be written", "can be written"])
async def test_a_file_for_keys_of_tls(start: Start, tmp_path: Path, *, exists: bool) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "keys" if exists else Path("/nonexistent/x")
    exporter = await start(
        Exporter(CONFIG.format(url=simulator.url), env={"SSLKEYLOGFILE": str(file)})
    )
    await exporter.until(lambda scrape: scrape.sum(RUNS) >= 1)
    told = "SSLKEYLOGFILE is set: keys" if exists else "SSLKEYLOGFILE is ignored"
    line = await exporter.process.line(f"^.*level=warn msg=.*{told}.*$")
    assert str(file) in line[0]
    assert exporter.process.output().count("SSLKEYLOGFILE") == 1


@pytest.mark.parametrize(
    "inherited", [NOWHERE, {"PROMETHEUS_MULTIPROC_DIR": "/nonexistent/x"}], ids=lambda each: [*each]
)
async def test_every_command_bears_it(inherited: dict[str, str], start: Start) -> None:
    simulator = await start(Simulator())
    env = {"ORAN_MANO_API_URL": simulator.url, **inherited}
    for call in (["check"], ["surfaces"], ["--config.check"], ["simulate", "--help"]):
        ended = await command(*call, env=env)
        assert (ended.code, ended.err) == (0, "")
    probed = await command("probe", "monitoring.health", env=env)
    assert (probed.code, probed.err.count("\n")) == (0, 1)
    assert f"{next(iter(inherited))} is ignored" in probed.err
    demo = Exporter(None, "--simulator.listen-address", "127.0.0.1:0", command=["demo"], env=env)
    shown = await start(demo)
    await shown.until(lambda scrape: scrape.sum(RUNS) >= 1)


async def test_an_account_of_a_secret_with_line_breaks_logs_in(start: Start) -> None:
    simulator = await start(Simulator())
    account = {"ORAN_MANO_USERNAME": "demo\n", "ORAN_MANO_PASSWORD": "\ufeffdemo\r\n"}
    exporter = await start(Exporter(CONFIG.format(url=simulator.url), env=account))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_token_valid") == 1)
