"""When a surface is no longer what its last run said: once it was not asked for too long.

Two intervals, a minute at least. ``INTERVAL`` is 30 s, so that both are the same here.
"""

from typing import Final

import pytest

from exporter.metrics.families.row import SKIP_REASONS
from exporter.model.observation import Key, OnDemandRun, Renewal
from exporter.model.reasons import Reason, SkipReason
from exporter.report.status_text import StatusLine, lines, summary
from exporter.status.snapshot import SurfaceState
from exporter.status.target_health import health
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    INTERVAL,
    LOGIN,
    NOW,
    Bench,
    call,
    gauges,
    job,
    plan,
    run,
    shown,
    skip,
)

LAPSE: Final = 60.0
KEEPING: Final[tuple[SkipReason, ...]] = tuple(
    reason for reason in SKIP_REASONS if reason not in ("not_leader", "no_resource")
)
SURE: Final[dict[SkipReason, SurfaceState]] = {
    "circuit_open": "failing",
    "retry_after": "throttled",
}
"""What is known for other reasons than a run."""


def skipping(
    reason: SkipReason, seconds: float, last: Reason | None = None, key: Key = INTENTS
) -> Bench:
    """A run at ``NOW``, and then a skip each interval, until so many seconds have passed."""
    bench = Bench(plan(job(HEALTH), job(INTENTS), job(LOGIN)))
    status = 200 if last is None else 503
    detail = "" if last is None else "answered 503"
    bench.take(run(key, reason=last, detail=detail, deciding=call(key, status=status)))
    at = NOW + INTERVAL
    while at <= NOW + seconds:
        bench.take(skip(reason, key, at=at))
        at += INTERVAL
    bench.clock.now = NOW + seconds
    return bench


def row(bench: Bench, key: Key = INTENTS) -> StatusLine:
    """Its row there."""
    found = {line.surface: line for line in lines(bench.latest.snapshot(), "lab")}
    return found[key.surface]


def cell(bench: Bench, key: Key = INTENTS) -> str:
    """What the page and the demo's table say is wrong with it."""
    return row(bench, key).wrong


@pytest.mark.parametrize("reason", KEEPING)
def test_well_lapses_when_it_was_not_asked_for_two_intervals(reason: SkipReason) -> None:
    still = skipping(reason, LAPSE)
    assert shown(still, INTENTS).state == "well"
    assert still.probe("success", INTENTS) == 1
    lapsed = skipping(reason, LAPSE + 1)
    now = shown(lapsed, INTENTS)
    assert (now.state, now.reason) == (SURE.get(reason, "unknown"), reason)
    assert (now.since, now.lasted) == (NOW + LAPSE, 1)
    assert lapsed.probe("success", INTENTS) is None


@pytest.mark.parametrize("reason", KEEPING)
def test_failing_lapses_as_well_and_its_0_stays(reason: SkipReason) -> None:
    bench = skipping(reason, 10 * LAPSE, last="http_5xx")
    now = shown(bench, INTENTS)
    failing = reason == "circuit_open"
    assert now.state == SURE.get(reason, "unknown")
    assert now.reason == ("http_5xx" if failing else reason)
    assert now.since == (NOW if failing else NOW + LAPSE)
    assert bench.probe("success", INTENTS) == 0
    assert bench.probe("failure_reason", INTENTS, reason="http_5xx") == 1
    assert bench.probe("consecutive_failures", INTENTS) == 1


def test_all_else_of_the_last_run_stays_with_its_age() -> None:
    before, after = skipping("no_token", LAPSE), skipping("no_token", 100 * LAPSE)
    assert gauges(after, INTENTS) == gauges(before, INTENTS) - {"success"}
    assert after.probe("last_run_timestamp_seconds", INTENTS) == NOW
    assert after.probe("http_status_code", INTENTS) == 200


LAST: Final[dict[str, tuple[SkipReason, Reason | None, str]]] = {
    "well": ("no_token", None, "no_token; the last result: well, 2m25s ago"),
    "failing": (
        "budget",
        "http_5xx",
        "budget; the last result: failing (http_5xx: answered 503), 2m25s ago",
    ),
    "throttled": ("retry_after", None, "retry_after; the last result: well, 2m25s ago"),
    "failing, and its circuit is open": (
        "circuit_open",
        "http_5xx",
        "http_5xx: answered 503; not asked since: circuit_open",
    ),
}


@pytest.mark.parametrize(("reason", "last", "told"), LAST.values(), ids=LAST.keys())
def test_the_last_result_stays_visible_as_what_it_is(
    reason: SkipReason, last: Reason | None, told: str
) -> None:
    assert cell(skipping(reason, 145, last)) == told


def test_what_it_took_and_answered_then_is_no_column_of_now() -> None:
    line = row(skipping("no_token", 145))
    assert (line.state, line.since, line.took, line.status) == ("unknown", "1m25s", "-", "-")
    assert line.last_run == "2m25s ago"


