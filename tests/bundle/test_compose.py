"""What of ``compose.yaml`` can be checked where no containers run."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support import tools
from tests.support.product import Exporter, Simulator, command
from tests.support.servers import LOOPBACK, Start, free_port
from tests.support.tools import ROOT

COMPOSE: Final = ROOT / "deploy" / "compose"
FILE: Final = ROOT / "compose.yaml"
PROJECT: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text())
SERVICES: Final[dict[str, Any]] = PROJECT["services"]
MAJORS: Final = {"prometheus": "v3", "alertmanager": "v0", "tempo": "3", "grafana": "13"}
WRITTEN: Final = {
    "prometheus": {"/prometheus"},
    "alertmanager": {"/alertmanager"},
    "tempo": {"/var/tempo"},
    "grafana": {"/var/lib/grafana"},
}
"""What each of them writes to, and nothing else."""
URL: Final = re.compile(r"http://([\w-]+):(\d+)")


def mounts(service: str) -> dict[str, Path]:
    """What is mounted where of our files, read-only all of it."""
    found = {}
    for volume in SERVICES[service].get("volumes", ()):
        if volume.startswith("./"):
            here, there, mode = volume.split(":")
            assert mode == "ro"
            found[there] = ROOT / here
    return found


def named_volumes(service: str) -> dict[str, str]:
    """What is kept where, under which name."""
    kept = [one.split(":") for one in SERVICES[service].get("volumes", ()) if one[0] != "."]
    return {there: name for name, there in kept}


def inside(service: str, path: str) -> Path:
    """The file of ours that a container sees under that path."""
    for there, here in mounts(service).items():
        if path == there or path.startswith(f"{there}/"):
            return here / path[len(there) :].lstrip("/")
    pytest.fail(f"{service} sees no {path}")


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_mounted_exists(service: str) -> None:
    assert [here for here in mounts(service).values() if not here.exists()] == []
    named = re.findall(r"/etc/[\w./-]+\.(?:yaml|json)", str(SERVICES[service]))
    assert [path for path in named if not inside(service, path).exists()] == []


@pytest.mark.parametrize("service", SERVICES)
def test_images_are_ours_or_pinned(service: str) -> None:
    image = SERVICES[service]["image"]
    if image == "oran-mano-exporter":
        assert (ROOT / SERVICES[service]["build"] / "Dockerfile").exists()
    else:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", image)


def refused_by_the_specification(file: Path) -> str:
    """What Compose's own schema has against it."""
    program = Path(sys.executable).with_name("check-jsonschema")
    argv = [str(program), "--builtin-schema", "vendor.compose-spec", str(file)]
    done = subprocess.run(argv, check=False, text=True, capture_output=True)
    return done.stdout + done.stderr if done.returncode else ""


def test_it_is_as_compose_specifies() -> None:
    assert refused_by_the_specification(FILE) == ""


def test_the_specification_tells_good_from_bad(tmp_path: Path) -> None:
    bad = tmp_path / "compose.yaml"
    bad.write_text(FILE.read_text().replace("    healthcheck:", "    healthchek:", 1))

    assert "healthchek" in refused_by_the_specification(bad)


def test_versions_are_those_in_use() -> None:
    """Their major ones: the last of those before were out of support."""
    images = {name: one["image"].rpartition(":")[2] for name, one in SERVICES.items()}

    assert {name: images[name].partition(".")[0] for name in MAJORS} == MAJORS


@pytest.mark.parametrize("service", SERVICES)
def test_nobody_has_rights_or_writes_to_a_root(service: str) -> None:
    one = SERVICES[service]

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one.keys().isdisjoint(
        {"privileged", "cap_add", "devices", "user", "network_mode", "pid", "ipc", "userns_mode"}
    )


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_written_outlives_the_container_under_a_name(service: str) -> None:
    kept = named_volumes(service)

    assert kept.keys() == WRITTEN.get(service, set())
    assert {*kept.values()} <= PROJECT["volumes"].keys()


def test_every_volume_is_used_and_every_path_is_on_one() -> None:
    assert PROJECT["volumes"].keys() == {
        name for service in SERVICES for name in named_volumes(service).values()
    }
    assert "--storage.tsdb.path=/prometheus" in SERVICES["prometheus"]["command"]
    assert "--storage.path=/alertmanager" in SERVICES["alertmanager"]["command"]
    trace = yaml.safe_load((COMPOSE / "tempo.yaml").read_text())["storage"]["trace"]
    paths = [trace["local"]["path"], trace["wal"]["path"]]
    assert [path for path in paths if not path.startswith("/var/tempo/")] == []


