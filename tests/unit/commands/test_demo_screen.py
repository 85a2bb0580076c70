"""What the demo shows, in terminals of every size."""

import io
from typing import Final

import pytest
from msgspec.structs import replace
from rich.console import Console, ConsoleDimensions

from exporter.catalog import CATALOG
from exporter.commands.demo_screen import DemoUrls, choice, plain_line, rows, screen, switching
from exporter.model.headers import RateLimit
from exporter.model.observation import Key
from exporter.planning.job import Plan
from exporter.simulator.scenarios import SCENARIOS
from exporter.status.snapshot import Snapshot
from tests.unit.status.factories import NOW, Bench, call, job, plan, run, skip, target_plan

PLACE: Final = DemoUrls(
    "http://127.0.0.1:8080/v1", "http://localhost:10945/", "http://localhost:10945/metrics"
)
CURL: Final = """curl -X PUT http://127.0.0.1:8080/simulator/scenario -d '{"name": "down"}'"""
KEYS: Final = [
    Key("lab", surface.component, surface.id)
    for surface in CATALOG
    if surface.safety == "read" and not surface.passive
]
"""About as many as the demo probes, the longest name among them."""
LAST: Final = KEYS[-1]
SIZES: Final = [(140, 40), (100, 30), (80, 24), (80, 18), (60, 18)]


def seen(*failing: Key, untried: Key | None = None) -> Snapshot:
    bench = Bench(plan(*map(job, KEYS)))
    for key in KEYS:
        limit = RateLimit(1000, 953, NOW + 12)
        if key == untried:
            bench.take(skip("no_resource", key))
        elif key in failing:
            failed = call(key, status=503, rate_limit=limit)
            bench.take(failed, run(key, reason="http_5xx", deciding=failed, detail="answered 503"))
        else:
            bench.take(well := call(key, rate_limit=limit), run(key, deciding=well))
    return bench.latest.snapshot()


def drawn(snapshot: Snapshot, width: int, height: int, scenario: str = "down") -> list[str]:
    paper = io.StringIO()
    console = Console(file=paper, width=width, height=height, color_system=None)
    console.print(screen(snapshot, PLACE, scenario, ConsoleDimensions(width, height)))
    return [line.rstrip() for line in paper.getvalue().splitlines()]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("failing", [[], KEYS], ids=["well", "down"])
def test_it_fits_and_a_surface_is_a_line(size: tuple[int, int], failing: list[Key]) -> None:
    width, height = size
    shown = drawn(seen(*failing), width, height)
    assert len(shown) <= height
    assert max(map(len, shown)) <= width
    headings = next(number for number, line in enumerate(shown) if line.startswith("Surface"))
    surfaces = {key.surface for key in KEYS}
    below = [line for line in shown[headings + 1 :] if not line.startswith("...")]
    assert all(line.split()[0] in surfaces for line in below)
    cut = len(KEYS) - len(below)
    assert (shown[-1] == f"... {cut} more") == bool(cut)


@pytest.mark.parametrize("size", [*SIZES, (80, 12)])
def test_what_is_above_the_surfaces_is_never_cut(size: tuple[int, int]) -> None:
    shown = drawn(seen(*KEYS), *size)
    assert "status page    http://localhost:10945/" in shown
    assert "metrics        http://localhost:10945/metrics" in shown
    assert "simulated API  http://127.0.0.1:8080/v1" in shown
    assert "scenario       down; switch it with:" in shown
    assert CURL in "\n".join(shown).replace(" \\\n  ", " ")
    assert f"{len(KEYS)} surfaces: {len(KEYS)} failing." in shown
    for quota in ("standard (account)", "monitoring (anonymous)"):
        assert f"{quota}: 953 of 1000 left, resets in 12s" in shown


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (140, "Surface State For Took Status Last run What is wrong"),
        (100, "Surface State For Took Status What is wrong"),
        (80, "Surface State Took Status What is wrong"),
        (60, "Surface State What is wrong"),
    ],
)
def test_columns_make_room_for_what_is_wrong(width: int, headings: str) -> None:
    shown = drawn(seen(LAST), width, 24)
    (line,) = (line for line in shown if line.startswith("Surface"))
    assert " ".join(line.split()) == headings
    (failing,) = (line for line in shown if line.startswith(f"{LAST.surface} "))
    assert "failing" in failing
    assert "http_5xx: an" in failing
    assert failing.endswith(("answered 503", "…"))


def test_what_fails_stays_where_surfaces_are_cut() -> None:
    shown = drawn(seen(LAST, untried=KEYS[-2]), 80, 18)
    assert LAST.surface in "\n".join(shown)
    assert shown[-1].endswith("more")
    whole = drawn(seen(LAST), 80, 60)
    assert whole[-1].startswith(LAST.surface)  # in the plan's order where all are there


def test_a_surface_that_is_skipped_says_why() -> None:
    (line,) = (line for line in drawn(seen(untried=LAST), 80, 60) if line.startswith(LAST.surface))
    assert line.split()[1:] == ["skipped", "-", "-", "no_resource"]


def test_several_targets_are_told_apart_and_none_is_no_fault() -> None:
    other = replace(LAST, target="other")
    bench = Bench(Plan((target_plan(job(LAST)), target_plan(job(other), name="other"))))
    names = [row.surface for row in rows(bench.latest.snapshot())]
    assert names == [f"lab {LAST.surface}", f"other {LAST.surface}"]
    nothing = Bench(Plan((target_plan(job(LAST)),)))
    nothing.apply(Plan(()))
    assert "Nothing is probed." in drawn(nothing.latest.snapshot(), 80, 24)


def test_a_command_that_is_too_long_is_one_for_the_shell_still() -> None:
    assert switching(PLACE, len(CURL)) == [CURL]
    cut = switching(PLACE, len(CURL) - 1)
    assert len(cut) == 3
    assert "\n".join(cut).replace("\\\n  ", "") == CURL


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_all_scenarios_are_named(width: int) -> None:
    told = choice(list(SCENARIOS), width)
    assert max(map(len, told)) <= width
    assert " ".join(" ".join(told).split()) == f"scenarios {', '.join(SCENARIOS)}"


def test_a_plain_line_tells_the_reason() -> None:
    (line,) = (row for row in rows(seen(LAST)) if row.surface == LAST.surface)
    told = plain_line(line).split()
    assert told == [LAST.surface, "failing", "250", "ms", "503", "http_5xx:", "answered", "503"]
