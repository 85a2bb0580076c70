"""Whether everything is accounted for."""

from typing import Final

import pytest

from tests.bench.arrivals import Arrival
from tests.bench.sums import sums
from tests.bench.tally import CALLS, RUNS, SCHEDULED, SKIPPED, SPANS_DROPPED, SPANS_FAILED, Tally

ARRIVALS: Final = [Arrival(float(nth), "a", sampled=nth < 6) for nth in range(10)]
COUNTED: Final = {
    (CALLS, ""): 10.0,
    (RUNS, ""): 9.0,
    (SKIPPED, "misfire"): 2.0,
    (SKIPPED, "overrun"): 1.0,
    (SCHEDULED, ""): 12.0,
    (SPANS_DROPPED, ""): 1.0,
    (SPANS_FAILED, ""): 2.0,
}


def test_all_is_accounted_for() -> None:
    assert sums(ARRIVALS, 3, COUNTED).unaccounted == 0


def test_where_nothing_is_exported_no_span_is_missed() -> None:
    counted = {**COUNTED, (SPANS_DROPPED, ""): 0.0, (SPANS_FAILED, ""): 0.0}
    assert sums(ARRIVALS, None, counted).unaccounted == 0


@pytest.mark.parametrize(
    ("changed", "spans", "arrivals", "expected"),
    [
        ({(CALLS, ""): 9.0}, 3, ARRIVALS, 1),
        ({(CALLS, ""): 12.0}, 3, ARRIVALS, 2),
        ({}, 2, ARRIVALS, 1),
        ({}, 4, ARRIVALS, 1),
        ({(RUNS, ""): 8.0}, 3, ARRIVALS, 1),
        ({(SKIPPED, "misfire"): 3.0}, 3, ARRIVALS, 1),
        ({(CALLS, ""): 9.0}, 2, ARRIVALS[:-1], 1),
        ({}, 3, ARRIVALS[1:], 2),  # a request, and what was sampled of it
    ],
)
def test_whatever_is_missing_or_too_many_is_told(
    changed: Tally, spans: int, arrivals: list[Arrival], expected: int
) -> None:
    assert sums(arrivals, spans, {**COUNTED, **changed}).unaccounted == expected
