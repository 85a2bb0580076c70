"""How long answers take."""

import random
from typing import Final

_SIGMA: Final = 0.45  # of the logarithm: the 99th percentile is 2.8 times the median
_STALL_RATIO: Final = 0.005  # of requests meet a collection of garbage, a lock, a cold cache
_STALL_FACTOR: Final = 6.0


def draw(typical_ms: float, factor: float, rng: random.Random) -> float:
    """Draw one latency.

    Args:
        typical_ms: The median in milliseconds.
        factor: What the scenario multiplies it with; 0 draws nothing.
        rng: Where chance comes from.

    Returns:
        Seconds, log-normal with a rare stall.
    """
    if factor <= 0:
        return 0.0
    seconds = typical_ms / 1000 * rng.lognormvariate(0.0, _SIGMA)
    if rng.random() < _STALL_RATIO:
        seconds *= _STALL_FACTOR
    return seconds * factor
