"""Series follow the plan: what leaves it ends, what stays keeps its counts."""

from typing import Final

from exporter.model.observation import Key
from exporter.planning.job import Plan
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    LOGIN,
    Bench,
    call,
    job,
    plan,
    run,
    skip,
    target_plan,
    throttled_call,
)
from tests.unit.status.scenario import played

REQUESTS: Final = "oran_mano_api_requests_total"
THROTTLED: Final = "oran_mano_rate_limit_throttled_responses_total"


def test_what_left_the_plan_is_gone_and_leaves_no_series() -> None:
    bench = played()
    bench.apply(plan())
    bench.apply(plan(job(INTENTS)))
    left = [labels for _, labels in bench.series("oran_mano_") if "target" in labels]
    assert {labels["target"] for labels in left} == {"lab"}
    assert {labels.get("surface", INTENTS.surface) for labels in left} == {INTENTS.surface}
    assert {labels.get("component", "orchestrator") for labels in left} == {"orchestrator"}
    assert {labels.get("endpoint") for labels in left} == {None, "/orchestrator/intents/list"}
    assert {labels.get("rate_class") for labels in left} == {None, "standard"}


def test_what_stays_in_the_plan_keeps_its_counts() -> None:
    bench = Bench()
    bench.take(call(), run(), run(reason="dns"), skip("overrun"), throttled_call())
    before = dict(_counts(bench, HEALTH))
    bench.apply(plan(job(HEALTH, interval=5.0), job(LOGIN)))
    assert dict(_counts(bench, HEALTH)) == before
    bench.take(run(), run(INTENTS))
    assert bench.probe("runs_total") == 3
    bench.apply(plan())
    assert bench.probe("runs_total", INTENTS) == 0


def test_series_that_surfaces_share_stay_with_the_last_of_them() -> None:
    second = Key("lab", "monitoring", "monitoring.metrics")
    both = job(HEALTH), job(second, path="/monitoring/health")
    bench = Bench(plan(*both))
    bench.take(call(), run(reason="dns"), throttled_call())
    bench.apply(plan(both[1]))
    labels = {"target": "lab", "component": "monitoring", "reason": "dns"}
    assert bench.value("oran_mano_probe_failure_reasons_total", None, **labels) == 1
    assert {labels["status_code"] for _, labels in bench.series(REQUESTS)} == {"200", "429"}
    quota = {"target": "lab", "rate_class": "monitoring", "credential": "anonymous"}
    assert bench.value(THROTTLED, None, **quota) == 1


def test_observations_of_surfaces_that_are_not_planned_are_dropped() -> None:
    bench = Bench(plan(job(INTENTS)))
    before = list(bench.series("oran_mano_"))
    bench.take(call(), run(reason="dns"), skip("budget"), throttled_call())
    assert list(bench.series("oran_mano_")) == before
    assert bench.latest.snapshot().certificates == ()


def test_two_targets_do_not_mix() -> None:
    south = Key("south", "monitoring", "monitoring.health")
    both = (*plan().targets, target_plan(job(south), name="south"))
    bench = Bench(Plan(both))
    bench.take(run(south), run(south, reason="dns"))
    assert bench.probe("runs_total") == 0
    assert bench.probe("runs_total", south) == 2


def _counts(bench: Bench, key: Key) -> list[tuple[tuple[str, str], float]]:
    """All samples with the labels of a surface or its target, but for the gauges of the plan."""
    return [
        ((name, str(labels)), bench.registry.get_sample_value(name, labels) or 0)
        for name, labels in bench.series("oran_mano_probe_", "oran_mano_api_", THROTTLED)
        if labels.get("surface", key.surface) == key.surface
        and labels.get("endpoint", "/monitoring/health") == "/monitoring/health"
        and labels.get("credential", "anonymous") == "anonymous"
    ]
