"""Values that YAML has no type for."""

import re
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Duration(float):
    """Seconds, written as in ``30s``, ``5m``, ``500ms`` or ``1h30m``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read the written form.

        Args:
            text: numbers with units, one after the other.

        Returns:
            The sum in seconds.

        Raises:
            ValueError: it is something else.
        """
        if text == "0":
            return cls(0)
        if not text or _DURATION.sub("", text):
            raise ValueError(text)
        return cls(sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(text)))

    def __str__(self) -> str:
        """The shortest written form: ``90`` seconds are ``1m30s``."""
        left = round(self * 1000)
        if left == 0:
            return "0s"
        parts: list[str] = []
        for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
            count, left = divmod(left, size)
            if count:
                parts.append(f"{count}{unit}")
        if left:
            parts.append(f"{left}ms")
        return "".join(parts)


class Secret:
    """A text that shows itself nowhere by accident: it is no ``str``, and ``reveal`` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hold the text."""
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._text

    def __repr__(self) -> str:
        """Never the text."""
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        """Whether it is the same text."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """As equality has it."""
        return hash(self._text)
