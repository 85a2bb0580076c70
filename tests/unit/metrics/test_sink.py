"""What is counted, and for how long."""

from collections import Counter
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.gates import GATES
from exporter.gates.skips import skip_reasons
from exporter.metrics.families.row import REASONS, SKIP_REASONS
from exporter.model.observation import Heartbeat, Key, Observation
from exporter.model.reasons import Reason, SkipReason
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    LOGIN,
    NOW,
    Bench,
    call,
    job,
    plan,
    run,
    skip,
    throttled_call,
)

Event = Reason | SkipReason | None

REQUESTS: Final = "oran_mano_api_requests_total"
REQUEST_SECONDS: Final = "oran_mano_api_request_duration_seconds_count"
THROTTLED: Final = "oran_mano_rate_limit_throttled_responses_total"

counts = ("scheduled", "runs", "failures", "throttled", "internal", "slow", "delayed")
keys = st.sampled_from((HEALTH, INTENTS, LOGIN))
events: st.SearchStrategy[tuple[Key, str, Event, bool]] = st.one_of(
    st.tuples(keys, st.just("run"), st.none() | st.sampled_from(REASONS), st.booleans()),
    st.tuples(keys, st.just("skip"), st.sampled_from(SKIP_REASONS), st.just(value=False)),
)


def observed(key: Key, kind: str, reason: Event, *, slow: bool) -> Observation:
    if kind == "skip":
        return skip(reason, key)  # type: ignore[arg-type]  # drawn from the set
    return run(key, reason=reason, slow=slow)


def skips(bench: Bench, key: Key) -> dict[str, float]:
    return {
        reason: bench.probe("skipped_total", key, reason=reason) or 0 for reason in SKIP_REASONS
    }


def test_skips_in_a_row_count_each() -> None:
    bench = Bench()
    bench.take(skip("misfire", count=3600))
    assert bench.probe("skipped_total", HEALTH, reason="misfire") == 3600
    assert bench.probe("scheduled_total", HEALTH) == 3600


@given(st.lists(events, max_size=40))
def test_in_every_scrape_scheduled_is_runs_plus_skips(
    sequence: list[tuple[Key, str, Event, bool]],
) -> None:
    bench = Bench()
    for key, kind, reason, slow in sequence:
        bench.take(observed(key, kind, reason, slow=slow))
    for key in (HEALTH, INTENTS, LOGIN):
        of = {name: bench.probe(f"{name}_total", key) or 0 for name in counts}
        mine = [event for event in sequence if event[0] == key]
        assert of["scheduled"] == of["runs"] + sum(skips(bench, key).values()) == len(mine)
        assert of["failures"] + of["slow"] <= of["runs"]
        assert of["throttled"] <= of["failures"]
        assert of["throttled"] + of["internal"] <= of["failures"]
        assert bench.probe("duration_seconds_count", key) == of["runs"] - of["internal"]
        skipped = Counter(reason for _, kind, reason, _ in mine if kind == "skip")
        assert skips(bench, key) == {reason: skipped[reason] for reason in SKIP_REASONS}
    failed = Counter(
        (key.component, reason)
        for key, kind, reason, _ in sequence
        if kind == "run" and reason is not None
    )
    assert {
        (labels["component"], labels["reason"]): bench.registry.get_sample_value(name, labels)
        for name, labels in bench.series("oran_mano_probe_failure_reasons_total")
    } == dict(failed)


def test_everything_of_a_planned_surface_is_there_before_its_first_run() -> None:
    bench = Bench()
    for key in (HEALTH, INTENTS, LOGIN):
        assert [bench.probe(f"{name}_total", key) for name in counts] == [0] * len(counts)
        assert bench.probe("duration_seconds_count", key) == 0
        assert {
            labels["reason"]
            for name, labels in bench.series("oran_mano_probe_skipped_total")
            if labels["surface"] == key.surface
        } == skip_reasons(job(key), GATES)


