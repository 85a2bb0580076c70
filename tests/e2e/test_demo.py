"""``make demo``: a simulated API, the exporter on it, and a table that lives."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter.catalog import CATALOG
from exporter.commands.demo import CONFIG, simulator
from tests.support.product import (
    PYTHON,
    Exporter,
    Scrape,
    Simulator,
    clean_environment,
    command,
    ended,
)
from tests.support.servers import LOOPBACK, Process, Start, eventually, free_port, get, prints

# A terminal whose size is set before anybody can ask for it. SIGUSR1 types Ctrl-C, SIGHUP closes
# it as a lost connection does.
TERMINAL: Final = """
import fcntl, os, pty, signal, struct, sys, termios
rows, columns = map(int, sys.argv[1].split("x")[::-1])
child, screen = pty.fork()
if not child:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may have it ignored
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
def close(*_):
    os.close(screen)
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 255)
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
signal.signal(signal.SIGUSR1, lambda *_: os.write(screen, b"\\x03"))
signal.signal(signal.SIGHUP, close)
while True:
    try:
        shown = os.read(screen, 65536)
    except OSError:  # it ended
        break
    os.write(1, shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
NOT_RUN: Final = {"auth.refresh", "orchestrator.deployments.get"}
PROBED: Final = {surface.id for surface in CATALOG if surface.safety != "write"} - NOT_RUN
ANYWHERE: Final = [
    "demo",
    *("--simulator.listen-address", f"{LOOPBACK}:0"),
    *("--web.listen-address", f"{LOOPBACK}:0"),
]
BUFFERED: Final = {"PYTHONUNBUFFERED": ""}
CURL: Final = r"curl -X PUT (http://\S+) -d '(\{.*?\})'"


def has_probed_everything(scrape: Scrape) -> bool:
    runs = scrape.by("surface", "oran_mano_probe_runs_total")
    return {surface for surface, count in runs.items() if not count} == NOT_RUN


def demo(api: str, *flags: str) -> Exporter:
    return Exporter(None, "--simulator.listen-address", api, *flags, command=["demo"])


class Terminal:
    """The demo in a terminal."""

    def __init__(self, size: str = "80x24", *flags: str, term: str = "xterm-256color") -> None:
        self.exporter = f"http://{LOOPBACK}:{free_port()}"
        self.api = f"http://{LOOPBACK}:{free_port()}"
        argv = [
            *(sys.executable, "-c", TERMINAL, size, *PYTHON, "-m", "exporter", "demo"),
            *("--web.listen-address", self.exporter.removeprefix("http://")),
            *("--simulator.listen-address", self.api.removeprefix("http://"), *flags),
        ]
        env = clean_environment({"TERM": term})
        for name in ("COLUMNS", "LINES"):
            env.pop(name, None)
        self.process = Process(argv, ready=prints(r"Ctrl-C ends it"), env=env)

    async def gone(self) -> None:
        """Both listeners are closed within the time that an end may take."""

        async def free() -> bool | None:
            both = [await refuses(self.exporter), await refuses(self.api)]
            return all(both) or None

        await eventually(free, within=5)


async def refuses(url: str) -> bool:
    try:
        await get(url)
    except aiohttp.ClientConnectionError:
        return True
    return False


async def switch(control: str, body: str | Mapping[str, object]) -> None:
    """As curl does, which sends a form's content type."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    data = body if isinstance(body, str) else json.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.put(control, data=data, headers=form) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def test_within_15_seconds_every_surface_was_probed_and_is_well(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    scrape = await exporter.until(has_probed_everything, within=15)
    success = scrape.by("surface", "oran_mano_probe_success")
    assert success == dict.fromkeys(PROBED, 1)
    classes = set(scrape.by("rate_class", "oran_mano_rate_limit_remaining_requests"))
    assert classes == {"standard", "monitoring"}
    await exporter.process.line(rf"simulated API +http://{api}/v1")
    await exporter.process.line(rf"status page +{exporter.url}/")
    await exporter.process.line(r"^monitoring.health +well +\d+ ms +200$")


async def test_plain_lines_tell_what_changes_and_why(start: Start) -> None:
    exporter = await start(demo(f"{LOOPBACK}:0", "--simulator.scenario", "failing_component"))
    process = exporter.process
    await process.line(r"^scenarios +healthy, slow, ")
    await process.line(r"^scenario +failing_component$")
    await process.line(
        r"^o2-client.deployment-managers.list +failing +\d+ ms +503  http_5xx: ", within=15
    )
    found = await process.line(CURL)
    await switch(found[1], {"name": "healthy"})
    await process.line(r"^scenario +healthy$")
    await process.line(r"^o2-client.deployment-managers.list +well +\d+ ms +200$", within=15)
    await switch(found[1], found[2])
    await process.line(r"^scenario +down$")
    await process.line(r"^orchestrator.intents.list +failing +\d+ ms +503  http_5xx: ", within=15)
    assert "\x1b" not in process.output()
    assert process.output().count("scenario   ") == 3


async def test_ctrl_c_ends_it_and_the_simulator_with_it(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    await exporter.until(has_probed_everything, within=15)
    exporter.process.signal(signal.SIGINT)
    assert await exporter.process.wait() == 0
    assert "Traceback" not in exporter.process.output()
    assert await refuses(exporter.url)
    assert await refuses(f"http://{api}")


async def test_the_simulator_ends_even_when_the_demo_is_killed(start: Start) -> None:
    api = f"{LOOPBACK}:{free_port()}"
    exporter = await start(demo(api))
    exporter.process.signal(signal.SIGKILL)
    await exporter.process.wait()

    async def refused() -> bool | None:
        return await refuses(f"http://{api}") or None

    assert await eventually(refused)


async def test_a_small_terminal_has_a_table_that_lives_and_leads_everywhere(start: Start) -> None:
    terminal = Terminal("80x24")
    process = await start(terminal.process)
    await process.line(r"15 well", within=15)
    for label, begins in (("status page", b"<!doctype html"), ("metrics", b"# help")):
        found = await process.line(rf"{label} +(http://\S+?)[\s\x1b]")
        status, body = await get(found[1])
        assert (status, body.lower().startswith(begins)) == (200, True)
    await process.line(r"standard \(account\): \d+ of 1000 left")
    await process.line(r"scenario +healthy;")
    found = await process.line(CURL)
    await switch(found[1], found[2])
    await process.line(r"scenario +down;")
    await process.line(r"orchestrator.intents.list +\x1b\S*failing.* 503 +http_5xx", within=15)
    await process.line(r"14 failing", within=15)
    await process.line(r"\.\.\. \d more")


async def test_ctrl_c_in_a_terminal_leaves_the_api_up_until_the_last_probe(
    start: Start, tmp_path: Path
) -> None:
    hanging, rarely = tmp_path / "hanging.yaml", tmp_path / "rarely.yaml"
    hanging.write_text("{name: hanging, base: healthy, hang: [tn-manager.agents.list]}")
    rarely.write_text("targets: [{name: demo, interval: 60s}]")
    flags = ("--simulator.scenario", str(hanging), "--config.file", str(rarely))
    terminal = Terminal("80x24", "--log.level", "info", *flags)
    process = await start(terminal.process)

    async def hangs() -> bool | None:
        """Lists are read at once, and this one alone does not end."""
        scrape = Scrape((await get(f"{terminal.exporter}/metrics"))[1].decode())
        runs = scrape.by("surface", "oran_mano_probe_runs_total")
        begun = runs["orchestrator.intents.list"] and runs["vnf-operator.vnfs.list"]
        assert not runs["tn-manager.agents.list"]
        return (begun and scrape.sum("oran_mano_active_connections") == 1) or None

    await eventually(hangs, within=15)
    process.signal(signal.SIGUSR1)
    assert await process.wait(within=10) == 0
    assert "msg=ended cancelled_runs=1" in process.output()  # nobody hung up on it before
    await terminal.gone()


async def test_a_terminal_that_is_closed_ends_all_of_it(start: Start) -> None:
    terminal = Terminal()
    process = await start(terminal.process)
    await process.line(r"15 well", within=15)
    process.signal(signal.SIGHUP)
    await terminal.gone()
    await process.wait()


async def test_under_nohup_it_goes_on(start: Start) -> None:
    address = f"{LOOPBACK}:{free_port()}"
    argv = ["nohup", *PYTHON, "-m", "exporter", *ANYWHERE, "--web.listen-address", address]
    process = await start(Process(argv, ready=prints(" well "), env=clean_environment({})))

    async def reloaded_at() -> float:
        scrape = Scrape((await get(f"http://{address}/metrics"))[1].decode())
        return scrape.one("oran_mano_exporter_config_last_reload_success_timestamp_seconds")

    begun = await reloaded_at()
    process.signal(signal.SIGHUP)

    async def reloaded() -> bool | None:
        process.check()
        return await reloaded_at() > begun or None

    assert await eventually(reloaded)


async def test_a_terminal_that_can_do_nothing_gets_plain_lines(start: Start) -> None:
    terminal = Terminal(term="dumb")
    process = await start(terminal.process)
    await process.line(r"^monitoring.health +well +\d+ ms +200\r?$", within=15)
    assert "Surface" not in process.output()


async def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:  # noqa: ASYNC230  # a device
        code, said = await written_to(full.fileno(), *ANYWHERE)
    assert (code, said) == (
        1,
        "oran-mano-exporter: cannot write the output: No space left on device\n",
    )


@pytest.mark.parametrize("arguments", [["surfaces"], ["check"], ANYWHERE], ids=lambda of: of[0])
async def test_who_reads_no_further_has_seen_enough(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert await written_to(writing, *arguments) == (0, "")
    finally:
        os.close(writing)


async def test_what_the_simulator_has_to_say_never_stops_it() -> None:
    async with asyncio.timeout(30), simulator(f"{LOOPBACK}:0", "healthy") as url:
        host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
        for _ in range(800):  # half of them fill a pipe with what is said of them
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET / HTTP/9.9\x00\r\n\r\n")
            assert await reader.read()
            writer.close()
        assert (await get(f"{url}/monitoring/health"))[0] == 200


async def test_a_port_that_is_taken_is_one_clear_line(start: Start) -> None:
    simulated = await start(Simulator())
    taken = simulated.url.removeprefix("http://").removesuffix("/v1")
    ended = await command("demo", "--simulator.listen-address", taken)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"oran-mano-exporter demo: {taken}: address already in use; "
        "give another --simulator.listen-address\n"
    )


@pytest.mark.parametrize(
    ("flag", "other"),
    [("--simulator.listen-address", "127.0.0.1:8081"), ("--web.listen-address", ":10946")],
)
async def test_make_is_told_how_make_takes_another_port(flag: str, other: str) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        address = f"{LOOPBACK}:{taken.getsockname()[1]}"
        ended = await command(*ANYWHERE, flag, address, env={"MAKE_TARGET": "demo"})
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"{address}: address already in use; give another {flag}" in ended.err
    assert ended.err.endswith(f': make demo ARGS="{flag} {other}"\n')


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["--simulator.listen-address", "8080"],
            "argument --simulator.listen-address: '8080' is not HOST:PORT or :PORT\n",
        ),
        (["--simulator.scenario", "helthy"], "'helthy' is neither a scenario nor a file"),
    ],
)
async def test_a_wrong_call_is_one_line_of_its_own(arguments: list[str], told: str) -> None:
    ended = await command(*ANYWHERE, *arguments)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert ended.err.startswith(f"oran-mano-exporter demo: {told}")


async def test_it_tolerates_what_it_is_told_to(start: Start, tmp_path: Path) -> None:
    missing = ("--config.tolerate-errors", "--config.file", str(tmp_path / "missing"))
    address = f"{LOOPBACK}:{free_port()}"
    argv = [*PYTHON, "-m", "exporter", *ANYWHERE, *missing, "--web.listen-address", address]
    told = prints("not reloaded: .*missing: cannot be read")
    await start(Process(argv, ready=told, env=clean_environment({})))
    assert (await get(f"http://{address}/-/healthy"))[0] == 200
    assert (await get(f"http://{address}/-/ready"))[0] == 503


async def test_it_listens_where_the_pages_say() -> None:
    ended = await command("demo", "--help", env={"COLUMNS": "200"})
    assert "default: 127.0.0.1:8080" in ended.out
    assert "default: :10945" in ended.out


async def test_its_configuration_passes_check() -> None:
    env = {"ORAN_MANO_API_URL": "http://x", "ORAN_MANO_USERNAME": "a", "ORAN_MANO_PASSWORD": "b"}
    ended = await command("check", "--config.file", str(CONFIG), env=env)
    assert (ended.code, ended.err) == (0, "")


async def written_to(output: int, *arguments: str) -> tuple[int, str]:
    """The exit code and what was said of a command whose output goes to a descriptor."""
    env = {"ORAN_MANO_API_URL": "http://lab.example/v1"} | BUFFERED
    told = await ended(*PYTHON, "-m", "exporter", *arguments, env=env, output=output)
    return told.code, told.err
