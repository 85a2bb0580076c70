"""Values that YAML has no type for."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from msgspec import Struct

from exporter.model.redaction import remember

_MILLISECONDS: Final = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
FIELD_VALUE: Final = r"^[!-~]([ -~]*[!-~])?\Z"
"""What a header may say: nothing that could end it (RFC 9110, section 5.5)."""
_DURATION: Final = re.compile(
    "".join(rf"(?:([0-9]{{1,9}}(?:\.[0-9]{{1,6}})?){unit})?" for unit in _MILLISECONDS)
)


class Duration(float):
    """Seconds, written as in ``30s``, ``5m``, ``500ms`` or ``1h30m``."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> "Duration":
        """Read numbers with units, the greater unit first, or ``0``: the sum in seconds.

        Raises:
            ValueError: it is something else; the message does not repeat it.
        """
        if text == "0":
            return cls(0)
        match = _DURATION.fullmatch(text)
        if match is None or not text:
            raise ValueError("not a duration")
        parts = zip(match.groups(), _MILLISECONDS.values(), strict=True)
        # In decimals, for one rounding at the end: 1m30.1s is the very float that 90.1 is.
        return cls(sum(Decimal(number) * size for number, size in parts if number) / 1000)

    def __str__(self) -> str:
        """The shortest written form: ``90`` seconds are ``1m30s``."""
        left = round(self * 1000)
        parts: list[str] = []
        for unit, size in _MILLISECONDS.items():
            count, left = divmod(left, size)
            if count:
                parts.append(f"{count}{unit}")
        return "".join(parts) or "0s"


class Secret:
    """A text that shows itself nowhere by accident: it is no ``str``, and ``reveal`` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hold the text, which no log shows from now on."""
        self._text = text
        remember(text)

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


def bare(text: str) -> str:
    """Take off what editors, ``echo`` and Kubernetes leave around a text that they put somewhere.

    That is a byte-order mark before it, and line breaks behind it.
    """
    return text.removeprefix("\ufeff").rstrip("\r\n")


def control_in(text: str) -> str | None:
    """Look for what nobody types into a secret: the text is another one, or there are two.

    It says what is wrong, if anything is, with not a word of the secret.
    """
    found = next((char for char in text if unicodedata.category(char) == "Cc"), None)
    return None if found is None else f"holds the control character U+{ord(found):04X}"


class InputFile(Struct, frozen=True):
    """Marks a text in the schema as the path of a file that must be there.

    Paths begin at the configuration's folder. The path of a ``secret`` file is not shown either:
    the secret itself is too easily written in its place. What is in a ``field`` file is to be
    the value of a header. A ``pem`` file is no text of one line: only TLS can tell whether it is
    right. A ``directory`` is to be written in; it may be the first that does so.
    """

    secret: bool = False
    field: bool = False
    pem: bool = False
    directory: bool = False
