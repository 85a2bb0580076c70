"""How many file descriptors a plan comes to, and how the limit is raised."""

import logging
import resource
from collections.abc import Iterator
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.commands.tables import check_report
from exporter.config.schema import Auth, Config, Connection, Resources, SurfaceOptions
from exporter.planning.job import Plan
from exporter.planning.plan import plan
from exporter.process.file_descriptors import MOST, needed, raise_limit
from exporter.process.load import LoadedPlan, warn
from exporter.system.spare_descriptors import FILES, LISTENER, allowed, for_listener
from tests.unit.planning.test_plan import planned, target

OWN: Final = 16 + FILES + LISTENER
LANES: Final = 10 // 3
OFF: Final = SurfaceOptions(mode="off")
READ: Final = SurfaceOptions(mode="read")
EACH: Final = next(
    surface for surface in CATALOG if surface.ids is not None and surface.ids.fan_out == "each"
)


@pytest.fixture
def limit() -> Iterator[tuple[int, int]]:
    """The limits, which are as they were afterwards."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield soft, hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def most(**settings: object) -> int:
    return needed(Plan((planned(**settings),))) - OWN


def test_nothing_to_do_takes_what_the_process_and_its_listener_take() -> None:
    assert needed(Plan(())) == OWN


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, 10 + 1 + 1),  # as many as may be in flight, what is essential, a login
        ({"connection": Connection(concurrency=4)}, 4 + 1 + 1),
        ({"surfaces": {"*": SurfaceOptions(essential=True)}}, 2 + 1),
        ({"auth": Auth(), "surfaces": {"*": OFF, "monitoring.health": READ}}, 1),
        ({"surfaces": {"*": OFF, "orchestrator.intents.list": READ}}, 1 + 1),
        ({"surfaces": {"*": OFF, EACH.id: READ}, "resources": Resources(max=2)}, 2 + 1),
        ({"surfaces": {"*": OFF, EACH.id: READ}, "resources": Resources(max=50)}, LANES + 1),
    ],
)
def test_a_target_takes_what_its_runs_may_have_in_flight(
    settings: dict[str, object], expected: int
) -> None:
    assert most(**settings) == expected


def test_targets_add_up() -> None:
    two = plan(CATALOG, Config((target(), target(name="other"))))
    assert needed(two) == OWN + 2 * most()


def test_check_says_how_many() -> None:
    report, _ = check_report(Plan((planned(),)), "a test")
    assert report.closing.endswith(f" It may need {OWN + 12} open files (ulimit -n).")


@pytest.mark.parametrize(("allowed", "told"), [(OWN + 12, False), (OWN + 11, True)])
def test_a_limit_that_is_too_low_is_warned_of(
    allowed: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    told: bool,
) -> None:
    monkeypatch.setattr("exporter.process.load.allowed", lambda: allowed)
    with caplog.at_level(logging.WARNING):
        warn(LoadedPlan(Plan((planned(),)), "a test"))
    messages = [record.message for record in caplog.records]
    assert any("limit of open files is too low" in message for message in messages) is told


@pytest.mark.parametrize(
    ("limit", "connections"), [(16, 4), (64, 16), (255, 63), (256, 64), (1024, 64), (1, 1)]
)
def test_the_listener_has_a_quarter_of_a_low_limit(limit: int, connections: int) -> None:
    assert for_listener(limit) == connections


def test_the_soft_limit_is_raised_to_the_hard_one(limit: tuple[int, int]) -> None:
    _, hard = limit
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    raise_limit()
    assert allowed() == min(hard, MOST) == min(hard, 65536)


def test_a_limit_that_is_high_already_stays(limit: tuple[int, int]) -> None:
    before, _ = limit
    raise_limit()
    raised = allowed()
    raise_limit()
    assert raised == allowed() >= before