def test_the_headline_counts_them() -> None:
    told = summary(skipping("no_token", 145).latest.snapshot())
    assert told == "3 surfaces: 2 unknown, 1 waiting."  # health was never asked, nobody logged in
    assert "1 failing" in summary(skipping("circuit_open", 145).latest.snapshot())
    assert "1 throttled" in summary(skipping("retry_after", 145).latest.snapshot())


HEALTH_CASES: Final[dict[str, tuple[SkipReason, Reason | None, str]]] = {
    "well once": ("no_token", None, "unknown: Orchestrator API not asked: no_token"),
    "failed once": ("budget", "http_5xx", "unknown: Orchestrator API not asked: budget"),
    "told to come back later": (
        "retry_after",
        None,
        "unhealthy: Orchestrator API not asked: retry_after",
    ),
    "its circuit is open": (
        "circuit_open",
        "http_5xx",
        "unhealthy: Orchestrator API returned 503, not asked since: circuit_open",
    ),
}


@pytest.mark.parametrize(("reason", "last", "told"), HEALTH_CASES.values(), ids=HEALTH_CASES.keys())
def test_the_health_check_says_the_same(reason: SkipReason, last: Reason | None, told: str) -> None:
    bench = skipping(reason, LAPSE + 1, last)
    (found,) = health(bench.latest.snapshot())
    check = found.checks[job(INTENTS).endpoint]
    assert f"{check.status}: {check.message}" == told
    expected = {"unhealthy": 0, "unknown": None}[found.overall_status]
    assert bench.value("oran_mano_target_healthy", None, target="lab") == expected


def test_an_account_that_was_accepted_once_is_not_accepted_for_ever() -> None:
    bench = skipping("budget", LAPSE)
    assert checked(bench) == "healthy"
    assert checked(skipping("budget", LAPSE + 1)) == "unknown"


def test_an_account_that_was_refused_is_refused_until_it_is_asked_again() -> None:
    assert checked(skipping("no_token", 10 * LAPSE, "auth_rejected")) == "unhealthy"


def checked(bench: Bench) -> str:
    (found,) = health(bench.latest.snapshot())
    return found.checks["authentication"].status


@pytest.mark.parametrize(("interval", "lapse"), [(1, 60), (10, 60), (30, 60), (31, 62), (300, 600)])
def test_two_intervals_and_a_minute_at_least(interval: float, lapse: float) -> None:
    bench = Bench(plan(job(HEALTH, interval=interval)))
    bench.take(run())
    skips = int(lapse / interval)
    for number in range(1, skips + 1):
        bench.take(skip("budget", at=NOW + number * interval))
    bench.clock.now = NOW + lapse
    assert shown(bench).state == "well"
    bench.clock.now += 0.001
    assert shown(bench).state == "unknown"


def test_one_that_was_never_asked_is_unknown_from_then_on_too() -> None:
    bench = Bench()
    bench.clock.now = NOW + LAPSE
    assert shown(bench).state == "waiting"
    bench.take(skip("no_token", at=NOW + 30))
    assert (shown(bench).state, shown(bench).since) == ("skipped", NOW + 30)
    bench.clock.now = NOW + LAPSE + 1
    now = shown(bench)
    assert (now.state, now.reason, now.since) == ("unknown", "no_token", NOW + LAPSE)


@pytest.mark.parametrize("reason", ["no_resource", "not_leader"])
def test_where_there_is_nothing_to_ask_for_there_is_nothing_to_be_known(
    reason: SkipReason,
) -> None:
    now = shown(skipping(reason, 10 * LAPSE), INTENTS)
    assert (now.state, now.reason, now.since) == ("skipped", reason, NOW + INTERVAL)
    assert now.last_result is None


def test_a_run_makes_it_known_again() -> None:
    bench = skipping("no_token", 10 * LAPSE)
    bench.take(run(INTENTS, at=bench.clock.now))
    now = shown(bench, INTENTS)
    assert (now.state, now.since, now.lapsed) == ("well", NOW, False)
    assert bench.probe("success", INTENTS) == 1


def test_what_somebody_asks_for_is_no_run_of_the_schedule() -> None:
    bench = skipping("budget", LAPSE)
    bench.take(OnDemandRun(run(INTENTS, at=NOW + LAPSE)))
    bench.clock.now += 1
    assert shown(bench, INTENTS).state == "unknown"


def test_nobody_asks_a_passive_surface_so_it_does_not_lapse() -> None:
    bench = Bench()
    bench.take(Renewal(LOGIN, NOW, "login", None, NOW + 3600, 3600), run(LOGIN, lateness=None))
    bench.clock.now = NOW + 3599
    assert (shown(bench, LOGIN).state, bench.probe("success", LOGIN)) == ("well", 1)
    bench.clock.now = NOW + 3600
    assert (shown(bench, LOGIN).state, bench.probe("success", LOGIN)) == ("waiting", None)


def test_a_reload_makes_nobody_younger() -> None:
    bench = skipping("no_token", LAPSE)
    bench.apply(plan(job(HEALTH), job(INTENTS), job(LOGIN)))
    bench.clock.now += 1
    assert shown(bench, INTENTS).state == "unknown"
