"""Another configuration while it runs: all of it or nothing, and nobody is disturbed."""

import signal
from pathlib import Path
from typing import Final

import aiohttp

from tests.support.product import PYTHON, Exporter, Scrape, Simulator, clean_environment
from tests.support.servers import (
    LOOPBACK,
    Process,
    Start,
    answers,
    eventually,
    free_port,
    get,
)

CONFIG: Final = """
targets:
  - name: lab
    url: {url}
    auth: {{type: login, username: demo, password: demo}}
    interval: 1s
    rate_limits: {{share: 1}}
    surfaces:
      monitoring.metrics: {{mode: {mode}}}
"""


async def post(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.post(url) as answer:
        return answer.status, await answer.text()


def written(file: Path, url: str, mode: str = "read", more: str = "") -> None:
    """Replace the file in one step, as editors and ConfigMaps do."""
    fresh = file.with_suffix(".new")
    fresh.write_text(CONFIG.format(url=url, mode=mode) + more)
    fresh.replace(file)


def runs(scrape: Scrape) -> dict[str, float]:
    return scrape.by("surface", "oran_mano_probe_runs_total")


async def test_sighup_takes_what_changed_and_keeps_what_did_not(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    written(file, simulator.url)
    exporter = await start(Exporter(None, "--config.file", str(file)))
    before = await exporter.until(lambda scrape: runs(scrape)["monitoring.metrics"] >= 2)
    logins = (await simulator.requests())["counts"]
    written(file, simulator.url, mode="off")
    exporter.process.signal(signal.SIGHUP)
    after = await exporter.until(lambda scrape: "monitoring.metrics" not in runs(scrape))
    assert 'surface="monitoring.metrics"' not in after.text
    for surface, count in runs(after).items():
        assert count >= runs(before)[surface]
    await exporter.until(
        lambda scrape: runs(scrape)["monitoring.health"] > runs(after)["monitoring.health"] + 1
    )
    counts = list((await simulator.requests())["counts"])
    assert sum(row["requests"] for row in counts if row["surface"] == "auth.login") == sum(
        row["requests"] for row in logins if row["surface"] == "auth.login"
    )


async def test_a_bad_file_keeps_the_old_one(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    written(file, simulator.url)
    exporter = await start(Exporter(None, "--config.file", str(file), "--web.enable-lifecycle"))
    written(file, simulator.url, more="    colour: red\n")
    status, text = await post(f"{exporter.url}/-/reload")
    assert status == 500
    assert "the former configuration is kept" in text
    assert f"{file}:" in text
    assert "colour" in text
    scrape = await exporter.until(
        lambda scrape: scrape.one("oran_mano_exporter_config_last_reload_successful") == 0
    )
    seen = runs(scrape)["monitoring.health"]
    await exporter.until(lambda scrape: runs(scrape)["monitoring.health"] > seen + 1)
    written(file, simulator.url)
    assert await post(f"{exporter.url}/-/reload") == (200, "reloaded\n")
    scrape = await exporter.scrape()
    assert scrape.one("oran_mano_exporter_config_last_reload_successful") == 1


async def test_reloading_by_http_is_off_unless_enabled(start: Start) -> None:
    simulator = await start(Simulator())
    exporter = await start(Exporter(CONFIG.format(url=simulator.url, mode="read")))
    status, text = await post(f"{exporter.url}/-/reload")
    assert status == 403
    assert "--web.enable-lifecycle" in text


async def test_a_changed_file_is_taken_by_itself(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    written(file, simulator.url)
    flags = ("--config.file", str(file), "--config.auto-reload-interval", "200ms")
    exporter = await start(Exporter(None, *flags))
    await exporter.until(lambda scrape: runs(scrape)["monitoring.metrics"] >= 1)
    written(file, simulator.url, mode="off")
    await exporter.until(lambda scrape: "monitoring.metrics" not in runs(scrape))


async def test_another_url_is_another_link_and_the_old_one_is_closed(
    start: Start, tmp_path: Path
) -> None:
    first, second = await start(Simulator()), await start(Simulator())
    file = tmp_path / "config.yaml"
    written(file, first.url)
    exporter = await start(Exporter(None, "--config.file", str(file)))
    before = await exporter.until(lambda scrape: runs(scrape)["monitoring.health"] >= 2)
    written(file, second.url)
    exporter.process.signal(signal.SIGHUP)
    await exporter.until(
        lambda scrape: runs(scrape)["monitoring.health"] > runs(before)["monitoring.health"] + 2
    )
    seen = (await first.requests())["total"]
    later = await exporter.scrape()
    await exporter.until(
        lambda scrape: runs(scrape)["monitoring.health"] > runs(later)["monitoring.health"] + 1
    )
    assert (await first.requests())["total"] == seen
    assert (await second.requests())["total"] > 0


async def test_twenty_reloads_under_load_lose_nothing(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", limits={"standard": {"requests": 100000}}, latency_factor=0.1)
    file = tmp_path / "config.yaml"
    targets = "".join(
        CONFIG.format(url=simulator.url, mode="read")
        .partition("targets:")[2]
        .replace("name: lab", f"name: lab-{number}")
        for number in range(7)
    )
    file.write_text("targets:" + targets)
    exporter = await start(Exporter(None, "--config.file", str(file)))
    last = await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") > 100)
    fds = last.one("process_open_fds")
    for _ in range(20):
        exporter.process.signal(signal.SIGHUP)
        scrape = await exporter.scrape()
        for name in ("runs", "scheduled", "failures"):
            total = f"oran_mano_probe_{name}_total"
            assert scrape.sum(total) >= last.sum(total)
        last = scrape
    seen = last.sum("oran_mano_probe_runs_total")
    last = await exporter.until(
        lambda scrape: scrape.sum("oran_mano_probe_runs_total") > seen + 200
    )
    lost = last.by("reason", "oran_mano_probe_skipped_total", surface="monitoring.health")
    # A machine that is busy with other tests may be late for an instant, and says so.
    assert {reason for reason, count in lost.items() if count} <= {"misfire", "overrun"}
    ended = ("oran_mano_probe_runs_total", "oran_mano_probe_skipped_total")
    assert last.sum("oran_mano_probe_scheduled_total") == sum(last.sum(name) for name in ended)
    assert last.sum("oran_mano_probe_failures_total") == 0
    assert last.one("process_open_fds") <= fds + 20
    assert exporter.process.output().count("the configuration is reloaded") == 20


async def test_who_tolerates_errors_waits_for_a_configuration_that_can_be_used(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    file.write_text(
        f"targets: [{{name: lab, url: '{simulator.url}', interval: 1s,"
        " auth: {type: login, username: demo, password_file: password}}]"
    )
    address = f"{LOOPBACK}:{free_port()}"
    argv = [
        *(*PYTHON, "-m", "exporter", "--config.file", str(file), "--web.listen-address", address),
        *("--config.tolerate-errors", "--config.auto-reload-interval", "100ms"),
    ]
    ready = answers(f"http://{address}/-/healthy")
    process = await start(Process(argv, ready=ready, env=clean_environment({})))
    await process.line(r"password_file: the file cannot be read")
    status, body = await get(f"http://{address}/-/ready")
    assert (status, b"no configuration could be used yet" in body) == (503, True)
    _, metrics = await get(f"http://{address}/metrics")
    assert b"oran_mano_exporter_config_last_reload_successful 0.0" in metrics
    (tmp_path / "password").write_text("demo")

    async def probed() -> bool | None:
        _, body = await get(f"http://{address}/metrics")
        return b'oran_mano_token_valid{target="lab"} 1.0' in body or None

    assert await eventually(probed)
    assert (await get(f"http://{address}/-/ready"))[0] == 200
    assert process.output().count("password_file: the file cannot be read") == 1
