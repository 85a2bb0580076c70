"""Figures and the table they stand in: pure."""

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

BEGIN: Final = "<!-- written by bench-quick from here -->"
END: Final = "<!-- to here -->"


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


def spread(values: Iterable[float], form: Callable[[float], str]) -> str:
    """The median of some repetitions and, in brackets, the least and the most of them."""
    ordered = sorted(values)
    middle = form(statistics.median(ordered))
    if len(ordered) == 1:
        return middle
    return f"{middle} ({form(ordered[0])} to {form(ordered[-1])})"


class Row(NamedTuple):
    """A line of the table. ``met`` is ``None`` where there is no goal."""

    figure: str
    ours: str
    peer: str = ""
    ratio: str = ""
    goal: str = ""
    met: bool | None = None


def table(rows: Sequence[Row], ours: str, peer: str) -> str:
    """A Markdown table that can be read as it is, too."""
    words = {None: "", True: "yes", False: "**no**"}
    head = ["figure", ours, peer, "ratio", "goal", "met"]
    lines = [head, *([*row[:-1], words[row.met]] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(_line(cells, widths) for cells in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def replaced(page: str, section: str) -> str:
    """The page with another section between its two markers; ValueError if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"the page lacks {BEGIN} or {END}"
        raise ValueError(message)
    return f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}"
