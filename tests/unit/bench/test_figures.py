"""Quantiles, spreads and the table."""

import math

import pytest

from tests.bench.figures import BEGIN, END, Quantile, Row, quantile, replaced, spread, table

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


def test_a_table_is_aligned_and_tells_what_was_met() -> None:
    rows = [
        Row("cost", "3 ms", "1 ms", "3.00", "<= 1", met=False),
        Row("lost", "0"),
        Row("a", "1", met=True),
    ]
    assert table(rows, "ours", "theirs") == (
        "| figure | ours | theirs | ratio | goal | met    |\n"
        "| ------ | ---- | ------ | ----- | ---- | ------ |\n"
        "| cost   | 3 ms | 1 ms   | 3.00  | <= 1 | **no** |\n"
        "| lost   | 0    |        |       |      |        |\n"
        "| a      | 1    |        |       |      | yes    |"
    )


def test_only_the_section_between_the_markers_is_replaced() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\n\nRest.\n"
    written = replaced(page, "new\n")
    assert written == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nRest.\n"
    assert replaced(written, "new") == written


@pytest.mark.parametrize("page", ["", f"{BEGIN} alone", f"{END} before {BEGIN}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match="lacks"):
        replaced(page, "new")
