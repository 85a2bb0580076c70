"""Lines of the exposition: what is equal from page to page is made once, numbers are filled in.

Text format 0.0.4 and OpenMetrics 1.0 write all of this alike. Numbers and escapes are those of the
library, against which tests hold them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeVar

from prometheus_client.utils import floatToGoString

BLOCK: Final = 32
"""Scopes that are written at once: a fraction of a millisecond."""
SHORT: Final = 10**6
"""From here on a number has an exponent."""

_T = TypeVar("_T")


def number(value: float) -> str:
    """A number as Go writes it, or nearly: as the library does."""
    return repr(float(value)) if -SHORT < value < SHORT else _long(value)


@lru_cache(maxsize=8192)
def count(value: int) -> str:
    """The same of a count: most of those on a page are equal to others on it."""
    return _long(value)


def series(name: str, labels: Mapping[str, str]) -> str:
    """A line up to its number."""
    if not labels:
        return f"{name} "
    inside = ",".join(f'{label}="{_escaped(value)}"' for label, value in sorted(labels.items()))
    return f"{name}{{{inside}}} "


def template(start: str, form: str) -> str:
    """A line of which only the number is left to be filled in, by ``%``."""
    return f"{start.replace('%', '%%')}{form}\n"


def filled(form: str, texts: Sequence[str | None]) -> str:
    """The lines of a template, of ``%s`` each; those without a text are left out."""
    if None not in texts:
        return form % tuple(texts)
    return "".join(
        line % text + "\n"
        for line, text in zip(form.split("\n"), texts, strict=False)
        if text is not None
    )


def blocks(of: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """As many of them as are written at once."""
    return (of[start : start + BLOCK] for start in range(0, len(of), BLOCK))


def _long(value: float) -> str:
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]  # the library's


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
