"""What the chart makes is run: its configuration and flags by the exporter, its test pod too."""

import asyncio
import base64
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import trustme
import yaml

from tests.chart.support import (
    CASES,
    IN_POD,
    MANIFESTS,
    Object,
    Values,
    exporter_in,
    in_api,
    manifests,
    objects,
    of_kind,
    pods,
    the,
    values_of,
)
from tests.support.product import PYTHON, Scrape, Simulator, clean_environment, command
from tests.support.servers import LOOPBACK, Process, Start, answers, eventually, free_port, get

MOUNT: Final = "/etc/oran-mano-exporter"
JOURNAL: Final = "/var/lib/oran-mano-exporter"
PODS_OWN: Final = {
    "metadata.namespace": f"noc-{'n' * 59}",
    "metadata.name": f"mano-api-{'a' * 41}-7d4b9c-x2x5z",
}
"""As long as Kubernetes makes them: 63 characters each."""
READS: Final = {"monitoring.health", "monitoring.metrics"}
KEPT_ELSEWHERE: Final = {"mano-probe": {"password": b"hunter2", "ca.pem": b""}}
"""The Secrets that the cases and examples expect to be there, by name."""


def files_of(pod: Object, made: list[Object]) -> Iterator[tuple[str, bytes]]:
    """What the kubelet puts into the volume of configuration and secrets."""
    (volume,) = [one for one in pod["volumes"] if one["name"] == "mano-exporter-config"]
    for source in volume["projected"]["sources"]:
        if "configMap" in source:
            (found,) = _named(source["configMap"]["name"], of_kind("ConfigMap", made))
            yield from ((key, text.encode()) for key, text in found["data"].items())
        elif (name := source["secret"]["name"]) in KEPT_ELSEWHERE:
            authority = trustme.CA().cert_pem.bytes()
            yield from ((key, one or authority) for key, one in KEPT_ELSEWHERE[name].items())
        else:
            (found,) = _named(name, of_kind("Secret", made))
            yield from ((key, base64.b64decode(text)) for key, text in found["data"].items())


def _named(name: str, among: list[Object]) -> list[Object]:
    return [one for one in among if one["metadata"]["name"] == name]


def environment_of(container: Object) -> dict[str, str]:
    """What the kubelet makes of the variables: one may name those before it."""
    made: dict[str, str] = {}
    for one in container.get("env", []):
        value = one.get("value") or PODS_OWN[one["valueFrom"]["fieldRef"]["fieldPath"]]
        made[one["name"]] = re.sub(r"\$\((\w+)\)", lambda named: made[named[1]], value)
    return made


def mount(files: Iterator[tuple[str, bytes]], folder: Path, generation: str) -> None:
    """Put files into a folder as the kubelet does: all of them change at one stroke."""
    new = folder / f"..{generation}"
    new.mkdir(parents=True)
    for name, data in files:
        (new / name).write_bytes(data)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    link = folder / "..data_tmp"
    link.symlink_to(new.name)
    link.replace(folder / "..data")


def arguments_in(container: Object, folder: Path, address: str) -> list[str]:
    """The container's arguments, for a process on this machine."""
    port = container["ports"][0]["containerPort"]
    listen, config = f"--web.listen-address=:{port}", f"--config.file={MOUNT}/config.yaml"
    assert {listen, config} <= set(container["args"])
    ours = {listen: f"--web.listen-address={address}", config: config.replace(MOUNT, str(folder))}
    return [ours.get(one, one) for one in container["args"]]


def only_exporter(made: list[Object]) -> Object:
    """The pod that is not the test's."""
    (pod,) = [one for one in pods(made) if one.get("restartPolicy") != "Never"]
    return pod


@pytest.mark.parametrize("name", MANIFESTS)
async def test_the_exporter_takes_its_configuration_and_flags(name: str, tmp_path: Path) -> None:
    made = manifests(name)
    pod = only_exporter(made)
    container = exporter_in(pod)
    mount(files_of(pod, made), tmp_path, "first")
    arguments = arguments_in(container, tmp_path, f"{LOOPBACK}:0")

    ended = await command(*arguments, "--config.check", env=environment_of(container))

    valid = f"{tmp_path}/config.yaml: the configuration is valid\n"
    assert (ended.code, ended.out, ended.err) == (0, valid, "")


@pytest.mark.parametrize("name", MANIFESTS)
async def test_its_traffic_is_within_its_share(name: str, tmp_path: Path) -> None:
    made = manifests(name)
    pod = only_exporter(made)
    mount(files_of(pod, made), tmp_path, "first")
    config = f"--config.file={tmp_path}/config.yaml"

    ended = await command("check", config, env=environment_of(exporter_in(pod)))

    assert ended.code == 0, ended.out


