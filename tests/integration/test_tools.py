"""The servers that other tests rely on do start, answer, and go away."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from tests.support import tools
from tests.support.servers import (
    LOOPBACK,
    ExitedError,
    Prism,
    Process,
    Prometheus,
    Start,
    answers,
    eventually,
    free_port,
    get,
    prints,
)

PYTHON = sys.executable
DOCUMENT = """\
openapi: 3.0.3
info: {title: Tiny, version: "1"}
paths:
  /health:
    get:
      responses:
        "200":
          description: It lives.
          content:
            application/json:
              schema:
                type: object
                required: [status]
                properties: {status: {type: string, enum: [ok]}}
"""
RULES = """\
groups:
  - name: test
    rules:
      - {record: test:up:sum, expr: sum(up)}
"""


async def test_prometheus_scrapes_itself(start: Start) -> None:
    port = free_port()
    prometheus = await start(Prometheus([f"{LOOPBACK}:{port}"], scrape_interval="200ms", port=port))
    (up,) = await prometheus.wait_for("up == 1")
    assert up.labels["instance"] == f"{LOOPBACK}:{port}"
    assert [one.value for one in await prometheus.query("scalar(up)")] == [1]
    several = await prometheus.wait_for("up[10s]", lambda points: len(points) > 2)
    assert {point.value for point in several} == {1}


async def test_prometheus_scrapes_a_server_of_the_test_and_applies_rules(
    start: Start, tmp_path: Path
) -> None:
    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text="# TYPE test_answer gauge\ntest_answer 42\n")

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, LOOPBACK, port).start()
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    config = {"job_name": "mine", "static_configs": [{"targets": [f"{LOOPBACK}:{port}"]}]}
    try:
        prometheus = await start(
            Prometheus(scrape_configs=[config], scrape_interval="200ms", rules=[rules])
        )
        (answer,) = await prometheus.wait_for("test_answer")
        assert (answer.value, answer.labels["job"]) == (42, "mine")
        await prometheus.wait_for("test:up:sum", lambda got: [one.value for one in got] == [1])
        (group,) = (await prometheus.api("rules"))["groups"]
        assert group["name"] == "test"
    finally:
        await runner.cleanup()


async def test_a_wait_in_vain_tells_what_was_scraped(start: Start) -> None:
    down = f"{LOOPBACK}:{free_port()}"
    prometheus = await start(Prometheus([down], scrape_interval="200ms"))
    await prometheus.wait_for("up == 0")
    with pytest.raises(TimeoutError, match=rf"up == 1 is \[\] after .*{down}.* down .*refused"):
        await prometheus.wait_for("up == 1", within=0.1)
    with pytest.raises(ValueError, match="parse error"):
        await prometheus.query("up ==")


def test_promtool_tells_good_metrics_from_bad_ones(promtool: Path) -> None:
    def check(text: str) -> subprocess.CompletedProcess[str]:
        argv = [str(promtool), "check", "metrics"]
        return subprocess.run(argv, input=text, check=False, text=True, capture_output=True)

    metric = "# TYPE test_runs_total counter\ntest_runs_total 1\n"
    assert check(f"# HELP test_runs_total So far.\n{metric}").returncode == 0
    without_help = check(metric)
    assert without_help.returncode != 0
    assert "no help text" in without_help.stdout + without_help.stderr
    assert check("test_runs one\n").returncode != 0


async def test_prism_answers_from_a_document(start: Start, tmp_path: Path) -> None:
    document = tmp_path / "openapi.yaml"
    document.write_text(DOCUMENT)
    prism = await start(Prism(document))
    assert await get(f"{prism.url}/health") == (200, b'{"status":"ok"}')
    assert (await get(f"{prism.url}/nothing"))[0] == 404


async def test_a_process_that_ends_early_says_why(start: Start) -> None:
    with pytest.raises(ExitedError, match="ended with 3:\nno licence"):
        await start(
            Process(
                [PYTHON, "-c", "print('no licence'); raise SystemExit(3)"],
                ready=answers(f"http://{LOOPBACK}:{free_port()}"),
            )
        )


async def test_a_process_that_is_never_ready_is_ended(start: Start) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(TimeoutError, match=r"not ready after 1 s:\n\d+") as late:
        await start(Process([PYTHON, "-c", code], ready=prints("ready"), within=1))
    with pytest.raises(ProcessLookupError):
        os.kill(int(str(late.value).split()[-1]), 0)


async def test_a_process_that_ignores_sigterm_is_killed() -> None:
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)"
    async with Process(
        [PYTHON, "-c", f"{code}; time.sleep(60)"], ready=prints("1"), grace=0.2
    ) as deaf:
        pid = deaf.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_signals_and_output_reach_the_test(start: Start) -> None:
    code = "import signal, sys\nprint('port 7', flush=True)\nsignal.pause()"
    process = await start(Process([PYTHON, "-c", code], ready=prints("^port")))
    assert (await process.line(r"port (\d+)"))[1] == "7"
    process.signal(signal.SIGTERM)
    assert await process.wait() == -signal.SIGTERM


async def test_servers_die_with_a_killed_test_run(tmp_path: Path) -> None:
    code = """
import asyncio, os, signal
from tests.support.servers import Process, prints
async def main():
    async with Process(["sh", "-c", "echo $$; exec sleep 60"], ready=prints(".")) as process:
        print("child", process.pid, process.output(), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    run = await asyncio.create_subprocess_exec(
        PYTHON,
        "-c",
        code,
        cwd=tools.ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # it has no time to clean up
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await run.communicate()
    _, pid, own = said.split()
    assert pid == own

    async def gone() -> bool | None:
        return True if _state(int(pid)) in {"Z", "gone"} else None

    assert await eventually(gone)


def _state(pid: int) -> str:
    """One letter; Z is dead, but nobody asked how it ended (an init in a container may not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "gone"


@pytest.mark.parametrize(
    "tool",
    [
        tools.prometheus,
        tools.promtool,
        tools.alertmanager,
        tools.amtool,
        tools.prism,
        tools.rotel,
        tools.nginx,
        tools.blackbox,
        tools.faketime,
        tools.chart_libraries,
        tools.operator_schemas,
    ],
)
def test_a_missing_tool_tells_how_to_get_it(
    tool: Callable[[], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in tools.HINTS:
        monkeypatch.delenv(name.upper().replace("-", "_"), raising=False)
    with pytest.raises(tools.ToolMissing, match=r"is missing: run `make tools`\n.*install"):
        tool()


def test_a_named_tool_is_used_or_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS", PYTHON)
    assert tools.prometheus() == Path(PYTHON)
    monkeypatch.setenv("PROMETHEUS", "/nowhere/prometheus")
    with pytest.raises(tools.ToolMissing, match="PROMETHEUS=/nowhere/prometheus is not a program"):
        tools.prometheus()
    monkeypatch.setenv("PRISM", f"{PYTHON} -m prism")
    assert tools.prism() == [PYTHON, "-m", "prism"]
    monkeypatch.setenv("PROMETHEUS_BLACKBOX_EXPORTER", PYTHON)
    assert tools.blackbox() == Path(PYTHON)
