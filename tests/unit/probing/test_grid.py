"""Instants: regular, at least half an interval apart, and none lost."""

import itertools
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.probing.grid import EARLY, Grid, phase_of

SECONDS: Final = st.floats(0.5, 100)


@given(SECONDS, st.floats(0, 50), st.lists(st.floats(0, 300), max_size=20))
def test_runs_are_half_an_interval_apart_and_no_instant_is_lost(
    interval: float, first: float, steps: list[float]
) -> None:
    grid = Grid(interval, origin=interval, first=first)
    now, taken, missed = first, [], 0
    for step in steps:
        now += step
        missed += grid.missed(now)
        if grid.planned <= now:
            taken.append(grid.take())
    gaps = [later - earlier for earlier, later in itertools.pairwise(taken)]
    assert all(gap > interval * 0.499 for gap in gaps)
    elapsed = (grid.planned - first) / interval
    assert len(taken) + missed == pytest.approx(elapsed, abs=1)


@given(SECONDS, st.floats(0, 50), st.floats(0, 1e5))
def test_however_much_time_passed_it_is_counted_as_instant_by_instant(
    interval: float, first: float, passed: float
) -> None:
    now = first + passed
    for leave, bound in ((Grid.missed, now - interval / 2), (Grid.overrun, now)):
        grid, stepwise = (Grid(interval, origin=interval, first=first) for _ in range(2))
        count = 0
        while stepwise.planned < bound - 1e-6:
            stepwise.take()
            count += 1
        assert leave(grid, now) == pytest.approx(count, abs=1)  # one just at the bound
        assert grid.planned == pytest.approx(stepwise.planned, abs=interval * 1.501)
        assert grid.planned >= bound


@given(SECONDS, st.floats(0, 300))
def test_a_grid_keeps_its_phase(interval: float, now: float) -> None:
    instant = Grid(interval, origin=7.0, first=None).after(now)
    assert now < instant <= now + interval * 1.001
    steps = (instant - 7.0) / interval
    assert steps == pytest.approx(round(steps), abs=1e-6)


@given(SECONDS, st.floats(0, 50), st.floats(0, 300))
def test_what_is_taken_now_is_not_waited_for_once_more(
    interval: float, first: float, now: float
) -> None:
    grid = Grid(interval, origin=interval, first=first)
    instant = grid.upcoming(now)
    assert instant > now + EARLY
    assert instant == first or first <= now + EARLY


@given(st.lists(st.tuples(SECONDS, st.floats(0, 60)), min_size=1, max_size=20))
def test_over_changes_of_the_interval_what_is_due_is_taken_and_nothing_too_early(
    changes: list[tuple[float, float]],
) -> None:
    """Each interval is in force for a while, and everything is taken at its instant."""
    now, grid, taken = 0.0, Grid(changes[0][0], origin=0.0, first=None), [0.0]
    grid.take()
    for interval, while_ in changes:
        planned = grid.planned
        former, grid = grid, Grid(interval, origin=now + interval / 3, first=None)
        grid.succeed(former)
        assert now <= grid.planned <= planned
        assert grid.planned == planned or grid.planned - taken[-1] > interval * 0.499
        now += while_
        while grid.planned <= now:
            taken.append(grid.take())
    shortest = min(interval for interval, _ in changes)
    assert all(later - earlier > shortest * 0.499 for earlier, later in itertools.pairwise(taken))


def test_a_first_instant_is_not_put_off_by_another_interval() -> None:
    grid = Grid(60.0, origin=50.0, first=None)
    grid.succeed(Grid(30.0, origin=20.0, first=3.0))
    assert grid.planned == 3.0


def test_phases_are_spread_and_stay() -> None:
    phases = sorted(phase_of("lab", f"surface-{number}") for number in range(1000))
    assert phase_of("lab", "monitoring.health") == phase_of("lab", "monitoring.health")
    assert phase_of("ab", "c") != phase_of("a", "bc")
    assert max(b - a for a, b in itertools.pairwise(phases)) < 0.02
