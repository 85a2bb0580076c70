"""Whether everything is accounted for, of an exporter that has come to rest: pure.

What the target saw is what the exporter says that it sent; what it exported of it has come; each
planned instant ended as a run or as a skip.
"""

from collections.abc import Sequence
from typing import NamedTuple

from tests.bench.arrivals import Arrival
from tests.bench.tally import (
    CALLS,
    RUNS,
    SCHEDULED,
    SKIPPED,
    SPANS_DROPPED,
    SPANS_FAILED,
    Tally,
    count,
)


class Sums(NamedTuple):
    """Counts of one exporter since its start.

    ``requests`` and ``sampled`` are the target's, ``spans`` the receiver's, which gets those of
    sampled requests; ``lost`` of them are the ones that the exporter says it could not send.
    """

    requests: int
    sampled: int
    spans: int
    lost: float
    calls: float
    runs: float
    skips: float
    scheduled: float

    @property
    def unaccounted(self) -> float:
        """How many requests, spans and planned instants are missing, or too many."""
        return (
            abs(self.requests - self.calls)
            + abs(self.sampled - self.spans - self.lost)
            + abs(self.scheduled - self.runs - self.skips)
        )


def sums(arrivals: Sequence[Arrival], spans: int | None, counted: Tally) -> Sums:
    """Put together what target, receiver and exporter counted; no ``spans``: none are exported."""
    sampled = sum(arrival.sampled for arrival in arrivals)
    return Sums(
        requests=len(arrivals),
        sampled=sampled if spans is not None else 0,
        spans=spans or 0,
        lost=count(counted, SPANS_DROPPED) + count(counted, SPANS_FAILED),
        calls=count(counted, CALLS),
        runs=count(counted, RUNS),
        skips=count(counted, SKIPPED),
        scheduled=count(counted, SCHEDULED),
    )
