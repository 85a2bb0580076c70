"""From what was measured to the rows of the table: pure, but for the words about the machine."""

import math
import platform
import statistics
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from exporter import __version__
from tests.bench import machine
from tests.bench.figures import Row, quantile, spread, table
from tests.bench.tally import (
    FAILED,
    LATENESS,
    RENDERED,
    RENDERING,
    SCHEDULED,
    SKIPPED,
    Tally,
    by_label,
    total,
)
from tests.bench.window import Window
from tests.support import tools

CPU_GOAL: Final = 0.35
LATENESS_GOAL: Final = 0.002
MEMORY_GOAL: Final = 70.0
START_GOAL: Final = 0.160
TOO_LATE: Final = 0.5
"""Seconds: half of the interval, after which a run is skipped as a misfire."""
RESOLUTION: Final = 0.1
"""Cores: what is left of differences between many counters, each in ticks and read in its turn."""


class Starts(NamedTuple):
    """Seconds to the first metrics with one target, and of ours with all of them."""

    ours: Sequence[float]
    peer: Sequence[float]
    ours_full: Sequence[float]


class Result(NamedTuple):
    """Everything that was measured; ``page``: the exporter's metrics at the end."""

    targets: int
    ours: Sequence[Window]
    peer: Sequence[Window]
    starts: Starts
    page: str


def section(result: Result, load: float) -> str:
    """What is written into the page, and printed; ``load`` is that of before."""
    return f"{_circumstances(result, load)}\n\n{table(rows(result), 'exporter', 'blackbox')}"


def rows(result: Result) -> list[Row]:
    """The lines of the table."""
    return [
        *_cpu(result),
        *_lateness(result),
        *_lost(result),
        *_memory(result),
        *_scrapes(result),
        *_starts(result),
    ]


def _circumstances(result: Result, load: float) -> str:
    seconds = sum(window.seconds for window in (*result.ours, *result.peer))
    windows = [*result.ours, *result.peer]
    rest = sum(window.cpu.rest for window in windows) / seconds
    told = f"{rest:.1f} cores" if rest >= RESOLUTION else f"less than {RESOLUTION} cores"
    versions = ", ".join(
        f"{name} {tools.version_of(binary)}"
        for name, binary in (
            ("blackbox_exporter", tools.blackbox()),
            ("Prometheus", tools.prometheus()),
            ("nginx", tools.nginx()),
        )
    )
    return (
        f"{machine.today()}, exporter {__version__} on Python {platform.python_version()},\n"
        f"{versions};\n{machine.words()}.\n"
        f"{len(result.ours)} windows of {result.ours[0].seconds:.0f} s for each side. "
        f"The load before was {load:.1f}; during the windows\n"
        f"everything else on the machine used {told}."
    )


# --- Rows ----------------------------------------------------------------------------------------


def _cpu(result: Result) -> list[Row]:
    rows = [
        _per_run("CPU of the server per run", result, lambda window: window.cpu.server),
        _per_run("CPU of Prometheus per run", result, lambda window: window.cpu.prometheus),
        _per_run("CPU of nginx per run", result, lambda window: window.cpu.nginx),
    ]
    ratios = _ratios(result, lambda window: window.cpu.server)
    met = statistics.median(ratios) <= CPU_GOAL
    rows[0] = rows[0]._replace(goal=f"ratio <= {CPU_GOAL}", met=met)
    cores = [
        [window.cpu.server / window.seconds for window in side]
        for side in (result.ours, result.peer)
    ]
    ours, peer = (spread(side, lambda value: f"{value:.2f} cores") for side in cores)
    return [*rows, Row("CPU of the server", ours, peer)]


def _per_run(figure: str, result: Result, cpu: Callable[[Window], float]) -> Row:
    ours, peer = (
        spread((cpu(window) / max(window.runs, 1) for window in side), _micro)
        for side in (result.ours, result.peer)
    )
    return Row(figure, ours, peer, spread(_ratios(result, cpu), _two))


def _ratios(result: Result, cpu: Callable[[Window], float]) -> list[float]:
    """Of each pair of windows, one after the other."""
    pairs = zip(result.ours, result.peer, strict=True)
    return [
        (cpu(ours) / max(ours.runs, 1)) / (max(cpu(peer), 0.01) / max(peer.runs, 1))
        for ours, peer in pairs
    ]


