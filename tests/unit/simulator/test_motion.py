import random
import statistics

import pytest

from exporter.simulator.latency import draw
from exporter.simulator.motion import stamp, wave
from tests.unit.simulator.support import START


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (START, "2023-11-14T22:14:00.000Z"),
        (START + 0.25, "2023-11-14T22:14:00.250Z"),
        (0, "1970-01-01T00:00:00.000Z"),
    ],
)
def test_stamps(at: float, told: str) -> None:
    assert stamp(at) == told


def test_a_wave_wanders_within_its_bounds() -> None:
    seen = [wave("key", START + second, 20, 50) for second in range(0, 3600, 7)]
    assert 20 <= min(seen) < 25
    assert 45 < max(seen) <= 50
    assert wave("key", START, 20, 50) == seen[0] != wave("other", START, 20, 50)


@pytest.mark.parametrize("factor", [0.5, 1, 4])
def test_latencies_have_a_median_and_a_tail(factor: float) -> None:
    rng = random.Random(1)
    drawn = sorted(draw(20, factor, rng) for _ in range(20_000))
    assert statistics.median(drawn) == pytest.approx(0.020 * factor, rel=0.03)
    assert drawn[-200] == pytest.approx(0.020 * 3.3 * factor, rel=0.1)
    assert drawn[-1] > 0.020 * 8 * factor


def test_no_latency_uses_no_chance() -> None:
    rng = random.Random(1)
    before = rng.getstate()
    assert draw(20, 0, rng) == 0
    assert rng.getstate() == before
