"""When requests came to the target, as it wrote that down itself: pure.

What the exporter tells of its own lateness is held against this: each target is asked on a grid of
its own, and what comes later than the earliest did, grid for grid, is late by that much.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final, NamedTuple

_SAMPLED: Final = "-01"


class Arrival(NamedTuple):
    """A request: Unix time in whole milliseconds, which target, and whether its trace is kept."""

    at: float
    target: str
    sampled: bool


def read(lines: Iterable[str], addresses: AbstractSet[str]) -> Iterator[Arrival]:
    """Read the log's lines about these addresses; the last one may be half written."""
    for line in lines:
        if not line.endswith("\n"):
            return
        at, address, traceparent = line.split(maxsplit=2)
        if address in addresses:
            yield Arrival(float(at), address, traceparent.rstrip().endswith(_SAMPLED))


def within(arrivals: Iterable[Arrival], begin: float, end: float) -> list[Arrival]:
    """Those of a span of time."""
    return [arrival for arrival in arrivals if begin <= arrival.at < end]


def lateness(arrivals: Iterable[Arrival], interval: float) -> list[float]:
    """By how many seconds each came later than the earliest of its target, on the same grid.

    A target that was asked less than twice tells nothing. What is late by more than half of the
    interval cannot be told from early.
    """
    late: list[float] = []
    for times in _by_target(arrivals).values():
        if len(times) > 1:
            offsets = [_offset(at - times[0], interval) for at in times]
            late += (offset - min(offsets) for offset in offsets)
    return late


def lost(arrivals: Iterable[Arrival], interval: float, targets: int, seconds: float) -> float:
    """How many are missing in so many seconds: instants between two that came, and silent targets.

    What is missing before the first of a target, or after the last, cannot be told from its place
    on the grid.
    """
    seen = _by_target(arrivals)
    silent = (targets - len(seen)) * (seconds // interval)
    return silent + sum(
        max(0, round((later - earlier) / interval) - 1)
        for times in seen.values()
        for earlier, later in pairwise(times)
    )


def _by_target(arrivals: Iterable[Arrival]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for arrival in arrivals:
        found[arrival.target].append(arrival.at)
    return found


def _offset(distance: float, interval: float) -> float:
    return distance - round(distance / interval) * interval
