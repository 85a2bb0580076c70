"""A step of the wall clock changes nothing of what is now: two exporters, one of them stepped."""

from collections.abc import Mapping
from typing import Final

import pytest
from msgspec.structs import replace

from exporter.model.headers import RateLimit
from exporter.model.observation import Call, Key, Observation, Renewal, Run
from exporter.model.past import Past
from exporter.planning.job import Plan
from exporter.report.status_text import healths, lines, quotas, summary
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
)

VNFS: Final = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
STEPS: Final = (-86400.0, -3600.0, -30.0, 30.0, 3600.0, 86400.0)
LATER: Final = (0.0, 1.0, 29.0, 59.0, 61.0, 89.0, 91.0, 599.0, 601.0, 3299.0, 3361.0, 3601.0)
"""Before and after whatever is judged by elapsed time."""
OWN: Final = "oran_mano_exporter_config_last_reload_success_timestamp_seconds"


def planned() -> Plan:
    return plan(job(HEALTH), job(INTENTS), job(VNFS, interval=300), job(LOGIN))


def history() -> tuple[Observation, ...]:
    """What was seen before the step: well, failing, skipped, a token, a quota, a certificate."""
    quota = RateLimit(60, 0, NOW + 600)
    answer = call(rate_limit=quota, certificate_expiry=NOW + 1e7)
    refused = call(INTENTS, status=503, at=NOW - 5)
    return (
        call(LOGIN, at=NOW - 1),
        Renewal(LOGIN, NOW - 1, "login", None, NOW + 3599, 3600, 0.1),
        run(LOGIN, at=NOW - 1, lateness=None, deciding=call(LOGIN, at=NOW - 1)),
        refused,
        run(INTENTS, at=NOW - 5, reason="http_5xx", detail="answered 503", deciding=refused),
        skip("budget", VNFS, at=NOW - 2),
        answer,
        run(deciding=answer),
    )


def begun() -> Bench:
    bench = Bench(planned())
    bench.take(*history())
    return bench


def exposed(bench: Bench) -> Mapping[str, float]:
    """All samples of the API."""
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for metric in bench.registry.collect()
        if metric.name.startswith("oran_mano_") and not OWN.startswith(metric.name)
        for sample in metric.samples
    }


def read(bench: Bench) -> list[object]:
    """All words for a person."""
    snapshot = bench.latest.snapshot()
    return [
        summary(snapshot),
        lines(snapshot, "lab"),
        quotas(snapshot, "lab"),
        healths(snapshot),
        [(now.state, now.lasted, now.run_ago) for now in snapshot.surfaces],
        snapshot.tokens,
    ]


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("step", STEPS)
def test_no_gauge_no_state_and_no_word_is_another_after_a_step(step: float, later: float) -> None:
    stepped, steady = begun(), begun()
    stepped.clock.step = step
    stepped.clock.now = steady.clock.now = NOW + later
    assert exposed(stepped) == exposed(steady)
    assert read(stepped) == read(steady)


def next_runs(step: float, after: float) -> tuple[Observation, ...]:
    """Another answer and another run, by a clock that was stepped."""
    at, steady = NOW + after + step, NOW + after
    answered: Call = replace(
        call(at=at, rate_limit=RateLimit(60, 59, at + 600)),
        steady=steady,
        certificate_expiry=NOW + 2e7,
    )
    return answered, run(at=at, deciding=answered), skip("budget", INTENTS, at=at)


@pytest.mark.parametrize("step", STEPS)
def test_what_is_seen_after_a_step_is_newer_than_what_was_before(step: float) -> None:
    bench = begun()
    bench.clock.step = step
    bench.take(*next_runs(step, 30))
    bench.clock.now = NOW + 40
    assert bench.probe("success") == 1
    assert bench.probe("success", INTENTS) == 0
    labels = {"target": "lab", "rate_class": "monitoring", "credential": "anonymous"}
    assert bench.value("oran_mano_rate_limit_remaining_requests", None, **labels) == 59
    certificate = "oran_mano_tls_certificate_expiry_timestamp_seconds"
    component = {"target": "lab", "component": "monitoring"}
    assert bench.value(certificate, None, **component) == NOW + 2e7
    (health, *_) = lines(bench.latest.snapshot(), "lab")
    assert (health.state, health.since, health.last_run) == ("well", "40s", "10s ago")
    assert quotas(bench.latest.snapshot(), "lab") == [
        "monitoring (anonymous): 59 of 60 left, resets in 9m50s"
    ]


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_from_before_the_step_that_comes_late_is_the_older_one(step: float) -> None:
    """A round that took long tells its calls when it is over."""
    bench = begun()
    bench.clock.step = step
    before = call(at=NOW + 10, rate_limit=RateLimit(60, 7, NOW + 600))
    bench.take(*next_runs(step, 30))
    bench.latest(before)
    assert "59 of 60 left" in quotas(bench.latest.snapshot(), "lab")[0]


@pytest.mark.parametrize("step", STEPS)
def test_since_when_it_is_so_is_counted_from_before_a_restart(step: float) -> None:
    """Only the wall clock spans a restart; from then on the other one counts."""
    bench = Bench(planned())
    bench.latest.recall({HEALTH: _failing_for_an_hour()})
    failed: Run = run(reason="dns")
    bench.take(failed)
    bench.clock.step = step
    bench.clock.now = NOW + 30
    (health, *_) = lines(bench.latest.snapshot(), "lab")
    assert (health.state, health.since) == ("failing", "1h30s")
    assert bench.probe("state_since_timestamp_seconds") == NOW - 3600


def _failing_for_an_hour() -> Past:
    return Past(HEALTH, "http://lab.example/v1", failing=True, since=NOW - 3600)
