"""From what was measured to the rows of the table: pure, but for the words about the machine."""

import math
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from exporter import __version__
from tests.bench import machine
from tests.bench.arrivals import lateness, lost
from tests.bench.block import Blocks
from tests.bench.exposition import ENCODINGS, Exposition, series
from tests.bench.figures import Row, compared, percentile, quantile, table
from tests.bench.goals import BARE, BLACKBOX, GOALS, GOLANG, OURS, PLAIN, SDK, SUMS
from tests.bench.profiles import GROWTH, KEEP_ALIVE
from tests.bench.sidecar import Sidecar
from tests.bench.spans import Spans
from tests.bench.startup import Imports, Starts
from tests.bench.tally import (
    FAILED,
    LAG,
    LATENESS,
    RENDERED,
    RENDERING,
    SKIPPED,
    Tally,
    by_label,
    count,
    total,
)
from tests.bench.turns import Measured
from tests.bench.window import Window
from tests.support import tools

TOO_LATE: Final = 0.5
"""Seconds: half of the interval, after which a run is skipped as a misfire."""
RESOLUTION: Final = 0.1
"""Cores: what is left of differences between many counters, each in ticks and read in its turn."""
_MICRO: Final = 1e6
_MILLI: Final = 1e3


class Told(NamedTuple):
    """Everything that was measured: each profile's sides by name, and what was wanted besides.

    ``failed`` is why something could not be measured, by its name.
    """

    profiles: Mapping[str, Mapping[str, Measured]]
    starts: Starts | None = None
    imports: Imports | None = None
    exposition: Exposition | None = None
    blocks: Blocks | None = None
    spans: Spans | None = None
    sidecar: Sidecar | None = None
    failed: Mapping[str, str] = MappingProxyType({})


def rows(told: Told) -> list[Row]:
    """The lines of the table."""
    found: list[Row] = []
    for name, sides in told.profiles.items():
        found += _growth(sides) if name == GROWTH else _profile(name, sides)
    besides: list[tuple[Any, Callable[[Any], Iterator[Row]]]] = [
        (told.exposition, _exposition),
        (told.blocks, _blocks),
        (told.spans, _spans),
        (told.imports, _imports),
        (told.starts, _starts),
        (told.sidecar, _sidecar),
    ]
    for measured, lines in besides:
        found += lines(measured) if measured else ()
    for name, sides in told.profiles.items():
        found += _sums(name, sides)
    return found


def section(found: Sequence[Row], words: str) -> str:
    """What is written into the page, and printed: the circumstances, and what has a goal first."""
    goals = [row for row in found if row.goal]
    others = [row for row in found if not row.goal]
    return f"{words}\n\n{table(goals)}\n\n{table(others)}"


def wrong(rows: Sequence[Row], failed: Mapping[str, str], *, everything: bool) -> list[str]:
    """What must not be, however fast it is: wrong sums, and goals that nothing was held against."""
    lines = [f"{name} could not be measured: {why}" for name, why in failed.items()]
    lines += [
        f"{row.figure}: {row.note}" for row in rows if row.figure.startswith(SUMS) and any(row.ours)
    ]
    if everything:
        measured = {(row.figure, row.peer) for row in rows if row.ours}
        lines += [f"not measured: {' / '.join(goal)}" for goal in GOALS if goal not in measured]
    return lines


def circumstances(told: Told, scale: str, load: float) -> str:
    """When, on what, and what else was going on; ``load`` is that of before."""
    windows = [
        window
        for sides in told.profiles.values()
        for measured in sides.values()
        for window in measured.windows
    ]
    seconds = sum(window.seconds for window in windows)
    rest = sum(window.cpu.rest for window in windows) / max(seconds, 1)
    elsewhere = f"{rest:.1f} cores" if rest >= RESOLUTION else f"less than {RESOLUTION} cores"
    versions = ", ".join(
        f"{name} {tools.version_of(binary)}"
        for name, binary in (
            ("blackbox_exporter", tools.blackbox()),
            ("pushgateway", tools.pushgateway()),
            ("Prometheus", tools.prometheus()),
            ("nginx", tools.nginx()),
        )
    )
    return (
        f"{machine.today()}, `{scale}`, exporter {__version__} on Python "
        f"{platform.python_version()},\n{versions};\n{machine.words()}.\n"
        f"{len(windows)} windows, {seconds:.0f} s of them in all. The load before was {load:.1f}; "
        f"during the windows\neverything else on the machine used {elsewhere}."
        + "".join(f"\nNot measured: {name}, {why}." for name, why in told.failed.items())
    )


