"""Version, deprecation and sunset of a component, and what is wrong with them."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.metrics.families.row import LIFECYCLE_PROBLEMS
from exporter.model.headers import Lifecycle, Relation
from exporter.model.observation import Call, Key
from exporter.model.reasons import Reason
from exporter.planning.job import Plan
from exporter.status.snapshot import LifecycleNow
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    LOGIN,
    NOW,
    Bench,
    call,
    job,
    plan,
    target_plan,
)

DAY: Final = 86400.0
NOTICE: Final = 180 * DAY
"""Written out: the guide's 6 months, which are a promise to others."""
OTHER: Final = Key("lab", "monitoring", "monitoring.metrics")
MONITORING: Final = {"target": "lab", "component": "monitoring"}
RESET: Final = "reset"
FAMILIES: Final = (
    "oran_mano_api_version",
    "oran_mano_api_dep",
    "oran_mano_api_sun",
    "oran_mano_api_l",
)


def answer(  # every word that an answer may have
    key: Key = HEALTH,
    at: float = NOW,
    *,
    status: int = 200,
    fault: Reason | None = None,
    version: str | None = None,
    deprecation: float | None = None,
    sunset: float | None = None,
    unparseable: bool = False,
    relations: tuple[Relation, ...] = (),
) -> Call:
    said = Lifecycle(version, deprecation, sunset, unparseable, relations)
    return call(key, at=at, status=status, fault=fault, lifecycle=said)


def two_surfaces() -> Plan:
    return plan(job(HEALTH), job(OTHER), job(INTENTS))


def problems(bench: Bench) -> set[str]:
    """Those of monitoring; all six have to be there."""
    states = {
        reason: bench.value("oran_mano_api_lifecycle_problem", None, **MONITORING, reason=reason)
        for reason in LIFECYCLE_PROBLEMS
    }
    assert set(states.values()) <= {0, 1}
    return {reason for reason, state in states.items() if state}


def dates(bench: Bench) -> tuple[float | None, float | None]:
    deprecation = bench.value("oran_mano_api_deprecation_timestamp_seconds", None, **MONITORING)
    return deprecation, bench.value("oran_mano_api_sunset_timestamp_seconds", None, **MONITORING)


def versions(bench: Bench) -> list[str]:
    return [labels["api_version"] for _, labels in bench.series("oran_mano_api_version_info")]


def series(bench: Bench) -> Iterator[tuple[str, str]]:
    for name, labels in bench.series(*FAMILIES):
        yield name, labels["component"]


def test_nothing_is_shown_before_a_header_was_seen() -> None:
    bench = Bench()
    bench.take(call(), call(INTENTS, status=503))
    assert list(series(bench)) == []


def test_a_version_alone_is_well() -> None:
    bench = Bench()
    bench.take(answer(version="1.0.0"))
    assert versions(bench) == ["1.0.0"]
    assert dates(bench) == (None, None)
    assert problems(bench) == set()
    assert {component for _, component in series(bench)} == {"monitoring"}


def test_dates_are_shown_as_they_were_told() -> None:
    bench = Bench()
    bench.take(answer(deprecation=NOW - DAY, sunset=NOW + NOTICE))
    assert dates(bench) == (NOW - DAY, NOW + NOTICE)
    assert problems(bench) == set()
    assert versions(bench) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (Lifecycle(unparseable=True), {"unparseable"}),
        (Lifecycle(deprecation=NOW + 2, sunset=NOW + 1), {"sunset_before_deprecation"}),
        (Lifecycle(deprecation=NOW, sunset=NOW + NOTICE - 1), {"notice_below_policy"}),
        (Lifecycle(deprecation=NOW + 1, sunset=NOW + 1), {"notice_below_policy"}),
        (Lifecycle(deprecation=NOW, sunset=NOW + NOTICE), set()),
        (Lifecycle(sunset=NOW + 1), set()),
        (Lifecycle(deprecation=NOW - NOTICE), set()),
        (Lifecycle(sunset=NOW), {"withdrawn"}),
        (Lifecycle(deprecation=NOW - NOTICE - 1, sunset=NOW - 1), {"withdrawn"}),
        (Lifecycle("2.0.0"), {"version_mismatch"}),
        (Lifecycle("01.5"), set()),
        (Lifecycle("other"), set()),
    ],
)
def test_what_is_wrong(said: Lifecycle, expected: set[str]) -> None:
    bench = Bench()
    bench.take(call(lifecycle=said))
    assert problems(bench) == expected


