"""Another configuration while it runs: all of it or nothing, and nobody is disturbed."""

import asyncio
import os
import shlex
import signal
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.support.hanging_files import hanging
from tests.support.hostile import OK, Peer, answer, serve, sized
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


HEALTH: Final = """
targets:
  - name: lab
    url: {url}
    interval: {interval}
    surfaces: {{"*": {{mode: off}}, monitoring.health: {{mode: read}}}}
"""


async def test_another_url_is_another_session_and_a_run_in_flight_ends_on_the_old_one(
    start: Start, tmp_path: Path
) -> None:
    gate = asyncio.Event()
    healthy = OK + b"Content-Type: application/json\r\n" + sized(b'{"status":"healthy"}')

    async def answer_late(peer: Peer) -> None:
        while True:
            await peer.request()
            await gate.wait()
            await peer.send(healthy)

    first, second = await start(serve(answer_late)), await start(serve(answer(healthy)))
    file = tmp_path / "config.yaml"
    file.write_text(HEALTH.format(url=first.url, interval="60s"))
    exporter = await start(Exporter(None, "--config.file", str(file)))
    await first.asked()
    file.write_text(HEALTH.format(url=second.url, interval="1s"))
    exporter.process.signal(signal.SIGHUP)
    await exporter.process.line("the configuration is reloaded")
    assert second.requests == []  # never one surface twice at once
    gate.set()
    await first.left()
    scrape = await exporter.until(lambda scrape: runs(scrape)["monitoring.health"] >= 3)
    assert scrape.sum("oran_mano_probe_failures_total") == 0
    assert scrape.sum("oran_mano_probe_skipped_total", reason="shutdown") == 0
    assert (len(first.requests), first.connections) == (1, 1)
    assert len(second.requests) >= 2
    assert "Unclosed" not in exporter.process.output()


MOST_CONNECTIONS: Final = 12
"""Of a target: ten, and two for what is essential."""
MOVES: Final = """
  - name: moves
    url: {url}
    auth: {{type: login, username: demo, password: demo}}
    interval: {interval}
    connection: {{max_age: {interval}}}
    surfaces: {{"{off}": {{mode: off}}}}
"""


def flapping(url: str, count: int) -> str:
    """Seven targets that stay, and one whose intervals, surfaces and session change each time."""
    stay = CONFIG.format(url=url, mode="read").partition("targets:")[2]
    interval, off = (("1s", "vnf-operator.*"), ("2s", "orchestrator.*"))[count % 2]
    names = [stay.replace("name: lab", f"name: lab-{number}") for number in range(7)]
    return "targets:" + "".join(names) + MOVES.format(url=url, interval=interval, off=off)


def staying(scrape: Scrape, *kinds: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each series of these kinds of families, but for those of the target that moves."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in scrape.families.values()
        for sample in family.samples
        if family.type in kinds and sample.labels.get("target") != "moves"
    }


def surfaces(scrape: Scrape, name: str) -> dict[tuple[str, str], float]:
    """By target and surface that stay, what was counted of scheduled runs; not of passive ones."""
    counts: dict[tuple[str, str], float] = {}
    for (family, pairs), value in staying(scrape, "counter").items():
        labels = dict(pairs)
        asked = family == name and labels["component"] != "auth"
        if asked and labels.get("reason") != "no_resource":
            surface = (labels["target"], labels["surface"])
            counts[surface] = counts.get(surface, 0) + value
    return counts


def stalls(scrape: Scrape) -> float:
    """How often the process itself came late, and may have missed an instant."""
    names = [
        f"oran_mano_exporter_{name}_seconds" for name in ("event_loop_lag", "schedule_lateness")
    ]
    return sum(
        scrape.one(f"{name}_count") - scrape.one(f"{name}_bucket", le="0.25") for name in names
    )


async def timed(exporter: Exporter) -> tuple[float, Scrape, float]:
    """A scrape, between the instants at which it was made."""
    before = time.monotonic()
    return before, await exporter.scrape(), time.monotonic()


async def reloaded(exporter: Exporter, times: int) -> None:
    """Wait until the configuration was reloaded that often."""

    async def look() -> bool | None:
        return exporter.process.output().count("the configuration is reloaded") >= times or None

    await eventually(look)


