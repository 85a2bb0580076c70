"""Figures and the table they stand in: pure."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

from tests.bench.goals import GOALS, Goal

BEGIN: Final = "<!-- written by bench from here -->"
END: Final = "<!-- to here -->"

Unit: TypeAlias = Literal["us", "ms", "s", "MiB", "MB", "%", "% of a core", "cores", ""]


class Quantile(NamedTuple):
    """A quantile, interpolated between the bounds of the bucket that it lies in."""

    value: float
    low: float
    high: float


def quantile(share: float, buckets: Mapping[float, float]) -> Quantile | None:
    """Find a quantile in a histogram, as PromQL's ``histogram_quantile`` does.

    ``buckets`` are cumulative counts by upper bound, the last one infinite. Nothing counted gives
    ``None``; what lies in the last bucket is known to be over its lower bound only.
    """
    total = max(buckets.values(), default=0)
    rank = share * total
    low, below = 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if total and count >= rank:
            if math.isinf(bound):
                return Quantile(low, low, bound)
            return Quantile(low + (bound - low) * (rank - below) / (count - below), low, bound)
        low, below = bound, count
    return None


def percentile(share: float, values: Sequence[float]) -> float:
    """The least value that so great a share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


class Row(NamedTuple):
    """A line of the table: what was measured of ours, and of a peer.

    Each is the values of all repetitions, in one ``unit``; ``ratios`` are those of neighbouring
    ones. ``note`` says how sure the value is.
    """

    figure: str
    unit: Unit
    ours: Sequence[float]
    peer: str = ""
    theirs: Sequence[float] = ()
    ratios: Sequence[float] = ()
    note: str = ""

    @property
    def goal(self) -> Goal | None:
        """What it is held against, if anything."""
        return GOALS.get((self.figure, self.peer))

    @property
    def met(self) -> bool | None:
        """Whether the median is no more than the goal; None without one."""
        if self.goal is None:
            return None
        values = self.ours if self.goal.of == "value" else self.ratios
        return bool(values) and statistics.median(values) <= self.goal.limit


def compared(
    figure: str, unit: Unit, ours: Sequence[float], peer: str, theirs: Sequence[float]
) -> Row:
    """A line with a peer: each repetition of ours is held against the peer's at the same time."""
    pairs = zip(ours, theirs, strict=True)
    ratios = [mine / other for mine, other in pairs if other and math.isfinite(mine + other)]
    return Row(figure, unit, ours, peer, theirs, ratios)


def spread(values: Iterable[float], form: Callable[[float], str]) -> str:
    """The median of some repetitions and, in brackets, the least and the most of them."""
    ordered = sorted(values)
    if not ordered:
        return ""
    middle = form(statistics.median(ordered))
    if len(ordered) == 1:
        return middle
    return f"{middle} ({form(ordered[0])} to {form(ordered[-1])})"


def table(rows: Sequence[Row]) -> str:
    """A Markdown table that can be read as it is, too."""
    head = ["figure", "exporter", "peer", "ratio", "goal", "met"]
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_line(cells, widths) for cells in lines)


def _cells(row: Row) -> list[str]:
    words = {None: "", True: "yes", False: "**no**"}
    unit = f" {row.unit}".rstrip()
    goal = "" if row.goal is None else row.goal.told(unit)
    return [
        row.figure,
        _told(row.ours, unit, row.note),
        f"{row.peer}: {_told(row.theirs, unit)}" if row.peer else "",
        spread(row.ratios, lambda ratio: f"{ratio:.2f}"),
        goal,
        words[row.met],
    ]


def _told(values: Sequence[float], unit: str, note: str = "") -> str:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return note or "unknown"
    return f"{spread(known, _number)}{unit}" + (f", {note}" if note else "")


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def document(rows: Iterable[Row]) -> list[dict[str, object]]:
    """The same for programs: medians, in the unit that is named."""
    return [
        {
            "figure": row.figure,
            "unit": row.unit,
            "ours": _median(row.ours),
            "peer": {"name": row.peer, "value": _median(row.theirs)} if row.peer else None,
            "ratio": _median(row.ratios),
            "goal": None if row.goal is None else {row.goal.of: row.goal.limit},
            "met": row.met,
        }
        for row in rows
    ]


def _median(values: Sequence[float]) -> float | None:
    """JSON has no infinity."""
    middle = statistics.median(values) if values else math.inf
    return None if math.isinf(middle) else round(middle, 4)


def replaced(page: str, section: str) -> str:
    """The page with another section between its two markers; ValueError if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"the page lacks {BEGIN} or {END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}"