def test_a_skip_that_cannot_occur_has_no_series_until_it_does() -> None:
    bench = Bench()
    for key, never in ((HEALTH, "no_token"), (INTENTS, "no_resource"), (LOGIN, "misfire")):
        assert bench.probe("skipped_total", key, reason=never) is None
    bench.take(skip("no_resource"))
    assert bench.probe("skipped_total", HEALTH, reason="no_resource") == 1


def test_only_statuses_and_reasons_begin_when_first_seen() -> None:
    bench = Bench()
    assert not list(bench.series(REQUESTS, "oran_mano_probe_failure_reasons_total"))
    assert {labels["endpoint"] for _, labels in bench.series(REQUEST_SECONDS)} == {
        "/monitoring/health",
        "/orchestrator/intents/list",
        "/auth/login",
    }
    assert {
        (labels["rate_class"], labels["credential"]) for _, labels in bench.series(THROTTLED)
    } == {("monitoring", "anonymous"), ("standard", "account"), ("standard", "anonymous")}


def test_a_run_over_bad_is_a_failure_and_one_over_good_is_slow() -> None:
    bench = Bench()
    bench.take(run(slow=True), run(slow=True, reason="slow"), run())
    assert bench.probe("runs_total") == 3
    assert bench.probe("slow_total") == 1
    assert bench.probe("failures_total") == 1


def test_a_throttled_run_is_a_failure_and_counted_besides() -> None:
    bench = Bench()
    bench.take(run(reason="throttled"))
    assert bench.probe("failures_total") == 1
    assert bench.probe("throttled_total") == 1


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ("AttributeError", "AttributeError"),
        ("the exporter has too many open files", "open_files"),
        ("the machine has too many open files", "open_files"),
        ("SomeLibraryError", "other"),
        ("", "other"),
    ],
)
def test_a_fault_of_our_own_is_counted_apart_and_measures_nothing(detail: str, kind: str) -> None:
    bench = Bench()
    bench.take(run(reason="internal", detail=detail), run(reason="http_5xx", detail="KeyError"))
    assert [bench.probe(f"{name}_total") for name in ("runs", "failures", "internal")] == [2, 2, 1]
    assert bench.probe("duration_seconds_count") == 1
    faults = "oran_mano_exporter_faults_total"
    assert [(labels["surface"], labels["kind"]) for _, labels in bench.series(faults)] == [
        (HEALTH.surface, kind)
    ]
    bench.apply(plan(job(INTENTS)))
    assert not list(bench.series(faults))


def test_lateness_over_ten_milliseconds_is_delay() -> None:
    bench = Bench()
    bench.take(*(run(lateness=late) for late in (None, -0.0001, 0.0, 0.010, 0.0101, 3.0)))
    assert bench.probe("delayed_total") == 2
    name = "oran_mano_exporter_schedule_lateness_seconds"
    assert bench.value(f"{name}_count", None) == 5
    assert bench.value(f"{name}_bucket", None, le="0.0005") == 2
    assert bench.value(f"{name}_sum", None) == 0.010 + 0.0101 + 3.0


@pytest.mark.parametrize(
    ("lag", "lateness", "delayed"),
    [(0.010, None, 0), (0.010, 0.010, 0), (0.0101, None, 1), (0.0101, 0.0, 1), (0.0, 0.0101, 1)],
)
def test_what_is_delayed_by_lag_or_lateness_is_counted_and_no_exemplar(
    lag: float, lateness: float | None, delayed: int
) -> None:
    bench = Bench()
    context = TraceContext(1, 1)
    bench.metrics.exemplar = lambda of: of
    deciding = call(context=context, lag=lag)
    bench.take(deciding, run(lag=lag, lateness=lateness, deciding=deciding))
    assert bench.probe("delayed_total") == delayed
    exemplars = {
        sample.name
        for family in bench.registry.collect()
        for sample in family.samples
        if sample.exemplar is not None
    }
    expected = set() if delayed else {"oran_mano_probe_duration_seconds_bucket"}
    if lag <= 0.010:
        expected |= {"oran_mano_api_request_duration_seconds_bucket"}
    assert exemplars == expected


