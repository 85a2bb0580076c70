"""Alerting rules for tests in a hurry."""

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

_UNITS: Final = {
    "ms": 0.001,
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "y": 31_536_000,
}
_RANGE: Final = re.compile(r"\[(\w+)(?::(\w+))?\]")


def seconds(duration: str) -> float:
    """Prometheus' ``1h30m`` in seconds."""
    pieces = re.findall(r"(\d+)(ms|[smhdwy])", duration)
    return sum(int(number) * _UNITS[unit] for number, unit in pieces)


def shortened(rules: Mapping[str, Any], factor: float, *, longest: str = "15m") -> dict[str, Any]:
    """The same rules for a world in which everything goes ``factor`` times faster.

    Every ``for`` and ``keep_firing_for``, range and step of a subquery up to ``longest`` is
    divided; numbers stay as they are. With ``longest="30d"`` the burn rates, too, hold together.

    Args:
        rules: a rule file, as YAML reads it.
        factor: 60 makes seconds of minutes.
        longest: what is longer stays as it is.
    """
    limit = seconds(longest)

    def short(duration: str) -> str:
        return f"{max(round(seconds(duration) / factor * 1000), 1)}ms"

    def window(found: re.Match[str]) -> str:
        if seconds(found[1]) > limit:
            return found[0]
        step = f":{short(found[2])}" if found[2] else ""
        return f"[{short(found[1])}{step}]"

    quick = copy.deepcopy(dict(rules))
    for group in quick["groups"]:
        if "interval" in group:
            group["interval"] = short(group["interval"])
        for rule in group["rules"]:
            rule["expr"] = _RANGE.sub(window, rule["expr"])
            for wait in ("for", "keep_firing_for"):
                if wait in rule and seconds(rule[wait]) <= limit:
                    rule[wait] = short(rule[wait])
    return quick
