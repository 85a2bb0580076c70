"""What the headers of an answer say, as pure functions that never raise."""

import re
from collections.abc import Mapping
from typing import Final

from exporter.observation import RateLimit

_DECIMAL: Final = re.compile("[0-9]{1,15}")
"""ASCII digits only, and few enough that a float holds every one of them exactly."""


def decimal(text: str | None) -> int | None:
    """Read a header that is one non-negative whole number (as RFC 9110, section 8.6, has it).

    Args:
        text: the header's value; ``None`` where it was not sent.

    Returns:
        The number; ``None`` for anything else, such as a sign, a list or digits past 15.
    """
    return int(text) if text and _DECIMAL.fullmatch(text) else None


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read the quota from an answer's headers (guide, "Rate Limit Headers").

    Args:
        headers: those of any answer, looked up in any case.

    Returns:
        ``limit`` and ``remaining`` in requests, ``reset`` in Unix seconds; what was absent or
        malformed is ``None`` in it, and so is all of it where nothing was usable.
    """
    limit = decimal(headers.get("X-RateLimit-Limit"))
    remaining = decimal(headers.get("X-RateLimit-Remaining"))
    reset = decimal(headers.get("X-RateLimit-Reset"))
    if limit is None and remaining is None and reset is None:
        return None
    return RateLimit(limit, remaining, None if reset is None else float(reset))
