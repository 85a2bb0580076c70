"""A container of the image does its work with a read-only root and no rights."""

import os
import subprocess
import textwrap
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from exporter import __version__
from tests.image.build import REVISION, Image
from tests.image.container import Container, command, environment
from tests.support.product import Simulator
from tests.support.servers import LOOPBACK, Start, free_port, get

CONFIG: Final = "/etc/oran-mano-exporter"
USER: Final = 65532
READS: Final = 14
"""Surfaces that are probed by default and that the simulator answers well."""

OF_THE_DEMO: Final = READS + 1
"""Its configuration makes a dry run too."""


def contents(image: Image) -> dict[Path, tuple[int, ...]]:
    """Everything in its root: mode, owner, size, times."""

    def facts(path: Path) -> tuple[int, ...]:
        told = path.lstat()
        return (told.st_mode, told.st_uid, told.st_size, told.st_mtime_ns, told.st_ctime_ns)

    return {path: facts(path) for path in image.root.rglob("*")}


def configured(folder: Path, url: str) -> Path:
    """A volume with a configuration, and a password that only the exporter's user can read."""
    folder.mkdir()
    (folder / "password").write_text("demo")
    (folder / "config.yaml").write_text(
        textwrap.dedent(f"""\
        targets:
          - name: lab
            url: {url}
            interval: 2s
            rate_limits: {{share: 1}}
            auth: {{type: login, username: demo, password_file: password}}
        """)
    )
    for path in (folder, *folder.iterdir()):
        os.chown(path, USER, USER)
        path.chmod(0o500 if path.is_dir() else 0o400)
    return folder


async def test_it_probes_what_a_mounted_file_says(
    image: Image, start: Start, tmp_path: Path
) -> None:
    before = contents(image)
    simulator = await start(Simulator())
    volume = configured(tmp_path / "config", simulator.url)
    container = await start(
        Container(image, "--config.file", f"{CONFIG}/config.yaml", volumes={volume: CONFIG})
    )
    scrape = await container.until_all_are_well(READS)
    built = {"version": __version__, "revision": REVISION}
    assert scrape.one("oran_mano_exporter_build_info", **built) == 1
    status = container.status()
    assert {*status["Uid"].split(), *status["Gid"].split()} == {str(USER)}
    assert (status["Groups"], status["NoNewPrivs"]) == ("", "1")
    assert {status[f"Cap{which}"] for which in ("Prm", "Eff", "Inh", "Amb")} == {"0" * 16}
    assert status["NSpid"].split()[-1] == "1"
    assert await container.end(within=5) == 0
    assert "Traceback" not in container.process.output()
    assert contents(image) == before


async def test_the_demo_runs_and_ends_with_its_simulator(image: Image, start: Start) -> None:
    before = contents(image)
    api = f"{LOOPBACK}:{free_port()}"
    container = await start(Container(image, "demo", "--simulator.listen-address", api))
    await container.until_all_are_well(OF_THE_DEMO)
    await container.process.line(rf"simulated API +http://{api}/v1")
    assert await container.end(within=5) == 0
    for url in (container.url, f"http://{api}"):
        with pytest.raises(aiohttp.ClientConnectionError):
            await get(url)
    assert contents(image) == before


async def test_it_would_write_nothing_if_it_could(image: Image, start: Start) -> None:
    """As root on a writable root: no bytecode, no temporary file, nothing that a mount hides."""
    before = contents(image)
    api = f"{LOOPBACK}:{free_port()}"
    container = await start(
        Container(image, "demo", "--simulator.listen-address", api, read_only=False, user="0:0")
    )
    await container.until_all_are_well(OF_THE_DEMO)
    assert await container.end(within=5) == 0
    assert contents(image) == before


@pytest.mark.parametrize("path", ["/tmp/x", "/var/lib/oran-mano-exporter/x", f"{CONFIG}/x"])
def test_these_containers_are_read_only(image: Image, path: str) -> None:
    argv = command(image, ["python3", "-c", f"open({path!r}, 'w')"])
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment(image))
    assert "Read-only file system" in done.stderr


@pytest.mark.parametrize("argv", [["--version"], ["check"], ["surfaces"]])
def test_other_commands_work_without_a_network(image: Image, argv: list[str]) -> None:
    env = environment(image) | {"ORAN_MANO_API_URL": "http://mano.invalid/v1"}
    line = command(image, [*image.config["config"]["Entrypoint"], *argv])
    done = subprocess.run(line, check=False, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