def _lateness(result: Result) -> list[Row]:
    buckets = _buckets(total(window.counted for window in result.ours))
    rows = []
    for share in (0.5, 0.99):
        found = quantile(share, buckets)
        figure = f"lateness, p{100 * share:.0f}"
        if found is None:
            rows.append(Row(figure, "unknown", "not told"))
            continue
        told = f"{_milli(found.value)} (in the bucket {_milli(found.low)} to {_milli(found.high)})"
        if math.isinf(found.high):
            told = f"over {_milli(found.low)}"
        rows.append(Row(figure, told, "not told"))
        if share == 0.99:
            met = found.value <= LATENESS_GOAL
            rows[-1] = rows[-1]._replace(goal=f"<= {_milli(LATENESS_GOAL)}", met=met)
    return rows


def _buckets(counted: Tally) -> dict[float, float]:
    """How late runs began, and those that did not begin as they were too late for that."""
    began = {float(bound): count for bound, count in by_label(counted, LATENESS).items()}
    buckets = {bound: count for bound, count in began.items() if bound <= TOO_LATE}
    late = counted.get((SKIPPED, "misfire"), 0)
    return buckets | {math.inf: began.get(math.inf, 0) + late}


def _lost(result: Result) -> list[Row]:
    sides = (result.ours, result.peer)
    ours, peer = (total(window.counted for window in side) for side in sides)
    lost = [_share_lost(result.targets, side) for side in sides]
    failed = (f"{ours.get((FAILED, ''), 0):.0f}", f"{peer.get(('failed', ''), 0):.0f}")
    return [
        Row("runs lost", lost[0], lost[1]),
        Row("skipped, by its own count", _skipped(ours), "not told"),
        Row("runs that failed", *failed),
    ]


def _skipped(counted: Tally) -> str:
    due = max(counted.get((SCHEDULED, ""), 0), 1)
    reasons = by_label(counted, SKIPPED).items()
    shares = [f"{reason} {count / due:.1%}" for reason, count in reasons if count]
    return ", ".join(shares) or "none"


def _share_lost(targets: int, windows: Sequence[Window]) -> str:
    due = targets * sum(window.seconds for window in windows)
    lost = max(0.0, due - sum(window.runs for window in windows))
    return f"{lost:.0f} of {due:.0f} ({lost / due:.1%})"


def _memory(result: Result) -> list[Row]:
    ours, peer = result.ours[-1].memory.now, result.peer[-1].memory.now
    now = Row("memory, at the end", _mebi(ours), _mebi(peer), _two(ours / peer))
    ours, peer = (max(window.memory.peak for window in side) for side in (result.ours, result.peer))
    goal, met = f"<= {_mebi(MEMORY_GOAL)}", ours <= MEMORY_GOAL
    most = Row("memory, at its most", _mebi(ours), _mebi(peer), _two(ours / peer), goal, met)
    return [now, most]


def _scrapes(result: Result) -> list[Row]:
    sides = (result.ours, result.peer)
    ours, peer = (total(window.counted for window in side) for side in sides)
    samples = sum(1 for line in result.page.splitlines() if line and not line.startswith("#"))
    size = f"{samples} ({len(result.page) / 1e6:.1f} MB as text)"
    rendered = ours.get((RENDERED, ""), 0)
    rendering = ours.get((RENDERING, ""), 0) / max(rendered, 1)
    return [
        Row("scrapes that failed (over 1 s)", _failed_scrapes(ours), _failed_scrapes(peer)),
        Row("scrape, mean, by Prometheus", _scrape(ours), _scrape(peer)),
        Row("of it, rendering", f"{_milli(rendering)}" if rendered else "unknown"),
        Row("samples in a scrape", size, f"{_mean(peer, 'samples', 'answered'):.0f}"),
    ]


def _failed_scrapes(counted: Tally) -> str:
    scrapes = counted.get(("scrapes", ""), 0)
    return f"{scrapes - counted.get(('answered', ''), 0):.0f} of {scrapes:.0f}"


def _scrape(counted: Tally) -> str:
    return _milli(_mean(counted, "seconds", "scrapes"))


def _mean(counted: Tally, what: str, of: str) -> float:
    return counted.get((what, ""), 0) / max(counted.get((of, ""), 0), 1)


def _starts(result: Result) -> list[Row]:
    starts = result.starts
    ours, peer = statistics.median(starts.ours), statistics.median(starts.peer)
    one = Row(
        "start to first metrics, 1 target",
        spread(starts.ours, _milli),
        spread(starts.peer, _milli),
        _two(ours / peer),
        f"<= {_milli(START_GOAL)}",
        ours <= START_GOAL,
    )
    return [one, Row(f"the same, {result.targets} targets", spread(starts.ours_full, _milli))]


# --- Numbers -------------------------------------------------------------------------------------


def _two(value: float) -> str:
    return f"{value:.2f}"


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:.0f} us"


def _milli(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds * 1e3:.0f} ms"


def _mebi(size: float) -> str:
    return f"{size:.0f} MiB"
