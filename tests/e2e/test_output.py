"""Output that cannot be written, in a real shell: one line at most, never a traceback."""

import asyncio
import os
import shlex
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support.hostile import refusing
from tests.support.product import PYTHON, Simulator, clean_environment, ended
from tests.support.servers import LOOPBACK, Process, Start, answers, eventually, free_port, get

ANYWHERE: Final = f"--simulator.listen-address {LOOPBACK}:0"
COMMANDS: Final = (
    *("surfaces", "surfaces --output json", "check", "--help", "simulate --help", "--version"),
    *("--config.check", f"simulate {ANYWHERE}", "probe monitoring.health"),
    f"demo {ANYWHERE} --web.listen-address {LOOPBACK}:PORT",
)
BUFFERED: Final = {"PYTHONUNBUFFERED": ""}
UNBUFFERED: Final = {"PYTHONUNBUFFERED": "1"}
LINE: Final = "oran-mano-exporter: cannot write the output: {}\n"


class Case(NamedTuple):
    """What the shell does with the output, and what becomes of the command then."""

    shell: str
    code: int
    said: str
    env: Mapping[str, str] = BUFFERED


CASES: Final = {
    "closed": Case(">&-", 1, LINE.format("Bad file descriptor")),
    "all closed": Case("<&- >&- 2>&-", 1, ""),
    "full": Case(">/dev/full", 1, LINE.format("No space left on device")),
    "full, unbuffered": Case(">/dev/full", 1, LINE.format("No space left on device"), UNBUFFERED),
    "both full": Case(">/dev/full 2>/dev/full", 1, ""),
    "both full, unbuffered": Case(">/dev/full 2>/dev/full", 1, "", UNBUFFERED),
    "read by nobody": Case("", 0, ""),
    "read by nobody, unbuffered": Case("", 0, "", UNBUFFERED),
}


async def shell(line: str, env: Mapping[str, str], output: int) -> tuple[int, str]:
    """The exit code and what was said, where output goes to a descriptor unless the line says."""
    words = ("sh", "-c", f"exec {shlex.join(PYTHON)} -m exporter {line}")
    told = await ended(*words, env=env, output=output)
    return told.code, told.err


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("command", COMMANDS)
async def test_it_is_a_line_at_most(command: str, case: str, start: Start) -> None:
    wanted = CASES[case]
    url = "http://lab.example/v1"
    if command.startswith("probe"):
        url = (await start(Simulator())).url
    reading, writing = os.pipe()
    os.close(reading)
    try:
        line = f"{command.replace('PORT', str(free_port()))} {wanted.shell}"
        ended = await shell(line, {"ORAN_MANO_API_URL": url, **wanted.env}, writing)
    finally:
        os.close(writing)
    assert ended == (wanted.code, wanted.said)


@pytest.mark.parametrize("env", [BUFFERED, UNBUFFERED], ids=["buffered", "unbuffered"])
async def test_what_was_not_well_stays_so_where_nobody_reads(env: dict[str, str]) -> None:
    """A script with ``pipefail`` hears of it, if the command came to its end."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        with refusing() as url:
            ended = await shell(
                "probe monitoring.health", {"ORAN_MANO_API_URL": url, **env}, writing
            )
    finally:
        os.close(writing)
    assert ended == (1, "")


async def test_a_wrong_call_that_nobody_hears_of_is_one_all_the_same() -> None:
    for broken in ("2>&-", "2>/dev/full"):
        assert await shell(f"chekc {broken}", {}, asyncio.subprocess.DEVNULL) == (2, "")


@pytest.mark.parametrize("env", [BUFFERED, UNBUFFERED], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("broken", ["2>&-", ">&- 2>&-", "2>/dev/full", "2> >(head -c1 >/dev/null)"])
async def test_a_log_that_cannot_be_written_does_not_end_the_exporter(
    broken: str, env: dict[str, str], start: Start, tmp_path: Path
) -> None:
    simulator = await start(Simulator())
    file, url = tmp_path / "lab.yaml", f"http://{LOOPBACK}:{free_port()}"
    good = f"targets: [{{name: lab, url: '{simulator.url}', interval: 1s}}]\n"
    file.write_text(good)
    flags = f"--config.file {file} --web.listen-address {url.removeprefix('http://')}"
    line = f"exec {shlex.join(PYTHON)} -m exporter {flags} --log.level=debug {broken}"
    ready = answers(f"{url}/-/ready")
    argv = ["bash", "-c", line]
    process = await start(Process(argv, ready=ready, env=clean_environment(env)))

    async def reloaded(well: float) -> bool | None:
        _, body = await get(f"{url}/metrics")
        name = "oran_mano_exporter_config_last_reload_successful"
        return f"\n{name} {well}\n".encode() in body or None

    for content, well in (("nothing", 0.0), (good, 1.0)) * 2:
        file.write_text(content)
        process.signal(signal.SIGHUP)
        await eventually(lambda well=well: reloaded(well), within=20)  # type: ignore[misc]
    process.signal(signal.SIGTERM)
    assert await process.wait(20) == 0
    assert "Traceback" not in process.output()
