"""Values that move with time and with nothing else, so that every figure can be reproduced."""

import math
import zlib
from datetime import UTC, datetime

_TURN = 2 * math.pi


def stamp(at: float) -> str:
    """Write an instant as the API writes them.

    Args:
        at: Unix time in seconds.

    Returns:
        RFC 3339 in UTC with milliseconds: two health answers a moment apart must differ.
    """
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return moment.removesuffix("+00:00") + "Z"


def wave(key: str, at: float, low: float, high: float) -> float:
    """Let a figure wander between two bounds.

    Args:
        key: What is measured; each key has its own phase and period.
        at: Unix time in seconds.
        low: The least value.
        high: The greatest value.

    Returns:
        A value within the bounds, the same for the same key and time, rounded to 4 digits.
    """
    spread = zlib.crc32(key.encode()) / 0xFFFFFFFF
    slow = math.sin(_TURN * (at / (240 + 240 * spread) + spread))
    fast = math.sin(_TURN * (at / (17 + 11 * spread) + 3 * spread))
    return round(low + (high - low) * (0.5 + 0.38 * slow + 0.12 * fast), 4)
