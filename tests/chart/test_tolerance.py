"""A sidecar whose configuration is bad or missing runs on, and so does not hold back the API."""

from pathlib import Path

from tests.chart.support import IN_POD, exporter_in, in_api
from tests.chart.test_running import (
    READS,
    arguments_in,
    environment_of,
    files_of,
    mount,
    only_exporter,
    started,
)
from tests.support.product import PYTHON, Scrape, Simulator, clean_environment
from tests.support.servers import LOOPBACK, Process, Start, answers, eventually, free_port, get


async def test_a_sidecar_that_is_not_well_does_not_end(start: Start, tmp_path: Path) -> None:
    """A container that ends before the API's ever started would hold that back."""
    api = await start(Simulator())
    auth = {"type": "login", "username": "demo", "password_file": "password"}
    target = {"url": api.url, "interval": "1s", "auth": auth}
    values = {"config": {"targets": [target]}, "reloadInterval": "100ms"}
    made, mended = in_api(values), in_api({**values, "secrets": {"password": "demo"}})
    process, address = await started(made, tmp_path, start, probe="healthy")

    async def scrape() -> Scrape:
        return Scrape((await get(f"http://{address}/metrics"))[1].decode())

    await process.line("password")
    assert (await scrape()).one("oran_mano_exporter_config_last_reload_successful") == 0
    paths = ("/-/healthy", "/-/ready")
    assert [(await get(f"http://{address}{path}"))[0] for path in paths] == [200, 503]

    mount(files_of(only_exporter(mended), mended), tmp_path, "second")

    async def probed() -> bool | None:
        return (await scrape()).by("surface", "oran_mano_probe_success").keys() >= READS or None

    assert await eventually(probed)
    assert (await scrape()).one("oran_mano_exporter_config_last_reload_successful") == 1


async def test_a_sidecar_without_its_configuration_does_not_end(
    start: Start, tmp_path: Path
) -> None:
    """The ConfigMap is optional: a pod may be there before it."""
    made = in_api({"config": IN_POD})
    container = exporter_in(only_exporter(made))
    address = f"{LOOPBACK}:{free_port()}"
    argv = [*PYTHON, "-m", "exporter", *arguments_in(container, tmp_path, address)]
    env = clean_environment(environment_of(container))
    process = await start(Process(argv, ready=answers(f"http://{address}/-/healthy"), env=env))

    await process.line("config.yaml")
    assert (await get(f"http://{address}/-/ready"))[0] == 503