async def test_twenty_reloads_under_load_lose_nothing(start: Start, tmp_path: Path) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", limits={"standard": {"requests": 100000}}, latency_factor=0.1)
    file = tmp_path / "config.yaml"
    file.write_text(flapping(simulator.url, 0))
    exporter = await start(Exporter(None, "--config.file", str(file)))
    scheduled, skipped = "oran_mano_probe_scheduled_total", "oran_mano_probe_skipped_total"
    await exporter.until(lambda scrape: min(surfaces(scrape, scheduled).values()) >= 2)
    begun, first, began = await timed(exporter)
    last = first
    for count in range(1, 21):
        file.write_text(flapping(simulator.url, count))
        exporter.process.signal(signal.SIGHUP)
        await reloaded(exporter, count)
        scrape = await exporter.scrape()
        after = staying(scrape, "counter", "histogram")
        for series, value in staying(last, "counter", "histogram").items():
            assert after[series] >= value, series
        last = scrape
    seen = last.sum("oran_mano_probe_runs_total")
    await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") > seen + 200)
    ending, last, ended = await timed(exporter)
    before = surfaces(first, scheduled)
    for surface, total in surfaces(last, scheduled).items():
        delta = total - before[surface]
        assert ending - began - 2 <= delta <= ended - begun + 2, surface
    reasons = last.by("reason", "oran_mano_probe_failure_reasons_total")
    assert set(reasons) <= {"connect_timeout", "read_timeout"}  # of a machine that stalls
    more = last.one("process_open_fds") - first.one("process_open_fds")
    assert more <= 7 * MOST_CONNECTIONS
    if stalls(last) == stalls(first):
        assert reasons == {}
        assert surfaces(last, skipped) == surfaces(first, skipped)
        assert more <= 20
    assert "Unclosed" not in exporter.process.output()


def become(file: Path, kind: Callable[[Path], None]) -> None:
    """Something else lies there from now on, and the file beside it."""
    file.rename(file.with_suffix(".away"))
    kind(file)


def put_back(file: Path) -> None:
    file.with_suffix(".away").replace(file)


@pytest.mark.parametrize("name", ["config.yaml", "password"])
async def test_a_pipe_where_a_file_was_is_a_line_and_the_file_is_read_when_it_is_back(
    name: str, start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    config = tmp_path / "config.yaml"
    (tmp_path / "password").write_text("demo")
    config.write_text(
        CONFIG.format(url=simulator.url, mode="read").replace(
            "password: demo", "password_file: password"
        )
    )
    exporter = await start(Exporter(None, "--config.file", str(config)))
    for count in (1, 2):
        become(tmp_path / name, os.mkfifo)
        exporter.process.signal(signal.SIGHUP)
        told = r"^.*not reloaded: .* is a pipe, not a regular file"
        await exporter.process.line(rf"(?s)(?:{told}.*?){{{count}}}", within=30)
        scrape = await exporter.scrape()
        assert scrape.one("oran_mano_exporter_config_last_reload_successful") == 0
        put_back(tmp_path / name)
        exporter.process.signal(signal.SIGHUP)
        await reloaded(exporter, count)
    assert exporter.process.output().count("not reloaded") == 2


async def test_a_volume_that_hangs_is_named_and_does_not_bar_the_next_reload(
    start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    file = tmp_path / "config.yaml"
    written(file, simulator.url)
    exporter = await start(Exporter(None, "--config.file", str(file)))
    with hanging(file):
        exporter.process.signal(signal.SIGHUP)
        told = rf'not reloaded: \\?"{file}\\?" is not read within 30 s: the volume hangs, since 20'
        await exporter.process.line(told, within=60)
        written(file, simulator.url, mode="off")  # another file, which hangs no more
        exporter.process.signal(signal.SIGHUP)
        await reloaded(exporter, 1)
    await exporter.until(lambda scrape: "monitoring.metrics" not in runs(scrape))


async def test_a_configuration_may_be_handed_over_by_the_shell(tmp_path: Path) -> None:
    """It is read once: there is nothing in it for a reload, which says so."""
    (tmp_path / "config.yaml").write_text(CONFIG.format(url="http://lab/v1", mode="read"))
    program = f"{shlex.join(PYTHON)} -m exporter"
    for line in (
        f"{program} check --config.file <(cat config.yaml)",
        f"cat config.yaml | {program} check --config.file /dev/stdin",
        f"{program} check --config.file /dev/stdin < config.yaml",
        f"{program} --config.check --config.file /dev/fd/7 7< <(sleep 0.2; cat config.yaml)",
    ):
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", line), cwd=tmp_path, env=clean_environment({}), stdout=PIPE, stderr=PIPE
        )
        out, said = await process.communicate()
        assert (await process.wait(), said) == (0, b"")
        assert b"the configuration is valid" in out


async def test_what_was_handed_over_cannot_be_reloaded(start: Start, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(url="http://127.0.0.1:9/v1", mode="read"))
    address = f"{LOOPBACK}:{free_port()}"
    run = f"exec {shlex.join(PYTHON)} -m exporter --web.listen-address {address}"
    process = await start(
        Process(
            ["bash", "-c", f"{run} --config.file <(cat config.yaml)"],
            ready=answers(f"http://{address}/-/ready"),
            env=clean_environment({}),
            cwd=tmp_path,
        )
    )
    process.signal(signal.SIGHUP)
    await process.line("not reloaded: /dev/fd/[0-9]+: is a pipe, not a regular file; allowed: ")


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
