"""How long the values of a run are shown."""

import math
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.families.row import SKIP_REASONS
from exporter.model.reasons import SkipReason
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    INTERVAL,
    LOGIN,
    NOW,
    Bench,
    gauges,
    job,
    plan,
    run,
    shown,
    skip,
)

TAKING_AWAY: Final = {"not_leader", "no_resource"}
KEEPING: Final = sorted(set(SKIP_REASONS) - TAKING_AWAY)


def test_gauges_vanish_when_three_intervals_passed() -> None:
    bench = Bench()
    bench.take(run(reason="dns"))
    bench.clock.now = NOW + 3 * INTERVAL - 0.001
    assert bench.probe("success") == 0
    bench.clock.now = NOW + 3 * INTERVAL
    assert gauges(bench) == set()
    assert (shown(bench).state, shown(bench).run) == ("unknown", None)
    assert bench.probe("runs_total") == 1
    assert bench.value("oran_mano_surface_interval_seconds") == INTERVAL


def test_each_surface_has_its_own_interval() -> None:
    bench = Bench(plan(job(HEALTH, interval=5), job(INTENTS, interval=300)))
    bench.take(run(HEALTH), run(INTENTS))
    bench.clock.now = NOW + 100
    assert gauges(bench, HEALTH) == set()
    assert bench.probe("success", INTENTS) == 1


@pytest.mark.parametrize("reason", KEEPING)
def test_a_skip_keeps_the_values_of_the_last_run(reason: SkipReason) -> None:
    bench = Bench()
    bench.take(run(reason="http_5xx"))
    for number in range(1, 20):
        bench.clock.now = NOW + number * 2 * INTERVAL
        bench.take(skip(reason, at=bench.clock.now))
    assert bench.probe("success") == 0
    assert bench.probe("consecutive_failures") == 1
    assert bench.probe("last_run_timestamp_seconds") == NOW
    now = shown(bench)
    assert (now.last_result, now.last_wrong) == ("failing", "http_5xx")
    assert (now.skipped, now.run_since) == (reason, NOW)
    bench.take(run(at=bench.clock.now))
    assert shown(bench).skipped is None


@pytest.mark.parametrize("reason", sorted(TAKING_AWAY))
def test_a_skip_without_anything_to_ask_takes_the_values_away(reason: SkipReason) -> None:
    bench = Bench()
    bench.take(run(reason="http_5xx"), skip("overrun", at=NOW + 1), skip(reason, at=NOW + 2))
    assert gauges(bench) == set()
    now = shown(bench)
    assert (now.state, now.reason, now.since) == ("skipped", reason, NOW + 2)
    bench.take(skip("shutdown", at=NOW + 3))
    assert gauges(bench) == set()
    assert (shown(bench).reason, shown(bench).since) == ("shutdown", NOW + 2)
    bench.take(run(at=NOW + 4, reason="http_5xx"))
    assert bench.probe("consecutive_failures") == 1
    assert bench.probe("state_since_timestamp_seconds") == NOW + 4


def test_what_vanished_does_not_come_back_with_a_skip() -> None:
    bench = Bench()
    bench.take(run(reason="dns"))
    bench.clock.now = NOW + 3600
    bench.take(skip("misfire", at=bench.clock.now))
    assert gauges(bench) == set()
    assert (shown(bench).state, shown(bench).reason) == ("unknown", "misfire")
    bench.take(run(at=bench.clock.now, reason="dns"))
    assert bench.probe("consecutive_failures") == 2
    assert bench.probe("state_since_timestamp_seconds") == NOW


@pytest.mark.parametrize("reason", SKIP_REASONS)
def test_a_surface_that_was_only_ever_skipped_has_no_values(reason: SkipReason) -> None:
    bench = Bench()
    bench.take(skip(reason))
    assert gauges(bench) == set()
    assert (shown(bench).state, shown(bench).reason) == ("skipped", reason)


def test_passive_surfaces_have_no_interval() -> None:
    bench = Bench()
    assert shown(bench, LOGIN).state == "waiting"
    bench.take(run(LOGIN, lateness=None))
    bench.clock.now = NOW + 365 * 86400
    assert bench.probe("success", LOGIN) == 1
    assert bench.value("oran_mano_surface_interval_seconds", LOGIN) is None


def test_a_changed_interval_holds_at_once_and_keeps_the_values() -> None:
    bench = Bench()
    bench.take(run(reason="dns"))
    bench.clock.now = NOW + 4 * INTERVAL
    bench.apply(plan(job(HEALTH, interval=10 * INTERVAL)))
    assert bench.probe("success") == 0
    bench.apply(plan(job(INTENTS)))
    bench.apply(plan())
    assert gauges(bench) == set()


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100),
            st.sampled_from(("run", *SKIP_REASONS)),
        ),
        max_size=20,
    ),
    st.floats(0, 200),
)
def test_values_are_shown_exactly_as_long_as_they_hold(
    steps: list[tuple[float, str]], later: float
) -> None:
    bench = Bench()
    now, seen, asked, holds = NOW, -math.inf, NOW, False
    for pause, kind in steps:
        now += pause
        holds = holds and now - seen < 3 * INTERVAL
        if kind == "run":
            holds, asked = True, now
            bench.take(run(at=now))
        else:
            holds = holds and kind not in TAKING_AWAY
            bench.take(skip(kind, at=now))  # type: ignore[arg-type]  # drawn from the set
        seen = now
    bench.clock.now = now + later
    holds = holds and bench.clock.now - seen < 3 * INTERVAL
    lapsed = bench.clock.now - asked > 2 * INTERVAL
    assert bench.probe("consecutive_failures") == (0 if holds else None)
    assert bench.probe("success") == (1 if holds and not lapsed else None)
    assert (shown(bench).state == "well") == (holds and not lapsed)
