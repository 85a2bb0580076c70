"""What an image is built from without a registry: brought into the cache by ``make tools``.

buildah builds it and debootstrap makes a base, both from the machine's own Debian mirror; the
wheels come from the index that pip is configured for. The build itself then needs no network.
Building takes root: file systems have owners and are mounted.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from tests.support import fetching, tools

PROGRAMS: Final = ("buildah", "debootstrap")
REQUIREMENTS: Final = tuple(tools.ROOT / "requirements" / f"{n}.txt" for n in ("runtime", "image"))
PACKAGES: Final = "ca-certificates,python3,python3-venv"
NOT_SLIM: Final = ("usr/share/locale", "usr/share/man", "usr/share/info", "var/cache/apt")
MANYLINUX: Final = ("2014", "_2_17", "_2_26", "_2_28")


class CannotBuild(Exception):  # noqa: N818  # a state of the machine, not an error of ours
    """An image cannot be built here; the message tells what is missing and how to get it."""


class Ingredients(NamedTuple):
    """What is in the cache."""

    base: Path
    wheels: Path


def ingredients() -> Ingredients:
    """Everything that a build needs.

    Raises:
        CannotBuild: something is missing.
    """
    _demand_root()
    for program in PROGRAMS:
        if not shutil.which(program):
            raise CannotBuild(f"{program} is missing: run `make tools` as root, {_by_hand()}")
    for path in (base := _base(), wheels := _wheels()):
        if not path.exists():
            raise CannotBuild(f"{path} is missing: run `make tools` as root")
    return Ingredients(base, wheels)


def _demand_root() -> None:
    if os.geteuid() != 0:
        raise CannotBuild(f"building an image takes root: run as root, {_by_hand()}")
    if subprocess.run(("unshare", "--mount", "true"), check=False, capture_output=True).returncode:
        raise CannotBuild(
            "building an image mounts file systems, which this root may not: "
            "give the container CAP_SYS_ADMIN (docker run --privileged)"
        )
    if _release().get("ID") != "debian":
        raise CannotBuild("its base is made of Debian's packages: run on a Debian machine")


def _by_hand() -> str:
    return f"or by yourself: apt-get install {' '.join(PROGRAMS)}"


def _release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _cache() -> Path:
    return tools.cache() / "image"


def _base() -> Path:
    return _cache() / f"base-{_release()['VERSION_CODENAME']}.tar"


def _wheels() -> Path:
    """A folder for each set of requirements: another set would not find its wheels in it."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in (*REQUIREMENTS,)))
    return _cache() / f"wheels-{digest.hexdigest()[:12]}"


# --- Fetching: what `make tools` does ------------------------------------------------------------


def _run(*argv: str | Path, env: Mapping[str, str] | None = None) -> str:
    full = {**os.environ, **(env or {})}
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=full)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-8:]
        raise CannotBuild("\n  ".join([f"{argv[0]} ended with {done.returncode}:", *said]))
    return done.stdout


def _install_programs() -> None:
    with TemporaryDirectory(prefix="apt-") as folder:
        conf = Path(folder, "apt.conf")
        conf.write_text(fetching.APT_CONF.format(here=folder))
        for name in ("state/lists/partial", "cache/archives/partial"):
            Path(folder, name).mkdir(parents=True)
        apt = ("apt-get", "-qq", "-c", str(conf))
        # A source that is down matters only if the packages are nowhere else.
        subprocess.run([*apt, "update"], check=False, capture_output=True)
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        _run(*apt, "install", "--yes", "--no-install-recommends", *PROGRAMS, env=quiet)


def _make_base(to: Path) -> None:
    release = _release()["VERSION_CODENAME"]
    with TemporaryDirectory(prefix="base-", dir=_cache()) as folder:
        flags = ["--variant=minbase", f"--include={PACKAGES}"]
        _run("debootstrap", *flags, release, folder, _mirror(release), env=_proxies())
        for name in NOT_SLIM:  # as images called slim are
            shutil.rmtree(Path(folder, name))
        _run("tar", "--numeric-owner", "-C", folder, "-cf", to, ".")


def _mirror(release: str) -> str:
    """Where this machine's apt takes that release from."""
    told = _run("apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)")
    for line in told.splitlines():
        of, component, uri = line.split(" ", 2)
        if (of, component) == (release, "main"):
            return uri
    raise CannotBuild(f"apt has no source of {release} main")


def _proxies() -> dict[str, str]:
    told = _run("apt-config", "shell", *("http_proxy", "Acquire::http::Proxy"))
    return {"http_proxy": told.split("'")[1]} if "'" in told else {}


def _fetch_wheels(to: Path) -> None:
    """Those that suit the base's Python, whatever this one is."""
    of_base = _run("tar", "-tf", _base(), "--wildcards", "./usr/bin/python3.*")
    version = of_base.split()[0].rpartition("python")[2]
    flags = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    suits = [f"--platform=manylinux{age}_{platform.machine()}" for age in MANYLINUX]
    # Each on its own: they are never installed together, and may differ in what they pin.
    for requirements in REQUIREMENTS:
        pip = [sys.executable, "-m", "pip", "download", *flags, f"--python-version={version}"]
        _run(*pip, *suits, "--dest", to, "--requirement", requirements)


def _bring() -> Ingredients:
    _demand_root()
    _cache().mkdir(parents=True, exist_ok=True)
    if not all(map(shutil.which, PROGRAMS)):
        _say("Installing buildah and debootstrap (once)...")
        _install_programs()
    if not _base().exists():
        _say("Making a base for the image (once)...")
        part = _cache() / "base.part"
        _make_base(part)
        part.rename(_base())
    if not _wheels().exists():
        _say("Fetching the wheels of the image...")
        for old in _cache().glob("wheels-*"):
            shutil.rmtree(old)
        part = _cache() / "wheels-part"
        _fetch_wheels(part)
        part.rename(_wheels())
    return ingredients()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Bring what is not there yet; 1, and why, if that cannot be."""
    try:
        base, _ = _bring()
    except (CannotBuild, OSError) as failure:
        sys.stderr.write(f"the image's test cannot run here: {failure}\n")
        return 1
    _say(f"{'base':<10}  {base.stem:<20}  {base}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
