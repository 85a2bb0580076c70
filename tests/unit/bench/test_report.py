"""From windows to rows."""

from typing import TypeAlias

import pytest

from tests.bench.machine import Memory
from tests.bench.report import Result, Starts, rows
from tests.bench.tally import FAILED, LATENESS, RENDERED, RENDERING, SCHEDULED, SKIPPED, Tally
from tests.bench.window import Cpu, Window

Told: TypeAlias = dict[str, tuple[str, str, str, bool | None]]

OURS = {
    (LATENESS, "0.001"): 900.0,
    (LATENESS, "0.005"): 1000.0,
    (LATENESS, "1.0"): 1000.0,
    (LATENESS, "+Inf"): 1000.0,
    (SKIPPED, "misfire"): 5.0,
    (SKIPPED, "overrun"): 0.0,
    (SCHEDULED, ""): 1000.0,
    (FAILED, ""): 2.0,
    (RENDERED, ""): 4.0,
    (RENDERING, ""): 0.08,
    ("scrapes", ""): 5.0,
    ("answered", ""): 4.0,
    ("seconds", ""): 0.5,
    ("samples", ""): 8.0,
}
PEER = {
    ("failed", ""): 1.0,
    ("scrapes", ""): 1000.0,
    ("answered", ""): 1000.0,
    ("seconds", ""): 2.0,
    ("samples", ""): 20_000.0,
}
STARTS = Starts(ours=[0.2, 0.15, 0.16], peer=[0.01], ours_full=[1.5])


def window(runs: int, cpu: float, counted: Tally, peak: float = 60.0) -> Window:
    return Window(1.0, runs, Cpu(cpu, 0.1, 0.2, 0.3), counted, Memory(50.0, peak))


def figures(windows: list[Window]) -> dict[str, str]:
    return {row.figure: row.ours for row in rows(Result(1000, windows, windows, STARTS, ""))}


@pytest.fixture
def told() -> Told:
    ours = [window(950, cpu, OURS) for cpu in (0.19, 0.285, 0.38)]
    peer = [window(1000, 1.0, PEER, peak=30.0)] * 3
    result = Result(1000, ours, peer, STARTS, "# HELP a b\na 1\nb 2\n")
    return {row.figure: (row.ours, row.peer, row.ratio, row.met) for row in rows(result)}


def test_cpu_is_for_each_run_and_its_ratio_that_of_neighbours(
    told: Told,
) -> None:
    assert told["CPU of the server per run"] == (
        "300 us (200 us to 400 us)",
        "1000 us (1000 us to 1000 us)",
        "0.30 (0.20 to 0.40)",
        True,
    )


def test_lateness_names_its_bucket(told: Told) -> None:
    assert told["lateness, p99"] == ("4.8 ms (in the bucket 1 ms to 5 ms)", "not told", "", False)


@pytest.mark.parametrize(
    ("misfires", "p50", "p99"),
    [
        (0, "0.556 ms (in the bucket 0 ms to 1 ms)", "4.6 ms (in the bucket 1 ms to 5 ms)"),
        (11, "0.562 ms (in the bucket 0 ms to 1 ms)", "over 500 ms"),
        (1500, "over 500 ms", "over 500 ms"),
    ],
)
def test_runs_that_were_too_late_to_begin_are_late(misfires: int, p50: str, p99: str) -> None:
    counted = {**OURS, (LATENESS, "0.5"): 1000.0, (SKIPPED, "misfire"): float(misfires)}
    told = figures([window(950, 0.1, counted)])
    assert (told["lateness, p50"], told["lateness, p99"]) == (p50, p99)


def test_losses_are_those_that_nginx_did_not_see(
    told: Told,
) -> None:
    assert told["runs lost"][:2] == ("150 of 3000 (5.0%)", "0 of 3000 (0.0%)")
    assert told["skipped, by its own count"][0] == "misfire 0.5%"
    assert told["runs that failed"][:2] == ("6", "3")


def test_memory_scrapes_and_starts(told: Told) -> None:
    assert told["memory, at its most"] == ("60 MiB", "30 MiB", "2.00", True)
    assert told["scrapes that failed (over 1 s)"][:2] == ("3 of 15", "0 of 3000")
    assert told["scrape, mean, by Prometheus"][:2] == ("100 ms", "2 ms")
    assert told["of it, rendering"][0] == "20 ms"
    assert told["samples in a scrape"][:2] == ("2 (0.0 MB as text)", "20")
    assert told["start to first metrics, 1 target"][0] == "160 ms (150 ms to 200 ms)"
    assert told["start to first metrics, 1 target"][3] is True


def test_a_side_that_did_nothing_has_no_figures_but_no_fault() -> None:
    told = figures([window(0, 0.0, {})])
    assert told["lateness, p99"] == "unknown"
    assert told["runs lost"] == "1000 of 1000 (100.0%)"
    assert told["of it, rendering"] == "unknown"