@pytest.mark.parametrize(
    ("url", "mismatch"),
    [
        ("http://lab.example/v2", True),
        ("http://lab.example/v2/mano/v1/", False),
        ("http://lab.example/v12", True),
        ("http://lab.example/vim1/v1x", False),
        ("http://v2.example", False),
    ],
)
def test_the_major_version_is_the_last_one_in_the_url(url: str, mismatch: object) -> None:
    bench = Bench(plan(url=url))
    bench.take(answer(version="1.9.3"))
    assert ("version_mismatch" in problems(bench)) is mismatch


def test_a_sunset_passes_by_itself() -> None:
    bench = Bench()
    bench.take(answer(sunset=NOW + 10))
    bench.clock.now = NOW + 9.9
    assert problems(bench) == set()
    bench.clock.now = NOW + 10
    assert problems(bench) == {"withdrawn"}
    bench.clock.now = NOW + 400 * DAY
    assert problems(bench) == {"withdrawn"}


def test_a_sunset_that_moves_earlier_until_it_is_back() -> None:
    bench = Bench()
    bench.take(answer(sunset=NOW + 100), answer(sunset=NOW + 200, at=NOW + 1))
    assert problems(bench) == set()
    bench.take(answer(sunset=NOW + 150, at=NOW + 2))
    assert problems(bench) == {"sunset_moved_earlier"}
    bench.take(answer(sunset=NOW + 199, at=NOW + 3))
    assert problems(bench) == {"sunset_moved_earlier"}
    bench.take(answer(sunset=NOW + 200, at=NOW + 4))
    assert problems(bench) == set()


def test_a_sunset_that_moved_earlier_until_the_first_one_passed() -> None:
    bench = Bench()
    bench.take(answer(sunset=NOW + 200), answer(sunset=NOW + 100, at=NOW + 1))
    bench.clock.now = NOW + 199
    assert problems(bench) == {"sunset_moved_earlier", "withdrawn"}
    bench.clock.now = NOW + 200
    assert problems(bench) == {"withdrawn"}


def test_a_sunset_that_was_taken_back_is_remembered() -> None:
    bench = Bench()
    bench.take(answer(sunset=NOW + 200), answer(version="1", at=NOW + 1))
    assert dates(bench) == (None, None)
    assert problems(bench) == set()
    bench.take(answer(sunset=NOW + 100, at=NOW + 2))
    assert problems(bench) == {"sunset_moved_earlier"}


def test_the_newest_answer_counts_not_the_last_to_be_seen() -> None:
    bench = Bench()
    bench.take(answer(version="1.1", at=NOW + 1), answer(version="1.0", sunset=NOW + 9))
    assert versions(bench) == ["1.1"]
    assert dates(bench) == (None, None)
    bench.take(answer(version="1.2", at=NOW + 1))  # of two at once the last one
    assert versions(bench) == ["1.2"]


def test_an_error_that_is_older_than_a_good_answer_brings_nothing_back() -> None:
    bench = Bench()
    bench.take(answer(version="1.0"), call(at=NOW + 2))
    bench.take(answer(version="2.0", at=NOW + 1, status=503))
    assert versions(bench) == ["1.0"]


