"""``make bench-weight``: what is loaded when, and what it weighs, as the table of performance.md.

Each line is a process of its own that imports what the lines which it stands on do, then its own:
what it adds is what it weighs. What is there already weighs nothing, so the order matters.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from exporter.process.inherited_environment import sparing
from tests.support.tools import ROOT

ROUNDS: Final = 5
_PYTHON: Final = "Python itself"
_MEASURED: Final = """
import gc, os, sys, time
gc.disable()
sys.path.insert(0, {root!r})
def now():
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(sys.modules), time.process_time()
for name in {before!r}:
    __import__(name)
then = now()
for name in {names!r}:
    __import__(name)
print(*(after - before for after, before in zip(now(), then)))
"""
_BARE: Final = """
import os, sys, time
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[1])
print(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, len(sys.modules), time.process_time())
"""


class Step(NamedTuple):
    """Modules that are loaded together, and the step that has to be there before."""

    names: tuple[str, ...]
    before: str = _PYTHON


STEPS: Final[Mapping[str, Step]] = {
    "the command line (`--version`)": Step(("exporter.commands.main",)),
    "a configuration and its plan (`check`)": Step(
        ("exporter.process.load", "exporter.process.options"), "the command line (`--version`)"
    ),
    "asyncio, with TLS": Step(("asyncio", "ssl", "logging")),
    "msgspec": Step(("msgspec",), "asyncio, with TLS"),
    "aiohttp, as a client": Step(("aiohttp",), "msgspec"),
    "aiohttp, as a server": Step(("aiohttp.web",), "aiohttp, as a client"),
    "prometheus-client": Step(("prometheus_client",), "aiohttp, as a server"),
    "APScheduler": Step(("apscheduler.schedulers.asyncio",), "prometheus-client"),
    "http-sf": Step(("http_sf",), "APScheduler"),
    "our own": Step(("exporter.commands.main", "exporter.process.serve"), "http-sf"),
    "a configuration in a file": Step(("exporter.config.yaml.compose",), "our own"),
    "pages that somebody reads": Step(
        ("exporter.web.status_page", "exporter.web.logs_page", "exporter.web.reasons_page"),
        "our own",
    ),
    "traces over HTTP": Step(
        (
            "exporter.traces.otlp.sdk",
            "opentelemetry.exporter.otlp.proto.http.trace_exporter",
            "exporter.traces.otlp.session",
        ),
        "our own",
    ),
    "traces over gRPC": Step(
        ("exporter.traces.otlp.sdk", "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"),
        "our own",
    ),
    "tables for people": Step(
        ("rich.table", "exporter.commands.tables"), "a configuration and its plan (`check`)"
    ),
}


class Weight(NamedTuple):
    """What a step adds: MiB resident, modules, seconds of CPU."""

    memory: float
    modules: float
    seconds: float


def weigh(step: str | None, rounds: int = ROUNDS) -> Weight:
    """The median of some processes; ``None`` is Python itself, as it is."""
    found = [_once(step) for _ in range(rounds)]
    return Weight(*map(statistics.median, zip(*found, strict=True)))


def _once(step: str | None) -> Weight:
    if step is None:
        code = _BARE
    else:
        code = _MEASURED.format(
            root=str(ROOT), before=_names(STEPS[step].before), names=STEPS[step].names
        )
    # The first of a round writes the bytecode that an installed exporter has.
    env = {name: it for name, it in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    argv = [sys.executable, "-c", code]
    with sparing(env):
        done = subprocess.run(argv, check=True, capture_output=True, text=True, env=env)
    return Weight(*map(float, done.stdout.split()))


def _names(step: str) -> tuple[str, ...]:
    """All that is loaded before the next one."""
    if step == _PYTHON:
        return ()
    return (*_names(STEPS[step].before), *STEPS[step].names)


def table(weights: Mapping[str, tuple[Weight, str]]) -> str:
    """A Markdown table of what each adds, and on top of what."""
    rows = [
        (name, before, f"{each.memory:.1f}", f"{each.modules:.0f}", f"{each.seconds * 1000:.0f}")
        for name, (each, before) in weights.items()
    ]
    head = ("what", "on top of", "MiB", "modules", "ms of CPU")
    lines = [head, ("---", "---", "--:", "--:", "--:"), *rows]
    return "\n".join(map(_line, lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """Measure, and print."""
    weights = {_PYTHON: (weigh(None), "")}
    for name, step in STEPS.items():
        weights[name] = (weigh(name), step.before)
    sys.stdout.write(f"{table(weights)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