@pytest.mark.parametrize(
    ("pods_of_api", "flags", "code"),
    [(62, ["check"], 0), (63, ["check"], 1), (1000, ["--config.check"], 0)],
)
async def test_a_share_of_many_is_read_and_62_pods_keep_within_it(
    pods_of_api: int, flags: list[str], code: int, tmp_path: Path
) -> None:
    made = objects({"config": IN_POD, "mode": "sidecar", "sidecar": {"pods": pods_of_api}})
    file = tmp_path / "config.yaml"
    file.write_text(the("ConfigMap", made)["data"]["config.yaml"])

    ended = await command(*flags, f"--config.file={file}", env={"ORAN_MANO_TARGET": "pod"})

    assert ended.code == code, ended.out + ended.err
    assert ("may exceed their share" in ended.out) is bool(code)


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("sidecar-")])
def test_the_configuration_is_passed_through(case: str) -> None:
    values = values_of(case) | {"dashboards": {"enabled": False}}

    text = the("ConfigMap", objects(values))["data"]["config.yaml"]

    kept = {"state": {"journal": JOURNAL}} if "persistence" in values else {}
    assert yaml.safe_load(text) == values["config"] | kept


def values_for(url: str, **target: object) -> Values:
    return {
        "config": {"targets": [{"name": "lab", "url": url, **target}]},
        "reloadInterval": "100ms",
        "secrets": {"password": "demo"},
    }


async def started(
    made: list[Object], folder: Path, start: Start, probe: str = "ready"
) -> tuple[Process, str]:
    """The exporter as its pod starts it."""
    pod = only_exporter(made)
    container = exporter_in(pod)
    mount(files_of(pod, made), folder, "first")
    address = f"{LOOPBACK}:{free_port()}"
    argv = [*PYTHON, "-m", "exporter", *arguments_in(container, folder, address)]
    env = clean_environment(environment_of(container))
    ready = answers(f"http://{address}/-/{probe}")
    return await start(Process(argv, ready=ready, env=env)), address


async def test_the_kubelets_questions_are_answered(start: Start, tmp_path: Path) -> None:
    api = await start(Simulator())
    _, address = await started(objects(values_for(api.url)), tmp_path, start)
    container = exporter_in(only_exporter(objects(values_for(api.url))))

    paths = [container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]

    assert paths == ["/-/healthy", "/-/ready"]
    assert [(await get(f"http://{address}{path}"))[0] for path in paths] == [200, 200]


async def test_what_the_kubelet_swaps_is_reloaded(start: Start, tmp_path: Path) -> None:
    api = await start(Simulator())
    process, address = await started(objects(values_for(api.url)), tmp_path, start)
    made = objects(values_for(api.url, labels={"site": "north"}))

    mount(files_of(only_exporter(made), made), tmp_path, "second")
    await process.line("the configuration is reloaded")

    _, body = await get(f"http://{address}/metrics")
    assert Scrape(body.decode()).one("oran_mano_target_info", target="lab", site="north") == 1


async def test_the_test_pod_tells_well_from_not(start: Start, tmp_path: Path) -> None:
    api = await start(Simulator())
    process, address = await started(objects(values_for(api.url)), tmp_path, start)

    async def test(seconds: str) -> int:
        (container,) = the("Pod", objects(values_for(api.url)))["spec"]["containers"]
        assert container["command"] == ["python3", "-c"]
        script, url, patience = container["args"]
        assert (url, patience) == ("http://mano-oran-mano-exporter:10945", "60")
        argv = (sys.executable, "-c", script, f"http://{address}", seconds)
        run = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
        return await run.wait()

    assert await test("60") == 0
    process.signal(signal.SIGTERM)
    await process.wait()
    assert await test("0") == 1


async def test_a_sidecar_probes_its_pod_under_the_names_of_namespace_and_pod(
    start: Start, tmp_path: Path
) -> None:
    api = await start(Simulator())
    made = in_api({"config": {"targets": [{"url": api.url, "interval": "1s"}]}})
    _, address = await started(made, tmp_path, start)

    async def probed() -> dict[str, float] | None:
        _, body = await get(f"http://{address}/metrics")
        name = f"{PODS_OWN['metadata.namespace']}.{PODS_OWN['metadata.name']}"
        success = Scrape(body.decode()).by("surface", "oran_mano_probe_success", target=name)
        return success if len(success) > 1 else None

    assert await eventually(probed) == {"monitoring.health": 1, "monitoring.metrics": 1}
    assert {one["surface"] for one in (await api.requests())["counts"]} == READS
