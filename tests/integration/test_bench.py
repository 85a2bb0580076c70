"""Benchmarks run to their end and tell their figures; how good they are is no test's business.

The one beside peers is proved by ``make bench-small``.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from tests.bench import rules
from tests.support import tools


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
