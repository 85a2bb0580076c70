"""The benchmark runs to its end and tells its figures; how good they are is no test's business."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from tests.bench import quick, rules
from tests.support import tools

TARGETS: Final = 20
SECONDS: Final = 2
NUMBER: Final = re.compile(r"\d")


async def run(module: str, *words: str) -> str:
    """Measure in another process; give what it tells."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *words),
        cwd=tools.ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(120):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    told = output.decode()
    assert process.returncode == 0, told
    return told


async def test_a_small_benchmark_prints_all_figures() -> None:
    page = quick.PAGE.read_text()
    small = ("--targets", str(TARGETS), "--rounds", "1", "--seconds", str(SECONDS))
    told = await run("tests.bench.quick", "--print-only", *small)
    assert quick.PAGE.read_text() == page
    rows = {
        cells[0]: cells[1:]
        for line in told.splitlines()
        if line.startswith("| ") and (cells := [cell.strip() for cell in line[2:].split("|")])
    }
    figures = {
        figure: cells
        for figure, cells in rows.items()
        if figure != "figure" and "-" * 5 not in figure
    }
    assert len(figures) > 12
    assert all(NUMBER.search(cells[0]) or cells[0] == "none" for cells in figures.values()), told
    lost = re.match(r"(\d+) of (\d+) ", figures["runs lost"][0])
    assert lost, told
    assert abs(int(lost[2]) - TARGETS * SECONDS) < TARGETS
    assert int(lost[1]) <= int(lost[2]) / 2
    for side in (0, 1):
        assert figures["runs that failed"][side] == "0"
        assert not figures["CPU of the server per run"][side].startswith("0 ")


async def test_a_small_measure_tells_how_many_surfaces_a_share_carries() -> None:
    told = await run("tests.bench.share", "--targets", "5", "--seconds", "2")
    carried = [int(number) for number in re.findall(r"^ +(\d+) surfaces every", told, re.MULTILINE)]
    assert len(carried) == 4
    assert 0 < carried[0] <= carried[-1]


QUICK: Final = """\
groups:
  - name: short
    interval: 1s
    rules:
      - record: oran_mano:slo_bad:increase5m
        expr: sum by (target) (increase(oran_mano_probe_runs_total[5m]))
  - name: long
    interval: 2s
    rules:
      - record: oran_mano:slo_bad:increase1h
        expr: sum_over_time(oran_mano:slo_bad:increase5m[1h:1m]) / 5
"""


async def test_a_prometheus_tells_what_rules_cost_it(tmp_path: Path) -> None:
    file = tmp_path / "quick.rules.yaml"
    file.write_text(QUICK)
    costs = await rules.measure(rules.Stage([file], 7200, down=False), 15)
    assert [(cost.group, cost.interval) for cost in costs] == [("short", 1), ("long", 2)]
    assert all(0 < cost.seconds < 5 for cost in costs)
