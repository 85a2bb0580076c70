"""What the target's own log tells."""

import pytest

from tests.bench.arrivals import Arrival, lateness, lost, read, within

SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
PLAIN = SAMPLED[:-1] + "0"
LOG = [
    f"1700000000.001 127.10.0.1 {SAMPLED}\n",
    f"1700000000.002 127.10.0.2 {PLAIN}\n",
    "1700000000.003 127.10.0.3 -\n",
    "1700000000.004 127.99.0.1 -\n",
    f"1700000000.005 127.10.0.1 {SAMPLED}",
]


def at(*times: float, target: str = "a") -> list[Arrival]:
    return [Arrival(time, target, sampled=False) for time in times]


def test_lines_about_other_targets_and_half_a_line_are_left_out() -> None:
    addresses = {"127.10.0.1", "127.10.0.2", "127.10.0.3"}
    assert [*read(LOG, addresses)] == [
        Arrival(1_700_000_000.001, "127.10.0.1", sampled=True),
        Arrival(1_700_000_000.002, "127.10.0.2", sampled=False),
        Arrival(1_700_000_000.003, "127.10.0.3", sampled=False),
    ]


def test_a_span_of_time_has_its_begin_and_not_its_end() -> None:
    assert within(at(1, 2, 3, 4), 2, 4) == at(2, 3)


@pytest.mark.parametrize(
    ("arrivals", "expected"),
    [
        (at(10.0, 11.0, 12.0), [0, 0, 0]),
        (at(10.0, 11.003, 12.001), [0, 0.003, 0.001]),
        (at(10.25, 11.0, 12.0), [0.25, 0, 0]),  # the first may be the late one
        (at(10.0, 13.02), [0, 0.02]),  # some are missing between
        (at(10.0, 11.01) + at(10.5, 11.5, target="b"), [0, 0.01, 0, 0]),
        (at(10.0), []),
    ],
)
def test_lateness_is_against_the_earliest_of_the_same_target(
    arrivals: list[Arrival], expected: list[float]
) -> None:
    assert lateness(arrivals, 1.0) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("arrivals", "targets", "expected"),
    [
        (at(10.0, 11.0, 12.1), 1, 0),
        (at(10.0, 13.0), 1, 2),
        (at(10.0, 10.6), 1, 0),  # one that was late, and one on time
        (at(10.0, 11.0, 12.0), 2, 3),  # the other one was never asked
        ([], 2, 6),
    ],
)
def test_what_is_missing_lies_between_two_that_came(
    arrivals: list[Arrival], targets: int, expected: int
) -> None:
    assert lost(arrivals, 1.0, targets, 3.5) == expected
