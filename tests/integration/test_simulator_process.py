"""The simulator as a process: how it starts, what it says, and how it ends."""

import asyncio
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

Process: TypeAlias = asyncio.subprocess.Process
Launch: TypeAlias = Callable[..., Awaitable[Process]]


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    running: list[Process] = []

    async def start(*arguments: str, address: str = "127.0.0.1:0") -> Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "exporter.simulator"),
            *("--simulator.listen-address", address, *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def url_of(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = (await process.stdout.readline()).decode()
    found = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+/v1)\n", line)
    assert found, line
    return found[1]


async def ended(process: Process) -> tuple[int | None, str, float]:
    begun = time.monotonic()
    assert process.stderr is not None
    async with asyncio.timeout(10):
        said = (await process.stderr.read()).decode()
        await process.wait()
    return process.returncode, said, time.monotonic() - begun


async def healthy(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/monitoring/health") as told:
        return told.status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_at_once(launch: Launch, number: signal.Signals) -> None:
    process = await launch()
    url = await url_of(process)
    assert await healthy(url) == 200
    process.send_signal(number)
    status, said, seconds = await ended(process)
    assert (status, said) == (0, "")
    assert seconds < 1


async def test_it_ends_at_once_though_requests_hang(launch: Launch, tmp_path: Path) -> None:
    document = tmp_path / "hang.yaml"
    document.write_text("name: mine\nbase: healthy\nhang: ['monitoring.*']\n", "utf-8")
    process = await launch("--simulator.scenario", str(document))
    url = await url_of(process)
    async with aiohttp.ClientSession() as session:
        hanging = asyncio.create_task(session.get(f"{url}/monitoring/health"))
        seen = 0
        while not seen:
            async with session.get(f"{url[:-3]}/simulator/requests") as told:
                seen = (await told.json())["total"]
        process.terminate()
        status, said, seconds = await ended(process)
        with pytest.raises(aiohttp.ClientError):
            await hanging
    assert (status, said) == (0, "")
    assert seconds < 1


async def test_the_end_of_its_input_ends_it(launch: Launch) -> None:
    process = await launch("--simulator.stop-on-eof", "--simulator.scenario", "down")
    assert await healthy(await url_of(process)) == 503
    assert process.stdin is not None
    process.stdin.close()
    status, said, seconds = await ended(process)
    assert (status, said) == (0, "")
    assert seconds < 1


async def test_its_input_is_not_looked_at_unasked(launch: Launch) -> None:
    process = await launch()
    url = await url_of(process)
    assert process.stdin is not None
    process.stdin.close()
    await process.stdin.wait_closed()
    assert await healthy(url) == 200
    assert process.returncode is None


async def test_a_port_that_is_taken_is_one_clear_line(launch: Launch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = await launch(address=f"127.0.0.1:{port}")
        status, said, _ = await ended(process)
    assert status == 2
    assert said == (
        f"simulator: 127.0.0.1:{port}: address already in use; "
        "give another --simulator.listen-address\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--simulator.scenario", "healty"], "'healty' is neither a scenario nor a file"),
        (["--simulator.listen-address", "here"], "'here' is not HOST:PORT or :PORT"),
        (["--simulator.listen-address", "127.0.0.1:70000"], "is not HOST:PORT or :PORT"),
        (["--simulator.scenari", "down"], "unrecognized arguments"),
    ],
)
async def test_a_wrong_call(launch: Launch, arguments: list[str], told: str) -> None:
    status, said, _ = await ended(await launch(*arguments))
    assert status == 2
    assert told in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("name: [", "not YAML"),
        ("- 5", "a scenario is an object"),
        ("name: down\nhangs: ['*']", "unknown knob 'hangs'; did you mean 'hang'?"),
    ],
)
async def test_a_scenario_file_that_is_wrong(
    launch: Launch, tmp_path: Path, content: str, told: str
) -> None:
    document = tmp_path / "scenario.yaml"
    document.write_text(content, "utf-8")
    status, said, _ = await ended(await launch("--simulator.scenario", str(document)))
    assert status == 2
    assert told in said


async def test_a_scenario_file_may_be_json(launch: Launch, tmp_path: Path) -> None:
    document = tmp_path / "scenario.json"
    document.write_text('{"name": "down", "status": {"monitoring.health": 418}}', "utf-8")
    process = await launch("--simulator.scenario", str(document))
    assert await healthy(await url_of(process)) == 418


async def test_the_package_is_cheap_to_import() -> None:
    code = "import sys, exporter.simulator; sys.exit('aiohttp' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await process.wait() == 0


async def test_nothing_of_the_exporter_is_imported() -> None:
    code = (
        "import sys, exporter.simulator.command;"
        "print(*(m for m in sys.modules if m.startswith('exporter.')))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    loaded = (await process.communicate())[0].decode().split()
    assert loaded
    assert all(f"{name}.".startswith("exporter.simulator.") for name in loaded)
