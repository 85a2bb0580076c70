"""What is now: when it holds, and when it is gone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.metrics.families.row import PHASES, REASONS
from exporter.model.observation import Phases
from exporter.model.reasons import Reason
from exporter.status.snapshot import SurfaceNow
from tests.unit.status.factories import (
    GAUGES,
    NOW,
    Bench,
    call,
    gauges,
    run,
    shown,
)


def test_nothing_is_known_before_the_first_run() -> None:
    bench = Bench()
    assert gauges(bench) == set()
    assert shown(bench) == SurfaceNow(shown(bench).job)
    assert shown(bench).state == "waiting"


def test_a_well_run() -> None:
    bench = Bench()
    answer = call(
        response_bytes=0, reused=False, phases=Phases(queue=0.0, send=0.1, wait=0.2, receive=0.3)
    )
    bench.take(run(deciding=answer))
    assert bench.probe("success") == 1
    assert bench.probe("consecutive_failures") == 0
    assert bench.probe("state_since_timestamp_seconds") == NOW
    assert bench.probe("last_run_timestamp_seconds") == NOW
    assert bench.probe("last_success_timestamp_seconds") == NOW
    assert bench.probe("http_status_code") == 200
    assert bench.probe("response_bytes") == 0
    assert bench.probe("connection_reused") == 0
    reached = {phase: bench.probe("phase_duration_seconds", phase=phase) for phase in PHASES}
    assert reached == {
        "queue": 0.0,
        "dns": None,
        "connect": None,
        "tls": None,
        "send": 0.1,
        "wait": 0.2,
        "receive": 0.3,
    }
    assert gauges(bench) == set(GAUGES) - {"failure_reason"}
    now = shown(bench)
    assert (now.state, now.since, now.reason, now.status) == ("well", NOW, None, 200)
    assert (now.duration, now.last_run, now.success_at) == (0.25, NOW, NOW)


def test_a_failed_run_without_an_answer() -> None:
    bench = Bench()
    failed = call(status=None, fault="dns", phases=Phases(dns=2.0))
    bench.take(run(reason="dns", detail="no such host", deciding=failed))
    assert bench.probe("success") == 0
    assert bench.probe("failure_reason", reason="dns") == 1
    assert bench.probe("consecutive_failures") == 1
    assert gauges(bench) == {
        "success",
        "failure_reason",
        "consecutive_failures",
        "state_since_timestamp_seconds",
        "last_run_timestamp_seconds",
        "phase_duration_seconds",
    }
    now = shown(bench)
    assert (now.state, now.reason, now.detail, now.status) == (
        "failing",
        "dns",
        "no such host",
        None,
    )


def test_a_run_that_no_call_decided_has_no_values_of_one() -> None:
    bench = Bench()
    bench.take(run(reason="internal"))
    assert "http_status_code" not in gauges(bench)
    assert "phase_duration_seconds" not in gauges(bench)


def test_only_the_reason_of_now_is_shown() -> None:
    bench = Bench()
    bench.take(run(reason="dns"), run(reason="http_5xx"))
    assert bench.probe("failure_reason", reason="dns") is None
    assert bench.probe("failure_reason", reason="http_5xx") == 1
    bench.take(run())
    assert "failure_reason" not in gauges(bench)


@given(st.lists(st.none() | st.sampled_from(REASONS), min_size=1, max_size=30))
def test_failures_in_a_row_and_since_when(outcomes: list[Reason | None]) -> None:
    bench = Bench()
    for number, reason in enumerate(outcomes):
        bench.clock.now = NOW + number
        bench.take(run(at=NOW + number, reason=reason))
    last = len(outcomes) - 1
    same = 0
    while same <= last and (outcomes[last - same] is None) == (outcomes[last] is None):
        same += 1
    assert bench.probe("state_since_timestamp_seconds") == NOW + last - same + 1
    assert bench.probe("consecutive_failures") == (same if outcomes[last] is not None else 0)
    well = [NOW + number for number, reason in enumerate(outcomes) if reason is None]
    assert bench.probe("last_success_timestamp_seconds") == (well[-1] if well else None)


def test_connections_are_asked_of_their_owner_at_each_scrape() -> None:
    connections = {"lab": 3}
    bench = Bench(connections=connections)
    assert bench.value("oran_mano_active_connections", None, target="lab") == 3
    connections["lab"] = 0
    assert bench.value("oran_mano_active_connections", None, target="lab") == 0


def test_a_snapshot_does_not_change_afterwards() -> None:
    bench = Bench()
    bench.take(run())
    before = bench.latest.snapshot()
    bench.take(run(at=NOW + 1, reason="dns"))
    assert before.surfaces[0].state == "well"
    assert before.at == NOW
    with pytest.raises(AttributeError):
        before.surfaces[0].state = "failing"  # type: ignore[misc]  # frozen: the point
