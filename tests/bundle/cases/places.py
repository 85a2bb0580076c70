"""The same target in two clusters or namespaces: one is down, and the other is well."""

from collections.abc import Iterator
from typing import Final

from tests.bundle.case import Case, Play
from tests.bundle.cases.api import LAB, PAGE, TICKET, always, within
from tests.bundle.cases.exporter import INFO, JOB
from tests.bundle.cases.slo import AVAILABILITY
from tests.bundle.stage import LIST, Labels, Stage

PLACES: Final = {
    "two clusters": ({"cluster": "n", "namespace": "a"}, {"cluster": "s", "namespace": "a"}),
    "two namespaces": ({"cluster": "n", "namespace": "a"}, {"cluster": "n", "namespace": "b"}),
}


def _fails(stage: Stage) -> Stage:
    return stage.surface(within("fail"))


def _is_well(stage: Stage) -> Stage:
    return stage.surface(always("ok"))


def _is_there(name: str, labels: Labels, end: int = 120) -> Play:
    """A series that is gone from minute 20 until another."""
    return lambda stage: stage.gauge(name, lambda at: None if 20 <= at < end else 1, labels)


def _is_up(value: int) -> Play:
    def play(stage: Stage) -> Stage:
        stage.gauge(INFO, lambda _: 1)
        return stage.gauge("up", lambda at: value if 20 <= at < 80 else 1)

    return play


TOLD: Final[tuple[tuple[str, dict[str, str], tuple[int, int], Play, Play], ...]] = (
    ("TargetDown", PAGE, (26, 85), _fails, _is_well),
    ("SurfaceFailing", {**TICKET, **LIST}, (28, 80), _fails, _is_well),
    (
        "AvailabilityBudgetBurnFast",
        {**PAGE, **AVAILABILITY, "window": "1h"},
        (29, 83),
        _fails,
        _is_well,
    ),
    (
        "TargetNotWatched",
        {**PAGE, **JOB},
        (35, 74),
        _is_there("oran_mano_target_info", LAB, 75),
        _is_there("oran_mano_target_info", LAB, 20),
    ),
    ("ExporterAbsent", {"severity": "critical", **JOB}, (33, 86), _is_up(0), _is_up(1)),
)


def places() -> Iterator[Case]:
    for why, (here, there) in PLACES.items():
        for alert, labels, firing, bad, well in TOLD:
            stage = bad(Stage(120, where=here)).beside(well(Stage(120, where=there)))
            yield Case(alert, "elsewhere", stage, {**labels, **here}, firing, why)


CASES: Final = list(places())
