"""``make bench-rules``: what the shipped rules cost a Prometheus, by how many surfaces there are.

Days of series are written down, a Prometheus is started on them with the shipped rules,
and tells how long each group takes. A group that is evaluated every other minute counts half, one
of once an hour not at all.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

import yaml

from tests.bench import machine
from tests.bench.synthetic import EVALUATION, interval, series, write
from tests.support import tools
from tests.support.servers import Prometheus, eventually

RULES: Final = tools.ROOT / "alerts"
GOAL: Final = (1500, 5.0)
"""So many surfaces take no more seconds a minute."""
_BLOCK: Final = 54 * 3600
"""Seconds: as large as Prometheus' own blocks of a few days."""
_HEAD: Final = 2 * 3600
_HOUR: Final = 3600
_DAY: Final = 86_400


class Cost(NamedTuple):
    """Of one group: seconds of an evaluation, and between two."""

    group: str
    seconds: float
    interval: float

    @property
    def a_minute(self) -> float:
        """Seconds of evaluation that a minute takes of it."""
        return self.seconds * 60 / self.interval


class Stage(NamedTuple):
    """Rule files, seconds of data, and whether every run fails."""

    files: Sequence[Path]
    history: int
    down: bool

    def rules(self) -> list[Mapping[str, Any]]:
        """The files, as YAML reads them."""
        return [yaml.safe_load(file.read_text()) for file in self.files]


def main() -> int:
    """Measure, and print; 1 if the goal is missed."""
    parser = argparse.ArgumentParser(prog="make bench-rules", description=__doc__)
    parser.add_argument("--surfaces", type=int, nargs="+", default=[15, 210, 1500])
    parser.add_argument("--days", type=float, default=3, help="of data (default %(default)s)")
    parser.add_argument("--rules", type=Path, default=RULES, help="a folder of *.rules.yaml")
    parser.add_argument("--down", action="store_true", help="every run fails")
    arguments = parser.parse_args()
    files = sorted(arguments.rules.glob("*.rules.yaml"))
    stage = Stage(files, round(arguments.days * _DAY), arguments.down)
    sys.stdout.write(f"Prometheus {tools.version_of(tools.prometheus())}, {machine.words()}\n")
    measured: dict[int, list[Cost]] = {}
    for surfaces in arguments.surfaces:
        measured[surfaces] = asyncio.run(measure(stage, surfaces))
    sys.stdout.write(table(measured))
    surfaces, limit = GOAL
    took = sum(cost.a_minute for cost in measured.get(surfaces, []))
    return int(took > limit)


def table(measured: Mapping[int, Sequence[Cost]]) -> str:
    """Milliseconds a minute: a line for each group, a column for each number of surfaces."""
    by_group: dict[str, list[float]] = {}
    for costs in measured.values():
        for cost in costs:
            by_group.setdefault(cost.group, []).append(cost.a_minute)
    by_group["all of them"] = [sum(cost.a_minute for cost in costs) for costs in measured.values()]
    lines = [_row("ms of evaluation a minute, surfaces:", measured)]
    lines += [
        _row(group, [f"{1000 * each:.1f}" for each in figures])
        for group, figures in by_group.items()
    ]
    return "\n".join(lines) + "\n"


def _row(first: str, cells: Sequence[object] | Mapping[int, object]) -> str:
    return f"{first:<38}" + "".join(f"{cell!s:>10}" for cell in cells)


# --- Measure -------------------------------------------------------------------------------------


async def measure(stage: Stage, surfaces: int) -> list[Cost]:
    """What each group of the rules costs with so many surfaces."""
    with TemporaryDirectory(prefix="bench-rules-") as folder:
        end = _store(Path(folder), stage, surfaces)
        return await _evaluated(Path(folder) / "data", stage, end)


def _store(folder: Path, stage: Stage, surfaces: int) -> int:
    """Write blocks of data, the newest last; until when there is data, in seconds since 1970."""
    edge = int(time.time()) // _HEAD * _HEAD
    first = edge - stage.history
    for start in range(first // _BLOCK * _BLOCK, edge, _BLOCK):
        part = (max(start, first), min(start + _BLOCK, edge))
        _block(folder, stage, surfaces, (*part, edge))
    end = int(time.time()) + 10 + surfaces // 30  # it takes about so long
    _block(folder, stage, surfaces, (edge, end, end))
    return end


def _block(folder: Path, stage: Stage, surfaces: int, span: tuple[int, int, int]) -> None:
    text = folder / "series.om"
    with text.open("w") as file:
        everything = series(stage.rules(), surfaces, stage.history, down=stage.down)
        samples = write(file, everything, *span)
    sys.stderr.write(f"{surfaces} surfaces: {samples} samples written\n")
    if samples:
        argv = [str(tools.promtool()), "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
        size = f"--max-block-duration={_BLOCK // 3600}h"
        subprocess.run([*argv, size, str(text), str(folder / "data")], check=True)
    text.unlink()


async def _evaluated(data: Path, stage: Stage, end: int) -> list[Cost]:
    """The first evaluation of each group after the end of the data."""
    first: dict[str, Cost] = {}
    groups = [group for file in stage.rules() for group in file["groups"]]
    names = [group["name"] for group in groups if interval(group) < _HOUR]
    async with AsyncExitStack() as stack:
        server = Prometheus(
            scrape_configs=[],
            scrape_interval=f"{EVALUATION}s",
            rules=stage.files,
            flags=["--storage.tsdb.retention.time=60d"],
            data=data,
        )
        prometheus = await stack.enter_async_context(server)

        async def all_of_them() -> bool | None:
            for group in (await prometheus.api("rules"))["groups"]:
                last = datetime.fromisoformat(f"{group['lastEvaluation'][:19]}+00:00").timestamp()
                if last >= end:
                    seen = Cost(group["name"], group["evaluationTime"], group["interval"])
                    first.setdefault(seen.group, seen)
            return (first.keys() >= set(names)) or None

        await eventually(all_of_them, within=600)
    return [first[name] for name in names]


if __name__ == "__main__":
    sys.exit(main())