def test_the_duration_is_that_of_the_run() -> None:
    bench = Bench()
    bench.take(run(duration=0.25), run(duration=0.26), run(duration=31))
    buckets = [
        bench.probe("duration_seconds_bucket", HEALTH, le=le) for le in ("0.1", "0.25", "0.5")
    ]
    assert buckets == [0, 1, 2]
    assert bench.probe("duration_seconds_sum") == 31.51


def test_every_call_is_counted_by_endpoint_and_status() -> None:
    bench = Bench()
    statuses = (200, 200, 404, 99, 600, 999, 0, -1, None)
    bench.take(*(call(status=status) for status in statuses))
    bench.take(call(status=200, fault="reset"), call(INTENTS, method="POST", endpoint="/other"))
    assert {
        labels["status_code"]: bench.registry.get_sample_value(name, labels)
        for name, labels in bench.series(REQUESTS)
        if labels["endpoint"] == "/monitoring/health"
    } == {"200": 2, "404": 1, "other": 5, "error": 2}
    health = {"target": "lab", "method": "GET", "endpoint": "/monitoring/health"}
    assert bench.value(REQUEST_SECONDS, None, **health) == 10
    other = {"target": "lab", "method": "POST", "endpoint": "/other"}
    assert bench.value(REQUEST_SECONDS, None, **other) is None  # it left the plan


def test_answers_429_are_counted_for_the_quota_they_were_counted_against() -> None:
    bench = Bench()
    bench.take(throttled_call(), throttled_call(INTENTS), throttled_call(INTENTS))
    bench.take(call(HEALTH, status=429, rate_class="deployment", credential="account"))
    assert {
        (labels["rate_class"], labels["credential"]): bench.registry.get_sample_value(name, labels)
        for name, labels in bench.series(THROTTLED)
    } == {
        ("monitoring", "anonymous"): 1,
        ("standard", "account"): 2,
        ("standard", "anonymous"): 0,
        ("deployment", "account"): 1,
    }


def test_the_exporter_measures_itself() -> None:
    bench = Bench()
    bench.take(Heartbeat(NOW, lag=0.0006), Heartbeat(NOW + 1, lag=-0.1))
    bench.metrics.scraped(0.02)
    bench.metrics.sink_failed("metrics")
    prefix = "oran_mano_exporter_"
    assert bench.value(f"{prefix}event_loop_lag_seconds_count", None) == 2
    assert bench.value(f"{prefix}event_loop_lag_seconds_sum", None) == 0.0006
    assert bench.value(f"{prefix}schedule_heartbeat_timestamp_seconds", None) == NOW + 1
    assert bench.value(f"{prefix}scrape_duration_seconds_count", None) == 1
    assert bench.value(f"{prefix}sink_failures_total", None, sink="metrics") == 1
    infos = [labels for _, labels in bench.series(f"{prefix}build_info")]
    assert [(info["version"], info["revision"]) for info in infos] == [("1.2.3", "unknown")]


def test_sinks_that_never_failed_have_failed_0_times() -> None:
    assert Bench().value("oran_mano_exporter_sink_failures_total", None, sink="metrics") == 0


def test_what_is_odd_in_answers_is_counted_from_0_by_kind() -> None:
    bench = Bench()
    name, of = "oran_mano_body_oddities_total", {"target": "lab", "component": "monitoring"}

    def counted() -> list[float | None]:
        kinds = ("encoding", "number", "text")
        return [bench.value(name, None, **of, kind=kind) for kind in kinds]

    assert counted() == [0, 0, 0]
    bench.take(call(), call(oddities=("text",)), call(oddities=("number", "text")))
    assert counted() == [0, 1, 2]
    bench.take(call(Key("gone", "monitoring", "monitoring.health"), oddities=("text",)))
    assert counted() == [0, 1, 2]
    bench.apply(Plan(()))
    assert counted() == [None, None, None]


def test_what_is_listed_and_not_followed_is_shown() -> None:
    bench = Bench()
    name = "oran_mano_resources_unfollowed"
    assert bench.value(name, None, target="lab", kind="vnfs") is None
    bench.unfollowed = {("lab", "vnfs"): 3}
    assert bench.value(name, None, target="lab", kind="vnfs") == 3