def test_surfaces_take_nothing_back_that_another_one_said() -> None:
    bench = Bench(two_surfaces())
    bench.take(answer(deprecation=NOW + 5, sunset=NOW + 300 * DAY, version="1.0"))
    bench.take(answer(OTHER, at=NOW + 1, deprecation=NOW + 9, sunset=NOW + 200 * DAY))
    assert dates(bench) == (NOW + 5, NOW + 200 * DAY)
    assert versions(bench) == ["1.0"]
    assert problems(bench) == set()  # an earlier sunset of another surface is no move
    bench.take(answer(OTHER, at=NOW + 2, version="1.1"))
    assert dates(bench) == (NOW + 5, NOW + 300 * DAY)
    assert versions(bench) == ["1.1"]


def test_an_answer_in_the_way_adds_and_takes_nothing_back() -> None:
    bench = Bench()
    bench.take(
        answer(
            deprecation=NOW,
            sunset=NOW + NOTICE,
            version="1.0",
            unparseable=True,
            relations=("sunset",),
        )
    )
    bench.take(answer(at=NOW + 1, status=503, version="1.1"), call(at=NOW + 2, status=502))
    assert dates(bench) == (NOW, NOW + NOTICE)
    assert versions(bench) == ["1.1"]
    assert problems(bench) == {"unparseable"}
    assert bench.latest.snapshot().lifecycles[0].relations == ("sunset",)
    bench.take(answer(at=NOW + 4, status=410, sunset=NOW + NOTICE + 1))
    assert dates(bench) == (NOW, NOW + NOTICE + 1)


@pytest.mark.parametrize(("status", "fault"), [(503, None), (404, None), (302, None), (200, RESET)])
def test_what_an_answer_in_the_way_added_goes_with_the_next_good_one(
    status: int, fault: Reason | None
) -> None:
    bench = Bench()
    gateway = answer(status=status, fault=fault, version="2.0", sunset=NOW - 1, unparseable=True)
    bench.take(gateway, call(at=NOW + 1, status=503))
    assert problems(bench) == {"version_mismatch", "withdrawn", "unparseable"}
    bench.take(call(at=NOW + 2))
    assert problems(bench) == set()
    assert versions(bench) == []
    assert dates(bench) == (None, None)


def test_of_answers_in_the_way_the_last_word_counts() -> None:
    bench = Bench()
    bench.take(answer(status=503, unparseable=True), answer(at=NOW + 1, status=410, sunset=NOW))
    assert problems(bench) == {"withdrawn"}


def test_what_was_withdrawn_is_so_as_long_as_it_says_so() -> None:
    bench = Bench()
    bench.take(answer(sunset=NOW + DAY, version="1.0"))
    bench.clock.now = NOW + 400 * DAY
    bench.take(*(answer(at=bench.clock.now + n, status=410, sunset=NOW + DAY) for n in range(3)))
    assert problems(bench) == {"withdrawn"}
    assert dates(bench) == (None, NOW + DAY)


def test_only_a_good_answer_promises() -> None:
    bench = Bench()
    bench.take(answer(status=503, sunset=NOW + 300 * DAY), answer(at=NOW + 1, sunset=NOW + 9 * DAY))
    bench.take(answer(at=NOW + 2, fault=RESET, sunset=NOW + 300 * DAY))
    bench.take(answer(at=NOW + 3, sunset=NOW + 9 * DAY))
    assert problems(bench) == set()


@pytest.mark.parametrize(("days", "promised"), [(30 * 365, True), (30 * 365 + 1, False)])
def test_a_date_beyond_all_plans_is_no_promise(days: int, promised: object) -> None:
    """Who writes 9999-12-31 means that there is none."""
    bench = Bench()
    bench.take(answer(sunset=NOW + days * DAY))
    assert dates(bench) == (None, NOW + days * DAY)
    bench.take(answer(at=NOW + 1, sunset=NOW + 300 * DAY))
    assert problems(bench) == ({"sunset_moved_earlier"} if promised else set())


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("step", [-3600, -1, 3600])
def test_a_step_of_the_clock_makes_no_answer_older_or_newer(step: float, status: int) -> None:
    bench = Bench()
    bench.take(answer(version="1.0"))
    for steady, version in ((NOW + 5, "1.1"), (NOW + 4, "1.2")):
        said = answer(at=steady + step, version=version, status=status)
        bench.take(replace(said, steady=steady))
        assert versions(bench) == ["1.1"]


