"""What outlives a restart: which of it is kept, and who knows it again."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exporter.logs.sink import Logs
from exporter.model.headers import Lifecycle
from exporter.model.observation import Key, Observation
from exporter.model.past import Past
from exporter.model.reasons import Reason
from exporter.persistence.sink import PersistenceSink
from exporter.planning.job import Plan, apply_to
from tests.unit.status.factories import HEALTH, INTENTS, NOW, Bench, call, job, plan, run, skip

URL: Final = "http://lab.example/v1"
LONG_AGO: Final = NOW - 86400
SUNSET: Final = NOW + 200 * 86400
FAILING: Final = {HEALTH: Past(HEALTH, URL, failing=True, since=LONG_AGO)}
WELL: Final = {HEALTH: Past(HEALTH, URL, failing=False, since=LONG_AGO)}


class Kept:
    """The sink, and how often it said that something changed."""

    def __init__(self, planned: Plan | None = None, past: Mapping[Key, Past] | None = None) -> None:
        self.changes = 0
        self.sink = PersistenceSink(self._changed)
        self.sink.apply(planned or plan())
        self.sink.recall(past or {})
        self.changes = 0

    def _changed(self) -> None:
        self.changes += 1

    def take(self, *observations: Observation) -> dict[Key, Past]:
        for observation in observations:
            self.sink(observation)
        return {past.key: past for past in self.sink.surfaces()}


def announced(at: float, sunset: float | None) -> Observation:
    return call(at=at, lifecycle=Lifecycle("1.0.0", None, sunset))


def test_since_when_a_surface_is_as_it_is() -> None:
    kept = Kept()
    assert kept.take() == {}
    assert kept.take(run())[HEALTH] == Past(HEALTH, URL, failing=False, since=NOW)
    assert kept.take(run(at=NOW + 1), run(at=NOW + 2))[HEALTH].since == NOW
    assert kept.changes == 1
    assert kept.take(run(at=NOW + 3, reason="dns"))[HEALTH] == Past(
        HEALTH, URL, failing=True, since=NOW + 3
    )
    assert kept.changes == 2
    assert kept.take(run(at=NOW + 4, reason="throttled"))[HEALTH].since == NOW + 3
    assert kept.changes == 2


@pytest.mark.parametrize("past", [FAILING, WELL])
def test_the_past_stands_until_the_first_run_says_otherwise(past: dict[Key, Past]) -> None:
    failing = past[HEALTH].failing
    same, other = run(reason="dns" if failing else None), run(reason=None if failing else "dns")
    assert Kept(past=past).take() == past
    assert Kept(past=past).take(same)[HEALTH].since == LONG_AGO
    assert Kept(past=past).take(other)[HEALTH].since == NOW


def test_what_has_nothing_to_ask_for_is_forgotten_but_not_before_it_ran() -> None:
    nothing = skip("no_resource")
    assert Kept(past=FAILING).take(nothing) == FAILING
    assert Kept(past=FAILING).take(run(reason="dns"), nothing) == {}
    assert Kept().take(run(at=NOW), nothing, run(at=NOW + 9))[HEALTH].since == NOW + 9
    assert Kept(past=FAILING).take(skip("budget")) == FAILING


def test_the_latest_sunset_that_was_announced() -> None:
    kept = Kept()
    assert kept.take(announced(NOW, None)) == {}
    assert kept.take(announced(NOW, SUNSET))[HEALTH].promised == SUNSET
    assert kept.take(announced(NOW + 1, SUNSET - 1))[HEALTH].promised == SUNSET
    assert kept.changes == 1
    assert kept.take(announced(NOW + 1, SUNSET + 1))[HEALTH].promised == SUNSET + 1


@pytest.mark.parametrize(
    "given",
    [
        {"status": 503},
        {"fault": "reset"},
        {"lifecycle": Lifecycle(sunset=253402300799.0)},
    ],
)
def test_what_is_no_promise_is_not_kept(given: dict[str, object]) -> None:
    kept = Kept()
    assert kept.take(replace(announced(NOW, SUNSET), **given)) == {}
    assert kept.changes == 0


def test_what_left_the_plan_is_forgotten_and_what_another_url_was() -> None:
    kept = Kept(past={HEALTH: Past(HEALTH, URL, failing=True, since=NOW, promised=SUNSET)})
    moved = plan(url="http://other")
    apply_to((kept.sink,), moved, plan(url=URL))
    assert kept.take() == {}
    kept.sink.apply(plan(job(INTENTS)))
    assert kept.take(run()) == {}


def test_what_is_known_already_is_not_replaced() -> None:
    kept = Kept()
    kept.take(run())
    kept.sink.recall(FAILING)
    assert kept.take()[HEALTH] == Past(HEALTH, URL, failing=False, since=NOW)


def test_the_latest_sunset_of_both_is_what_was_promised() -> None:
    kept = Kept()
    kept.take(call(lifecycle=Lifecycle(sunset=SUNSET)), run())
    kept.sink.recall({HEALTH: Past(HEALTH, URL, failing=True, since=LONG_AGO, promised=SUNSET + 9)})
    promised = Past(HEALTH, URL, failing=False, since=NOW, promised=SUNSET + 9)
    assert kept.take()[HEALTH] == promised


def recalling(past: dict[Key, Past], *observations: Observation) -> Bench:
    bench = Bench()
    bench.latest.recall(past)
    bench.take(*observations)
    return bench


@pytest.mark.parametrize(
    ("past", "reason", "since"),
    [
        (FAILING, "dns", LONG_AGO),
        (FAILING, None, NOW),
        (WELL, None, LONG_AGO),
        (WELL, "dns", NOW),
        ({}, None, NOW),
    ],
)
def test_the_gauge_goes_on_while_the_state_is_the_same(
    past: dict[Key, Past], reason: Reason | None, since: float
) -> None:
    bench = recalling(past, run(reason=reason))
    assert bench.probe("state_since_timestamp_seconds") == since
    bench.take(run(at=NOW + 1, reason="dns"), run(at=NOW + 2))
    assert bench.probe("state_since_timestamp_seconds") == NOW + 2


def test_nothing_is_shown_before_the_first_run() -> None:
    assert recalling(FAILING).probe("success") is None
    assert recalling(FAILING).probe("state_since_timestamp_seconds") is None


def test_a_sunset_that_was_moved_while_nobody_looked_is_seen() -> None:
    past = {HEALTH: Past(HEALTH, URL, promised=SUNSET)}
    labels = {"target": "lab", "component": "monitoring", "reason": "sunset_moved_earlier"}
    name = "oran_mano_api_lifecycle_problem"
    moved = announced(NOW, SUNSET - 86400)
    assert recalling(past, moved).value(name, None, **labels) == 1
    assert recalling({}, moved).value(name, None, **labels) == 0
    assert recalling(past, announced(NOW, SUNSET)).value(name, None, **labels) == 0
    bench = recalling(past)
    bench.apply(plan())  # a reload changes nothing
    bench.take(moved)
    assert bench.value(name, None, **labels) == 1
    assert bench.latest.snapshot().lifecycles[0].promised == SUNSET


def logged(
    caplog: pytest.LogCaptureFixture, past: dict[Key, Past], *observations: Observation
) -> list[tuple[str, Any]]:
    caplog.clear()
    caplog.set_level("INFO", "exporter")
    now = NOW
    logs = Logs(lambda: now)
    logs.apply(plan())
    logs.recall(past)
    for observation in observations:
        now = observation.at
        logs(observation)
    return [
        (record.getMessage(), fields.get("since") or fields.get("failed_seconds") or "")
        for record in caplog.records
        for fields in [record.fields]  # type: ignore[attr-defined]  # ours all have them
    ]


def test_the_log_says_since_when_and_when_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    failed, well = run(reason="dns"), run(at=NOW + 60)
    assert logged(caplog, FAILING, failed, failed, well) == [
        ("surface is failing", "2027-01-14T08:00:00.000Z"),
        ("surface has recovered", 86460.0),
    ]
    assert logged(caplog, FAILING, run()) == [("surface has recovered", 86400.0)]
    assert logged(caplog, WELL, failed) == [("surface is failing", "2027-01-15T08:00:00.000Z")]
    assert logged(caplog, WELL, run()) == []


def test_the_log_tells_of_a_sunset_that_was_moved(caplog: pytest.LogCaptureFixture) -> None:
    past = {HEALTH: Past(HEALTH, URL, promised=SUNSET)}
    (line, *_) = logged(caplog, past, announced(NOW, SUNSET - 86400))
    assert line[0] == "API life cycle: the sunset was moved to an earlier date"
