"""What of ``compose.yaml`` can be checked where no containers run."""

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.support import tools
from tests.support.product import command
from tests.support.tools import ROOT

COMPOSE: Final = ROOT / "deploy" / "compose"
SERVICES: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
URL: Final = re.compile(r"http://([\w-]+):(\d+)")


def mounts(service: str) -> dict[str, Path]:
    """What is mounted where, read-only all of it."""
    found = {}
    for volume in SERVICES[service].get("volumes", ()):
        here, there, mode = volume.split(":")
        assert mode == "ro"
        found[there] = ROOT / here
    return found


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


def test_nothing_is_open_to_other_machines() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert ports
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_every_address_is_a_service() -> None:
    texts = [path.read_text() for path in COMPOSE.rglob("*.yaml")] + [str(SERVICES)]
    named = {host for text in texts for host, _ in URL.findall(text)}
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
