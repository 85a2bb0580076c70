"""Quantiles, spreads and the table."""

import math

import pytest

from tests.bench.figures import (
    BEGIN,
    END,
    Quantile,
    Row,
    compared,
    document,
    percentile,
    quantile,
    replaced,
    spread,
    table,
)
from tests.bench.goals import GOALS, PLAIN, Goal

BUCKETS = {0.001: 50.0, 0.002: 50.0, 0.01: 90.0, 1.0: 100.0, math.inf: 100.0}


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.25, Quantile(0.0005, 0.0, 0.001)),
        (0.5, Quantile(0.001, 0.0, 0.001)),
        (0.7, Quantile(0.006, 0.002, 0.01)),  # not in the empty bucket before it
        (0.95, Quantile(0.505, 0.01, 1.0)),
    ],
)
def test_a_quantile_is_interpolated_within_its_bucket(share: float, expected: Quantile) -> None:
    assert quantile(share, BUCKETS) == pytest.approx(expected)


def test_the_order_of_buckets_does_not_matter() -> None:
    assert quantile(0.95, dict(reversed(BUCKETS.items()))) == quantile(0.95, BUCKETS)


def test_what_lies_in_the_last_bucket_is_over_its_lower_bound() -> None:
    assert quantile(0.99, {0.5: 10, math.inf: 20}) == Quantile(0.5, 0.5, math.inf)


@pytest.mark.parametrize("buckets", [{}, {0.5: 0.0, math.inf: 0.0}])
def test_without_counts_there_is_no_quantile(buckets: dict[float, float]) -> None:
    assert quantile(0.5, buckets) is None


def test_a_spread_is_median_least_and_most() -> None:
    assert spread([3, 1, 2], str) == "2 (1 to 3)"
    assert spread([7], str) == "7"


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.75, 3), (0.99, 4), (0.01, 1)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert percentile(share, [4, 1, 3, 2]) == expected


BLOCK = "longest block by a scrape"
MISSED = Row(BLOCK, "ms", [1.5, 3, 2], PLAIN, [4, 4, 4], [0.375, 0.75, 0.5])
ROWS = [
    MISSED,
    Row("lost", "%", [0], note="none"),
    Row("late", "ms", [math.inf], note="over 500 ms"),
    Row("unheard of", "ms", []),
]


def test_a_table_is_aligned_and_tells_what_was_met() -> None:
    told = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(ROWS).splitlines()]
    assert len({len(line) for line in table(ROWS).splitlines()}) == 1
    assert told[2:] == [
        [
            BLOCK,
            "2 (1.5 to 3) ms",
            f"{PLAIN}: 4 (4 to 4) ms",
            "0.50 (0.38 to 0.75)",
            "<= 1 ms",
            "**no**",
        ],
        ["lost", "0 %, none", "", "", "", ""],
        ["late", "over 500 ms", "", "", "", ""],
        ["unheard of", "unknown", "", "", "", ""],
    ]


def test_programs_are_told_the_same() -> None:
    first, lost, late, unheard = document(ROWS)
    assert first == {
        "figure": BLOCK,
        "unit": "ms",
        "ours": 2,
        "peer": {"name": PLAIN, "value": 4},
        "ratio": 0.5,
        "goal": {"value": 1},
        "met": False,
    }
    assert (lost["ours"], lost["peer"], lost["goal"], lost["met"]) == (0, None, None, None)
    assert late["ours"] is unheard["ours"] is None  # JSON has no infinity


@pytest.mark.parametrize(
    ("values", "met"), [([0.9, 1.0, 7.0], True), ([1.1], False), ([math.inf], False), ([], False)]
)
def test_a_goal_is_met_by_the_median_and_never_by_nothing(values: list[float], met: bool) -> None:  # noqa: FBT001  # a table
    assert MISSED._replace(ours=values).met is met


def test_a_ratio_is_that_of_neighbours() -> None:
    row = compared("a", "ms", [1, 2, 3, math.inf], "b", [2, 8, 0, 1])
    assert row.ratios == [0.5, 0.25]


def test_goals_are_told_with_their_unit() -> None:
    assert Goal("value", 1.5).told(" ms") == "<= 1.5 ms"
    assert Goal("ratio", 0.35).told(" ms") == "ratio <= 0.35"
    assert (BLOCK, PLAIN) in GOALS


def test_only_the_section_between_the_markers_is_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nRest.\n"
    written = replaced(page, "new\n")
    assert written == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nRest.\n"
    assert replaced(written, "new") == written


@pytest.mark.parametrize("page", ["", f"{BEGIN} alone", f"{END} before {BEGIN}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        replaced(page, "new")