def test_it_does_not_age() -> None:
    bench = Bench()
    bench.take(answer(version="1.0", sunset=NOW + 400 * DAY))
    bench.clock.now = NOW + 300 * DAY
    assert versions(bench) == ["1.0"]


def test_it_survives_a_reload_but_not_a_move_to_another_server() -> None:
    bench = Bench(two_surfaces())
    bench.take(answer(sunset=NOW + 200), answer(sunset=NOW + 100, at=NOW + 1))
    bench.apply(plan(job(HEALTH, interval=5), job(INTENTS)))
    assert problems(bench) == {"sunset_moved_earlier"}
    bench.apply(plan(job(HEALTH), url="http://elsewhere.example/v1"))
    assert list(series(bench)) == []
    bench.take(answer(sunset=NOW + 100))
    assert problems(bench) == set()


def test_what_left_the_plan_is_forgotten() -> None:
    bench = Bench(two_surfaces())
    bench.take(answer(OTHER, version="1.0"), answer(INTENTS, version="1.0"))
    bench.apply(plan(job(HEALTH), job(INTENTS)))
    assert {component for _, component in series(bench)} == {"orchestrator"}
    bench.apply(two_surfaces())
    assert {component for _, component in series(bench)} == {"orchestrator"}
    bench.take(answer(Key("gone", "x", "x.y"), version="1"), answer(LOGIN, version="1"))
    assert {component for _, component in series(bench)} == {"orchestrator"}


def test_targets_are_told_apart() -> None:
    south = Key("south", "monitoring", "monitoring.health")
    bench = Bench(Plan((*plan().targets, target_plan(job(south), name="south"))))
    bench.take(answer(sunset=NOW + 200), answer(south, sunset=NOW + 100, at=NOW + 1))
    assert problems(bench) == set()
    told = bench.latest.snapshot().lifecycles
    assert [(now.target, now.sunset) for now in told] == [("lab", NOW + 200), ("south", NOW + 100)]


def test_the_snapshot_has_more_than_the_gauges() -> None:
    bench = Bench(two_surfaces())
    bench.take(answer(sunset=NOW + 200, relations=("sunset",)))
    bench.take(answer(at=NOW + 1, sunset=NOW + 100, relations=("deprecation", "sunset")))
    bench.take(answer(OTHER, relations=("successor-version",)))
    assert bench.latest.snapshot().lifecycles == (
        LifecycleNow(
            *("lab", "monitoring", None, None, NOW + 100, NOW + 200),
            frozenset({"sunset_moved_earlier"}),
            ("deprecation", "successor-version", "sunset"),
        ),
    )


DATES = st.none() | st.floats(0, 253402300799)


@given(st.lists(st.tuples(st.sampled_from([HEALTH, OTHER]), DATES, DATES, st.integers(100, 599))))
def test_whatever_is_said_all_six_are_there_and_dates_are_the_earliest(
    said: list[tuple[Key, float | None, float | None, int]],
) -> None:
    bench = Bench(two_surfaces())
    for number, (key, deprecation, sunset, status) in enumerate(said):
        told = answer(key, NOW + number, status=status, deprecation=deprecation, sunset=sunset)
        bench.take(told)
    if said:
        wrong = problems(bench)
        assert not {"sunset_before_deprecation", "unparseable"} <= wrong
        _, sunset = dates(bench)
        assert ("withdrawn" in wrong) == (sunset is not None and sunset <= NOW)