@pytest.mark.parametrize("service", SERVICES)
def test_each_is_asked_whether_it_is_well(service: str) -> None:
    """At a port of its own, within the container; where one waits for it, until it is well."""
    check = SERVICES[service]["healthcheck"]
    kind, *argv = check["test"]
    ports = {each.rpartition(":")[2] for each in SERVICES[service].get("ports", ())}

    assert kind == "CMD"
    assert {port for one in argv for _, port in URL.findall(one)} <= ports
    assert {"interval", "timeout", "retries", "start_period"} < check.keys()
    for other in SERVICES[service].get("depends_on", {}):
        assert "healthcheck" in SERVICES[other]


def asked(service: str, instead_of: str, url: str) -> int:
    """The exit code of a check of health of ours, of what listens there."""
    _, program, *argv = SERVICES[service]["healthcheck"]["test"]
    assert program == "python3"
    assert instead_of in argv[-1]
    argv[-1] = argv[-1].replace(instead_of, url)
    done = subprocess.run([sys.executable, *argv], check=False, capture_output=True, timeout=30)
    return done.returncode


async def test_what_asks_our_own_tells_well_from_not(start: Start) -> None:
    simulator = await start(Simulator())
    root = simulator.url.removesuffix("/v1")
    exporter = await start(Exporter(f"targets: [{{name: lab, url: {simulator.url}}}]"))
    nobody = f"http://{LOOPBACK}:{free_port()}"

    for service, told, url in (
        ("simulator", "http://127.0.0.1:8080", root),
        ("exporter", "http://127.0.0.1:10945", exporter.url),
    ):
        assert await asyncio.to_thread(asked, service, told, url) == 0
        assert await asyncio.to_thread(asked, service, told, nobody) != 0


def test_nothing_is_open_to_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_address_is_a_service() -> None:
    texts = [path.read_text() for path in COMPOSE.rglob("*.yaml")] + [str(SERVICES)]
    named = {host for text in texts for host, _ in URL.findall(text)} - {"127"}
    named |= {host for text in texts for host, _ in re.findall(r'\["([a-z]+):(\d+)"\]', text)}
    assert named == {"simulator", "exporter", "prometheus", "alertmanager", "tempo"}
    assert named <= SERVICES.keys()


def test_prometheus_takes_its_configuration(tmp_path: Path, promtool: Path) -> None:
    """As mounted: rule files are sought beside the configuration."""
    for there, here in mounts("prometheus").items():
        tmp_path.joinpath(Path(there).name).symlink_to(here)
    argv = [str(promtool), "check", "config", str(tmp_path / "prometheus.yaml")]
    done = subprocess.run(argv, check=False, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("rules found") == len([*(ROOT / "alerts").glob("*.rules.yaml")])


def test_alertmanager_takes_its_configuration() -> None:
    config = inside("alertmanager", "/etc/alertmanager/alertmanager.yaml")
    argv = [str(tools.amtool()), "check-config", str(config)]
    assert subprocess.run(argv, check=False, capture_output=True).returncode == 0


async def test_the_exporter_takes_its_configuration() -> None:
    config = inside("exporter", "/etc/oran-mano-exporter/exporter.yaml")
    ended = await command("check", "--config.file", str(config))
    assert (ended.code, ended.err) == (0, "")


def test_exemplars_lead_to_traces() -> None:
    path = COMPOSE / "grafana" / "datasources" / "datasources.yaml"
    sources = {each["uid"]: each for each in yaml.safe_load(path.read_text())["datasources"]}
    assert {each["type"] for each in sources.values()} == {"prometheus", "tempo"}
    (leads,) = sources["prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    assert leads["datasourceUid"] in sources
    assert leads["name"] == "trace_id"
    assert SERVICES["grafana"]["environment"]["GF_USERS_VIEWERS_CAN_EDIT"] == "true"
    assert "--enable-feature=exemplar-storage" in SERVICES["prometheus"]["command"]


def test_grafana_finds_the_dashboards() -> None:
    path = COMPOSE / "grafana" / "dashboards" / "dashboards.yaml"
    (provider,) = yaml.safe_load(path.read_text())["providers"]
    assert inside("grafana", provider["options"]["path"]) == ROOT / "dashboards"
