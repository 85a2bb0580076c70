"""Values as Grafana writes them, as far as these dashboards use its units."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Final

_TIMES: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"))
_LARGE: Final = 100
"""From here on no digit is left out."""
_BYTES: Final = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"))


def written(value: float, unit: str) -> str:
    """A value with its unit."""
    if math.isnan(value):
        return "NaN"
    if known := _UNITS.get(unit):
        return known(value)
    return f"{_plain(value)}{unit.removeprefix('suffix:') if unit.startswith('suffix:') else ''}"


def _plain(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= _LARGE else f"{value:.3g}"


def _ago(value: float) -> str:
    ago = time.time() - value / 1000
    told = _scaled(abs(ago), _TIMES[:4], "s")
    return f"{told} ago" if ago > 0 else f"in {told}"


def _scaled(value: float, steps: tuple[tuple[float, str], ...], small: str) -> str:
    if math.isinf(value):
        return "∞"
    for step, name in steps:
        if abs(value) >= step:
            return f"{value / step:.3g} {name}"
    return f"{value:.3g} {small}"


_UNITS: Final[Mapping[str, Callable[[float], str]]] = {
    "percentunit": lambda value: f"{_plain(value * 100)}%",
    "s": lambda value: _scaled(value, _TIMES, "s"),
    "bytes": lambda value: _scaled(value, _BYTES, "B"),
    "reqps": lambda value: f"{value:.3g} req/s",
    "dateTimeFromNow": _ago,
    "dateTimeAsIso": lambda value: time.strftime("%Y-%m-%d %H:%M", time.gmtime(value / 1000)),
}


def legend(pattern: str, labels: Mapping[str, str]) -> str:
    """The name of a series; a label that is not there is nothing, and spaces are one."""
    for label in set(_labels(pattern)):
        pattern = pattern.replace(f"{{{{{label}}}}}", labels.get(label, ""))
    return " ".join(pattern.split())


def _labels(pattern: str) -> list[str]:
    return [each.partition("}}")[0] for each in pattern.split("{{")[1:]]


def fitted(text: str, width: float, size: float = 12) -> str:
    """As much of a text as a width of pixels has room for."""
    room = int(width / (size * 0.53))
    return text if len(text) <= room else f"{text[: max(room - 1, 0)]}…"