# --- A profile -----------------------------------------------------------------------------------


def _profile(name: str, sides: Mapping[str, Measured]) -> Iterator[Row]:
    ours, peers = sides[OURS], {side: each for side, each in sides.items() if side != OURS}
    for peer, theirs in peers.items():
        yield compared(
            f"CPU per run, {name}", "us", _each(ours, _per_run), peer, _each(theirs, _per_run)
        )
        yield Row(f"runs lost, {name}", "%", [_lost(ours)], peer, [_lost(theirs)])
        yield from _failed(f"runs failed, {name}", ours, peer, theirs)
    yield Row(f"runs skipped, {name}", "%", [_skipped(ours)])
    yield _histogram(f"lateness p99, {name}", ours, LATENESS)
    yield _histogram(f"loop's lag p99, {name}", ours, LAG)
    for peer, theirs in peers.items():
        yield compared(
            f"lateness p99, {name}, by arrivals", "ms",
            _each(ours, _late(ours)), peer, _each(theirs, _late(theirs)),
        )  # fmt: skip
    if name == KEEP_ALIVE:
        yield from _of_all_targets(ours, peers)


def _failed(figure: str, ours: Measured, peer: str, theirs: Measured) -> Iterator[Row]:
    """None should, and then there is nothing to tell."""
    mine, others = count(_counted(ours), FAILED), count(_counted(theirs), "failed")
    if mine or others:
        yield Row(figure, "", [mine], peer, [others])


def _of_all_targets(ours: Measured, peers: Mapping[str, Measured]) -> Iterator[Row]:
    most = _each(ours, lambda window: window.memory.peak)
    for peer, theirs in peers.items():
        yield compared(
            "memory, 1000 targets", "MiB", most,
            peer, _each(theirs, lambda window: window.memory.peak),
        )  # fmt: skip
        yield compared(
            "CPU of Prometheus per run", "us", _each(ours, _prometheus),
            peer, _each(theirs, _prometheus),
        )  # fmt: skip
        yield Row("samples of a scrape", "", _samples(ours), peer, _samples(theirs))
        yield Row("scrapes that failed", "%", [_unscraped(ours)], peer, [_unscraped(theirs)])
    counted = _counted(ours)
    rendered = count(counted, RENDERED)
    mean = [_MILLI * count(counted, RENDERING) / rendered] if rendered else []
    yield Row("making the page, mean", "ms", mean)
    yield Row("size of the page", "MB", [len(ours.page) / 1e6])


def _growth(sides: Mapping[str, Measured]) -> Iterator[Row]:
    sizes = list(sides.items())
    for (smaller, before), (larger, after) in pairwise(sizes):
        yield compared(
            f"CPU per run, {larger}", "us", _each(after, _per_run),
            smaller, _each(before, _per_run),
        )  # fmt: skip
        yield Row(f"runs lost, {larger}", "%", [_lost(after)])


def _sums(name: str, sides: Mapping[str, Measured]) -> Iterator[Row]:
    for side, measured in sides.items():
        if (sums := measured.sums) is None:
            continue
        note = (
            f"target {sums.requests} = calls {sums.calls:.0f}; sampled {sums.sampled} = spans "
            f"{sums.spans} + lost {sums.lost:.0f}; scheduled {sums.scheduled:.0f} = runs "
            f"{sums.runs:.0f} + skips {sums.skips:.0f}"
        )
        of = name if side == OURS else f"{name}, {side}"
        yield Row(f"{SUMS}, {of}", "", [sums.unaccounted], note=note)


# --- Of windows ----------------------------------------------------------------------------------


def _each(measured: Measured, figure: Callable[[Window], float]) -> list[float]:
    return [figure(window) for window in measured.windows]


def _counted(measured: Measured) -> Tally:
    return total(window.counted for window in measured.windows)


