"""Lines of the exposition: what is equal from page to page is made once, numbers are filled in.

Text format 0.0.4 and OpenMetrics 1.0 write all of this alike. Numbers and escapes are those of the
library, against which tests hold them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from prometheus_client.utils import floatToGoString

BLOCK: Final = 64
"""Lines that are written at once, or some more: a fraction of a millisecond."""
SHORT: Final = 10**6
"""From here on a number has an exponent."""
_DIGITS: Final = 7
"""It has so many before the point then."""

_T = TypeVar("_T")


def number(value: float) -> str:
    """A number as Go writes it, or nearly: as the library does."""
    text = repr(float(value))
    if -SHORT < value < SHORT:
        return text
    point = text.find(".")
    if point < _DIGITS or value < 0:  # as short as it can be, or none at all
        return str(floatToGoString(value))  # type: ignore[no-untyped-call]  # the library's
    digits = f"{text[0]}.{text[1:point]}{text[point + 1 :]}".rstrip("0.")
    return f"{digits}e+{point - 1:02d}"


@lru_cache(maxsize=8192)
def repeated(value: float) -> str:
    """The same of one that is equal to others on the page, or on the one before."""
    return number(value)


def series(name: str, labels: Mapping[str, str]) -> str:
    """A line up to its number."""
    return f"{name}{labelled(labels)}"


def labelled(labels: Mapping[str, str]) -> str:
    """What of a line is between name and number."""
    if not labels:
        return " "
    inside = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(labels.items()))
    return f"{{{inside}}} "


def template(start: str, form: str) -> str:
    """A line of which only the number is left to be filled in, by ``%``."""
    return f"{start.replace('%', '%%')}{form}\n"


def filled(
    name: str,
    labels: Sequence[str],
    values: Iterable[float | None],
    text: Callable[[float], str],
) -> str:
    """Lines of one name; those without a number are left out."""
    return "".join(
        [
            f"{name}{of}{text(value)}\n"
            for of, value in zip(labels, values, strict=True)
            if value is not None
        ]
    )


def blocks(of: Sequence[_T], lines: int = 1) -> Iterator[Sequence[_T]]:
    """As many of them as are written at once, of so many lines each."""
    many = max(1, BLOCK // lines)
    return (of[start : start + many] for start in range(0, len(of), many))


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
