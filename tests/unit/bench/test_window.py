"""From two readings to a window."""

from tests.bench.arrivals import Arrival
from tests.bench.machine import Memory
from tests.bench.window import Cpu, Edge, between


def test_a_window_is_what_happened_between_its_readings() -> None:
    first = Edge(100.0, Cpu(1.0, 2.0, 3.0, 4.0))
    last = Edge(105.0, Cpu(1.5, 2.25, 3.125, 4.0))
    arrivals = [Arrival(at, "a", sampled=False) for at in (99.9, 100.0, 104.9, 105.0)]
    memory = Memory(50.0, 60.0)
    window = between(first, last, arrivals, {("failed", ""): 2.0}, memory)
    assert (window.seconds, window.runs, window.arrivals) == (5.0, 2, arrivals[1:3])
    assert window.cpu == Cpu(0.5, 0.25, 0.125, 0.0)
    assert (window.counted, window.memory) == ({("failed", ""): 2.0}, memory)
