"""From windows to rows."""

from typing import Final

import pytest

from tests.bench.arrivals import Arrival
from tests.bench.block import Blocks
from tests.bench.exposition import Exposition
from tests.bench.figures import Row
from tests.bench.goals import BARE, BLACKBOX, GOALS, GOLANG, OURS, PLAIN, SDK
from tests.bench.machine import Memory
from tests.bench.profiles import ALL, FULL, GROWTH, KEEP_ALIVE, SMALL
from tests.bench.report import Told, rows, section, wrong
from tests.bench.sidecar import Sidecar
from tests.bench.spans import Spans
from tests.bench.startup import Imports, Starts
from tests.bench.sums import Sums
from tests.bench.tally import FAILED, LAG, LATENESS, RENDERED, RENDERING, SKIPPED, Tally
from tests.bench.turns import Measured
from tests.bench.window import Cpu, Window

OURS_COUNTED: Final[Tally] = {
    (LATENESS, "0.001"): 900.0,
    (LATENESS, "0.005"): 1000.0,
    (LATENESS, "1.0"): 1000.0,
    (LATENESS, "+Inf"): 1000.0,
    (LAG, "0.001"): 10.0,
    (LAG, "+Inf"): 10.0,
    (SKIPPED, "misfire"): 5.0,
    (FAILED, ""): 2.0,
    (RENDERED, ""): 4.0,
    (RENDERING, ""): 0.08,
    ("scrapes", ""): 5.0,
    ("answered", ""): 4.0,
    ("samples", ""): 8.0,
}
PEERS_COUNTED: Final[Tally] = {
    ("failed", ""): 1.0,
    ("scrapes", ""): 1000.0,
    ("answered", ""): 1000.0,
    ("samples", ""): 20_000.0,
}
GOOD: Final = Sums(12, 0, 0, 0, 12, 12, 3, 15)


def arrivals(*times: float) -> list[Arrival]:
    return [Arrival(time, "a", sampled=False) for time in times]


def window(cpu: float, counted: Tally, *times: float) -> Window:
    came = arrivals(*(times or (0.0, 1.0, 2.0, 3.0)))
    return Window(4.0, came, Cpu(cpu, 0.1, 0.2, 0.3), counted, Memory(50.0, 60.0))


def ours(*windows: Window, sums: Sums = GOOD) -> Measured:
    return Measured(windows, 1, 1, sums, "# HELP a b\na 1\nb 2\n")


def profile(name: str = KEEP_ALIVE, *mine: Window, sums: Sums = GOOD) -> list[Row]:
    windows = mine or [window(cpu, OURS_COUNTED) for cpu in (0.0008, 0.0012, 0.0016)]
    others = [window(0.004, PEERS_COUNTED)] * len(windows)
    sides = {OURS: ours(*windows, sums=sums), PLAIN: Measured(others, 1, 1)}
    return rows(Told({name: sides}))


def row(found: list[Row], figure: str, peer: str = "") -> Row:
    (one,) = [each for each in found if (each.figure, each.peer) == (figure, peer)]
    return one


def test_cpu_is_for_each_run_and_its_ratio_that_of_neighbours() -> None:
    cost = row(profile(), "CPU per run, keep-alive", PLAIN)
    assert cost.ours == pytest.approx([200, 300, 400])
    assert cost.ratios == pytest.approx([0.2, 0.3, 0.4])
    assert cost.met


def test_lateness_names_its_bucket() -> None:
    late = row(profile(), "lateness p99, keep-alive")
    assert late.note == "between 1 and 5 ms"
    assert late.ours == pytest.approx([4.798])
    assert row(profile(), "loop's lag p99, keep-alive").note == "between 0 and 1 ms"


@pytest.mark.parametrize(
    ("misfires", "note"),
    [(0, "between 1 and 5 ms"), (11, "over 500 ms"), (1500, "over 500 ms")],
)
def test_runs_that_were_too_late_to_begin_are_late(misfires: int, note: str) -> None:
    counted = {**OURS_COUNTED, (LATENESS, "0.5"): 1000.0, (SKIPPED, "misfire"): float(misfires)}
    assert row(profile(KEEP_ALIVE, window(1, counted)), "lateness p99, keep-alive").note == note


def test_lateness_is_told_by_arrivals_too() -> None:
    mine = window(1, OURS_COUNTED, 0.0, 1.003, 2.0, 3.0)
    late = row(profile(KEEP_ALIVE, mine), "lateness p99, keep-alive, by arrivals", PLAIN)
    assert late.ours == pytest.approx([3])


def test_losses_are_those_that_the_target_did_not_see() -> None:
    mine = window(1, OURS_COUNTED, 0.0, 3.0)
    lost = row(profile(KEEP_ALIVE, mine), "runs lost, keep-alive", PLAIN)
    assert (lost.ours, lost.theirs, lost.met) == ([50], [0], False)
    assert row(profile(KEEP_ALIVE, mine), "runs skipped, keep-alive").ours == [125]


