"""``make bench``: what the exporter costs beside its peers, in one run.

It prints its table and writes it into ``docs/performance.md`` and ``docs/performance.json``. See
there for what it means.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import aiohttp

from tests.bench import machine, report
from tests.bench.block import Blocks, blocks
from tests.bench.exposition import PER_TARGET, SERIES, Exposition, exposition
from tests.bench.figures import document, replaced
from tests.bench.nginx import Nginx
from tests.bench.profiles import ALL, SCALES, Part, Scale
from tests.bench.receiver import Receiver
from tests.bench.report import Told
from tests.bench.say import say
from tests.bench.sidecar import Sidecar, sidecar
from tests.bench.situation import World
from tests.bench.spans import Spans, spans
from tests.bench.startup import Imports, Starts, imports, starts
from tests.bench.turns import by_turns
from tests.support import tools
from tests.support.servers import ExitedError

Job: TypeAlias = Callable[[], Coroutine[None, None, Any]]
PAGE: Final = tools.ROOT / "docs" / "performance.md"
DATA: Final = PAGE.with_suffix(".json")
_MANY: Final = 1000
"""Targets."""
_FILES: Final = 16_000
"""That one process may need open: nginx has the connections of all sides, of 6100 targets once."""
LIMIT: Final = 2700.0
"""Seconds after which it gives up, whatever hangs."""


def main() -> int:
    """Measure, print, and write the page unless told otherwise; 1 if it does not add up."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="full", help="how much is measured")
    parser.add_argument("--print-only", action="store_true", help="leave the page as it is")
    arguments = parser.parse_args()
    scale = SCALES[arguments.scale]
    machine.allow_files(_files(scale))
    replaced(PAGE.read_text(), "")  # if it cannot be written, say so now
    load = machine.load()
    told = asyncio.run(_bounded(scale))
    rows = report.rows(told)
    section = report.section(rows, report.circumstances(told, arguments.scale, load))
    sys.stdout.write(f"\n{section}\n")
    if not arguments.print_only:
        PAGE.write_text(replaced(PAGE.read_text(), section))
        data = {"date": machine.today(), "scale": arguments.scale, "rows": document(rows)}
        DATA.write_text(json.dumps(data, indent=2) + "\n")
        say(f"\nWritten into {PAGE.relative_to(tools.ROOT)} and {DATA.name} beside it.")
    wrong = report.wrong(rows, told.failed, everything=set(scale.wanted) == set(ALL))
    sys.stderr.write("".join(f"{line}\n" for line in wrong))
    return min(len(wrong), 1)


def _files(scale: Scale) -> int:
    return max(1000, _FILES // scale.divisor)


async def _bounded(scale: Scale) -> Told:
    async with asyncio.timeout(LIMIT), AsyncExitStack() as stack:
        nginx = await stack.enter_async_context(Nginx(_files(scale)))
        world = World(nginx, await stack.enter_async_context(Receiver()))
        jobs: dict[str, Job] = {
            profile.name: partial(by_turns, profile, world, scale) for profile in scale.profiles()
        }
        jobs |= {part: partial(PARTS[part], world, scale) for part in scale.parts}
        turn = asyncio.Semaphore(scale.at_once)
        done = await asyncio.gather(*(_in_turn(turn, job) for job in jobs.values()))
        found = dict(zip(jobs, done, strict=True))
        failed = {name: each.why for name, each in found.items() if isinstance(each, Failed)}
        well = {name: each for name, each in found.items() if name not in failed}
        return Told(
            {name: each for name, each in well.items() if name in scale.wanted},
            **{name: each for name, each in well.items() if name in scale.parts},
            failed=failed,
        )


class Failed(NamedTuple):
    """Something that could not be measured: all the rest can be, and that took its time."""

    why: str


async def _in_turn(turn: asyncio.Semaphore, job: Job) -> Any:  # noqa: ANN401  # what the job gives
    async with turn:
        try:
            return await job()
        except (ExitedError, TimeoutError, ValueError, aiohttp.ClientError) as error:
            return Failed(repr(error))


# --- Besides profiles ----------------------------------------------------------------------------


async def _exposition(world: World, scale: Scale) -> Exposition:
    targets = max(1, SERIES // PER_TARGET // scale.divisor)
    return await exposition(world, targets, scale.rounds, 1 + scale.samples // 4)


async def _blocks(world: World, scale: Scale) -> Blocks:
    return await blocks(world, _MANY // scale.divisor, scale.samples // 2)


async def _spans(world: World, scale: Scale) -> Spans:
    return await spans(world, scale.rounds, 250 * scale.samples)


async def _starts(world: World, scale: Scale) -> Starts:
    say("starts")
    return await asyncio.to_thread(starts, world, _MANY // scale.divisor, 1 + scale.samples // 8)


async def _imports(world: World, scale: Scale) -> Imports:
    del world, scale
    return await asyncio.to_thread(imports)


async def _sidecar(world: World, scale: Scale) -> Sidecar:
    return await sidecar(world, scale.sidecar / 4, scale.sidecar, scale.rounds)


PARTS: Final[Mapping[Part, Callable[[World, Scale], Coroutine[None, None, Any]]]] = {
    "starts": _starts,
    "imports": _imports,
    "exposition": _exposition,
    "blocks": _blocks,
    "spans": _spans,
    "sidecar": _sidecar,
}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
