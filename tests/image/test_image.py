"""The image holds what it should, and nothing else."""

import fnmatch
import ipaddress
import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from exporter import __version__
from tests.image.build import REVISION, SECRET_INDEX, TOLD, Image
from tests.image.container import command, environment
from tests.support.tools import ROOT

DOCKERFILE: Final = ROOT / "Dockerfile"
HOME: Final = "opt/oran-mano-exporter"
MEGABYTES: Final = 100
"""More than this, compressed, is a mistake: a compiler, a cache, a second copy."""

INSTALLS: Final = (
    "pip",
    "pip3*",
    "pip-*",
    "ensurepip",
    "easy_install*",
    "setuptools",
    "uv",
    "*.whl",
)
COMPILES: Final = (
    "cc",
    "c++",
    "gcc*",
    "g++*",
    "clang*",
    "ld",
    "ld.bfd",
    "as",
    "make",
    "python*-config",
)
PUBLIC: Final = {"pypi.org", "files.pythonhosted.org", "deb.debian.org"}
"""Hosts that packages name in their own descriptions."""


def test_size(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    packed = sum(layer.stat().st_size for layer in image.layers) / 1e6
    files = [path.lstat() for path in image.root.rglob("*") if path.is_file()]
    unpacked = sum({file.st_ino: file.st_size for file in files}.values()) / 1e6
    own = (path for path in (image.root / HOME).rglob("*") if path.is_file())
    added = sum(path.lstat().st_size for path in own) / 1e6
    sizes = f"{packed:.0f} MB packed, {unpacked:.0f} MB unpacked, {added:.0f} MB of it ours"
    with capsys.disabled():
        sys.stdout.write(f"\nimage: {sizes}\n")
    assert packed < MEGABYTES


def test_it_says_what_it_is_and_how_it_runs(image: Image) -> None:
    config = image.config["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["oran-mano-exporter"]
    assert config["ExposedPorts"] == {"10945/tcp": {}}
    assert environment(image)["ORAN_MANO_EXPORTER_REVISION"] == REVISION
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.revision"] == REVISION
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.base.name"] == "localhost/base"
    told = ("source", "documentation", "created", "base.digest")
    assert [labels[f"org.opencontainers.image.{key}"] for key in told] == [*TOLD.values()]


def test_nothing_installs_or_compiles(image: Image) -> None:
    found = image.find("usr/**/*", "opt/**/*")
    names = [path.name for path in found]
    programs = [path.name for path in found if path.parent.name in {"bin", "sbin"}]
    assert [one for pattern in INSTALLS for one in fnmatch.filter(names, pattern)] == []
    assert [one for pattern in COMPILES for one in fnmatch.filter(programs, pattern)] == []
    assert "oran-mano-exporter" in programs


def test_nothing_gains_rights_and_nothing_is_hidden(image: Image) -> None:
    members = [member for member, _ in image.members()]
    gains = [
        one.name for one in members if one.isfile() and one.mode & (stat.S_ISUID | stat.S_ISGID)
    ]
    assert gains == []
    assert [one.name for one in members if Path(one.name).name.startswith(".wh.")] == []
    folders = {"mnt", "etc/oran-mano-exporter", "var/lib/oran-mano-exporter"}
    owners = {one.name.strip("/"): one.uid for one in members if one.name.strip("/") in folders}
    assert owners == {"mnt": 0, "etc/oran-mano-exporter": 0, "var/lib/oran-mano-exporter": 65532}


def test_no_index_or_mirror_of_the_builder_is_in_it(image: Image) -> None:
    hosts = [host.encode() for host in (SECRET_INDEX, *configured_hosts())]
    found = {member.name for member, content in image.members() if any(h in content for h in hosts)}
    found |= {path.name for path in image.documents if any(h in path.read_bytes() for h in hosts)}
    assert found == set()
    assert not image.find("etc/pip.conf", "etc/apt/sources.list*")


def configured_hosts() -> Iterator[str]:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    apt = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    for argv in (pip, apt):
        told = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
        for url in re.findall(r"https?://[^\s'\"]+", told):
            if (host := urlsplit(url).hostname) and host not in PUBLIC and not is_loopback(host):
                yield host


def is_loopback(host: str) -> bool:
    """Whether it names this machine, as a caching proxy's does: any program may hold that."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("localhost", True),
        ("proxy.localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("mirror.example.net", False),
    ],
)
def test_what_names_this_machine_is_nobodys_secret(host: str, *, known: bool) -> None:
    assert is_loopback(host) is known


def test_all_bytecode_is_there_and_valid_whatever_the_times(image: Image) -> None:
    sources = image.find(f"{HOME}/lib/**/*.py", "usr/lib/python3.*/**/*.py")
    compiled = image.find(f"{HOME}/lib/**/*.pyc", "usr/lib/python3.*/**/*.pyc")
    assert len(sources) > 1000
    of = {path.parent.parent / f"{path.name.partition('.')[0]}.py" for path in compiled}
    assert {*sources} - of == set()
    unchecked = (0b01).to_bytes(4, "little")  # PEP 552: by hash, and not to be checked
    flags = {(image.root / path).read_bytes()[4:8] for path in compiled}
    assert flags == {unchecked}


def test_the_bill_of_materials_is_what_was_locked(image: Image) -> None:
    bill = json.loads((image.root / "usr/share/oran-mano-exporter/sbom.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    itself = bill["metadata"]["component"]
    assert (itself["name"], itself["version"]) == ("oran-mano-exporter", __version__)
    told = {f"{normal(one['name'])}=={one['version']}" for one in bill["components"]}
    lock = (ROOT / "requirements" / "runtime.txt").read_text()
    locked = set(
        re.findall(r"^(\S+==\S+)(?: \\| ; (?!sys_platform == 'win32'))", lock, re.MULTILINE)
    )
    assert told == locked


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize(("env", "passes"), [({}, True), ({"AIOHTTP_NO_EXTENSIONS": "1"}, False)])
def test_a_build_without_compiled_extensions_would_fail(
    image: Image, env: dict[str, str], *, passes: bool
) -> None:
    (check,) = re.findall(r"bin/python3 -c '(.*?)';", DOCKERFILE.read_text(), re.DOTALL)
    python = f"/{HOME}/bin/python3"
    argv = command(image, [python, "-c", check.replace("\\\n", "")])
    done = subprocess.run(
        argv, check=False, capture_output=True, text=True, env=environment(image) | env
    )
    assert (done.returncode == 0) is passes, done.stderr


def test_hadolint_has_nothing_to_say() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hadolint"), "--no-color", DOCKERFILE],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "")