def test_runs_that_failed_are_told_where_there_are_any() -> None:
    assert row(profile(), "runs failed, keep-alive", PLAIN).ours == [6]
    well = {**OURS_COUNTED, (FAILED, ""): 0.0}
    sides = {OURS: ours(window(1, well)), PLAIN: ours(window(1, {}))}
    figures = [each.figure for each in rows(Told({KEEP_ALIVE: sides}))]
    assert "runs failed, keep-alive" not in figures


def test_memory_and_scrapes_are_those_of_all_targets() -> None:
    found = profile()
    assert row(found, "memory, 1000 targets", PLAIN).ours == [60, 60, 60]
    assert row(found, "samples of a scrape", PLAIN)[2:5] == ([2], PLAIN, [20])
    assert row(found, "scrapes that failed", PLAIN)[2:5] == ([20], PLAIN, [0])
    assert row(found, "making the page, mean").ours == pytest.approx([20])
    assert "memory, 1000 targets" not in {each.figure for each in profile("HTTPS")}


def test_growth_is_from_one_size_to_the_next() -> None:
    sizes = {"100 surfaces": 0.4, "1000 surfaces": 0.8, "5000 surfaces": 1.0}
    sides = {size: ours(window(cpu, OURS_COUNTED)) for size, cpu in sizes.items()}
    found = rows(Told({GROWTH: sides}))
    assert row(found, "CPU per run, 1000 surfaces", "100 surfaces").ratios == [2]
    assert row(found, "CPU per run, 5000 surfaces", "1000 surfaces").ratios == [1.25]


def test_a_side_that_did_nothing_has_no_figures_but_no_fault() -> None:
    nothing = window(0, {})._replace(arrivals=[])
    found = profile(KEEP_ALIVE, nothing)
    assert row(found, "lateness p99, keep-alive").ours == []
    assert row(found, "runs lost, keep-alive", PLAIN).ours == [100]
    assert row(found, "making the page, mean").ours == []


def everything() -> Told:
    """As a full run measures it, with one value for each."""
    side = ours(window(1, OURS_COUNTED))
    sides = {each.name: dict.fromkeys(each.sides, side) for each in FULL.profiles()}
    costs = {"gzip": [0.001], "text": [0.002]}
    return Told(
        sides,
        Starts([0.2], [0.5], [0.01], [0.2], [0.1]),
        Imports(40, 30),
        Exposition(costs, costs, 10_000),
        Blocks([0.001], [0.1]),
        Spans([1e-5], [2e-5]),
        Sidecar([0.003], Memory(54, 60), Memory(52, 60)),
    )


def test_a_full_run_holds_something_against_every_goal() -> None:
    found = rows(everything())
    assert {(each.figure, each.peer) for each in found if each.goal} == set(GOALS)
    assert wrong(found, {}, everything=True) == []
    assert {each.name for each in FULL.profiles()} == set(ALL)


def test_a_goal_without_a_figure_is_told() -> None:
    found = rows(everything()._replace(spans=None))
    assert wrong(found, {}, everything=True) == [f"not measured: CPU of a span / {SDK}"]
    assert wrong(found, {}, everything=False) == []


def test_what_could_not_be_measured_is_told() -> None:
    assert wrong([], {"growth": "TimeoutError()"}, everything=False) == [
        "growth could not be measured: TimeoutError()"
    ]


def test_what_does_not_add_up_is_told_with_its_sums() -> None:
    (line,) = wrong(profile(sums=GOOD._replace(calls=11)), {}, everything=False)
    assert line.startswith("unaccounted for, keep-alive: target 12 = calls 11;")


def test_what_has_a_goal_stands_first() -> None:
    told = section(rows(everything()), "Today.").split("\n\n")
    assert "CPU of a span" in told[1]
    assert "unaccounted for" in told[2]
    assert told[0] == "Today."


@pytest.mark.parametrize(
    ("figure", "peer", "value"),
    [
        ("CPU of a scrape, text", GOLANG, 2),
        ("longest block by a scrape", PLAIN, 1),
        ("CPU of a span", SDK, 10),
        ("start to first metrics, 1 target", BLACKBOX, 200),
        ("start to first metrics, 1000 targets", BARE, 500),
        ("sidecar, CPU", "", 0.3),
    ],
)
def test_figures_are_in_the_unit_of_their_goal(figure: str, peer: str, value: float) -> None:
    assert row(rows(everything()), figure, peer).ours == pytest.approx([value])


def test_the_small_scale_leaves_nothing_out() -> None:
    assert (set(SMALL.wanted), set(SMALL.parts)) == (set(ALL), set(FULL.parts))
