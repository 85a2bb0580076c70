"""From two readings to a window."""

from tests.bench.machine import Memory
from tests.bench.window import Cpu, Edge, Window, between


def test_a_window_is_what_happened_between_its_readings() -> None:
    first = Edge(100.0, 5000, Cpu(1.0, 2.0, 3.0, 4.0))
    last = Edge(105.0, 5121, Cpu(1.5, 2.25, 3.125, 4.0))  # one of those is the reading itself
    memory = Memory(50.0, 60.0)
    assert between(first, last, {("failed", ""): 2.0}, memory) == Window(
        5.0, 120, Cpu(0.5, 0.25, 0.125, 0.0), {("failed", ""): 2.0}, memory
    )
