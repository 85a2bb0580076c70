"""How long a server takes from the start of its process to its first page of metrics."""

import http.client
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Final, NamedTuple

from tests.bench.sides import Blackbox, Ours, Plain, Side
from tests.bench.situation import Situation, World
from tests.support.servers import ExitedError

LIBRARIES: Final = "import aiohttp.web, prometheus_client, apscheduler.schedulers.asyncio"
"""What an exporter cannot do without: no start is shorter."""
EVERYTHING: Final = (
    "import exporter.commands.main, exporter.config, exporter.logs.format,"
    " exporter.process.load, exporter.process.serve"
)
"""What the exporter imports before it serves."""
_TELL: Final = "; print(*[line for line in open('/proc/self/status') if line.startswith('VmRSS')])"
_LIMIT: Final = 60.0
_PAUSE: Final = 0.002


class Starts(NamedTuple):
    """Seconds to the first metrics, by turns: with one target, and with all of them.

    ``libraries`` is only how long Python takes to import those that it stands on, and to end.
    """

    ours: Sequence[float]
    ours_full: Sequence[float]
    blackbox: Sequence[float]
    plain: Sequence[float]
    libraries: Sequence[float]


def starts(world: World, targets: int, repetitions: int) -> Starts:
    """Start each so many times, nothing else beside it; what ends by itself raises ExitedError."""
    one = Situation(1)
    sides = (Ours(one, world), Ours(Situation(targets), world), Blackbox(one, world))
    taken: list[tuple[float, ...]] = []
    with ExitStack() as stack:
        new = TemporaryDirectory(prefix="bench-starts-")
        folder = Path(stack.enter_context(new))
        every = [*sides, Plain(one, world)]
        began = [_prepared(folder / str(nth), side) for nth, side in enumerate(every)]
        for _ in range(repetitions):
            metrics = [first_metrics(*each) for each in began]
            taken.append((*metrics, _imports(LIBRARIES)))
    return Starts(*zip(*taken, strict=True))


def _prepared(folder: Path, side: Side) -> tuple[list[str], str, Mapping[str, str]]:
    folder.mkdir()
    return side.argv(folder), side.address, side.environment()


def _imports(statement: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - began


class Imports(NamedTuple):
    """Resident MiB of a Python that has imported what it needs, and done nothing else."""

    ours: float
    libraries: float


def imports() -> Imports:
    """Measure both."""
    return Imports(_memory_of(EVERYTHING), _memory_of(LIBRARIES))


def _memory_of(statement: str) -> float:
    told = subprocess.run(
        [sys.executable, "-c", statement + _TELL], check=True, capture_output=True, text=True
    )
    return int(told.stdout.split()[1]) / 1024


def first_metrics(argv: Sequence[str], address: str, env: Mapping[str, str]) -> float:
    """Start it, wait for all of its first page, and end it.

    Raises ExitedError, with what it said last, when it ends by itself or is silent for a minute.
    """
    with TemporaryFile() as output:
        began = time.perf_counter()
        child = subprocess.Popen(argv, stdout=output, stderr=output, env=env)
        try:
            while not _answers(address):
                if child.poll() is not None or time.perf_counter() - began > _LIMIT:
                    output.seek(0)
                    message = f"{argv[0]} has no metrics:\n{output.read().decode()[-2000:]}"
                    raise ExitedError(message)
                time.sleep(_PAUSE)
            return time.perf_counter() - began
        finally:
            child.kill()
            child.wait()


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=_LIMIT)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return bool(answer.read()) and answer.status == http.client.OK
    except ConnectionError:
        return False
    finally:
        connection.close()