def _per_run(window: Window) -> float:
    return _MICRO * window.cpu.server / max(window.runs, 1)


def _prometheus(window: Window) -> float:
    return _MICRO * window.cpu.prometheus / max(window.runs, 1)


def _lost(measured: Measured) -> float:
    """The share of what was due that never came, in percent."""
    targets, interval = measured.targets, measured.interval
    missing = sum(
        lost(window.arrivals, interval, targets, window.seconds) for window in measured.windows
    )
    return 100 * missing / _due(measured)


def _skipped(measured: Measured) -> float:
    return 100 * count(_counted(measured), SKIPPED) / _due(measured)


def _due(measured: Measured) -> float:
    seconds = sum(window.seconds for window in measured.windows)
    return measured.targets * seconds / measured.interval


def _late(measured: Measured) -> Callable[[Window], float]:
    def late(window: Window) -> float:
        found = lateness(window.arrivals, measured.interval)
        return _MILLI * percentile(0.99, found) if found else math.inf

    return late


def _histogram(figure: str, ours: Measured, name: str) -> Row:
    """A quantile by the exporter's own word; what was too late to begin is over all bounds."""
    counted = _counted(ours)
    told = {float(bound): value for bound, value in by_label(counted, name).items()}
    buckets = {bound: value for bound, value in told.items() if bound <= TOO_LATE}
    missed = counted.get((SKIPPED, "misfire"), 0) if name == LATENESS else 0
    found = quantile(0.99, buckets | {math.inf: told.get(math.inf, 0) + missed})
    if found is None:
        return Row(figure, "ms", [])
    low, high = _MILLI * found.low, _MILLI * found.high
    if math.isinf(high):
        return Row(figure, "ms", [math.inf], note=f"over {low:g} ms")
    return Row(figure, "ms", [_MILLI * found.value], note=f"between {low:g} and {high:g} ms")


def _samples(measured: Measured) -> list[float]:
    if measured.page:
        return [series(measured.page)]
    counted = _counted(measured)
    answered = counted.get(("answered", ""), 0)
    return [counted.get(("samples", ""), 0) / answered] if answered else []


def _unscraped(measured: Measured) -> float:
    counted = _counted(measured)
    scrapes = counted.get(("scrapes", ""), 0)
    return 100 * (scrapes - counted.get(("answered", ""), 0)) / max(scrapes, 1)


# --- Of the rest ---------------------------------------------------------------------------------


def _exposition(told: Exposition) -> Iterator[Row]:
    for encoding in ENCODINGS:
        ours, golang = (
            [_MILLI * cost for cost in costs[encoding]] for costs in (told.ours, told.golang)
        )
        row = compared(f"CPU of a scrape, {encoding}", "ms", ours, GOLANG, golang)
        yield row._replace(note=f"{told.series} series")


def _blocks(told: Blocks) -> Iterator[Row]:
    ours, plain = ([_MILLI * block for block in blocks] for blocks in told)
    yield compared("longest block by a scrape", "ms", ours, PLAIN, plain)


def _spans(told: Spans) -> Iterator[Row]:
    ours, sdk = ([_MICRO * cost for cost in costs] for costs in told)
    yield compared("CPU of a span", "us", ours, SDK, sdk)


def _imports(told: Imports) -> Iterator[Row]:
    yield compared("memory, imports alone", "MiB", [told.ours], BARE, [told.libraries])


def _starts(told: Starts) -> Iterator[Row]:
    ours, full, blackbox, plain, bare = ([_MILLI * start for start in each] for each in told)
    one = "start to first metrics, 1 target"
    yield compared(one, "ms", ours, BARE, bare)
    yield compared(one, "ms", ours, PLAIN, plain)
    yield compared(one, "ms", ours, BLACKBOX, blackbox)
    yield compared("start to first metrics, 1000 targets", "ms", full, BARE, bare)


def _sidecar(told: Sidecar) -> Iterator[Row]:
    yield Row("sidecar, CPU", "% of a core", [100 * share for share in told.shares])
    yield Row("sidecar, memory", "MiB", [told.memory.now])
    yield Row("memory, 50 surfaces, traces", "MiB", [told.several.now])
