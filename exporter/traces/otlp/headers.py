"""Headers for the collector, held against what OpenTelemetry takes before it sees them.

It logs what it refuses, value and all (``opentelemetry.util.re``), and goes on without; and it
takes values that can be sent in no header, so that each export would fail.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple
from urllib.parse import unquote

from exporter.config.values import FIELD_VALUE

ALLOWED: Final = (
    "NAME=VALUE, several with commas between them; of printable ASCII without quotes, semicolons "
    "and backslashes, anything else percent-encoded"
)
_RAW_NAME: Final = re.compile(r"[!#-'*+.0-9A-Z^-z|~-]+")
_RAW_VALUE: Final = re.compile(r"[ !#-+\--:<-\[\]-~]*")
"""What OpenTelemetry takes, values with spaces as well."""
_NAMES: Final = {
    "http/protobuf": re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"),  # RFC 9110, section 5.6.2
    "grpc": re.compile(r"(?!.*-bin\Z)[0-9a-z_.-]+"),  # and values of -bin are bytes
}
_QUOTES: Final = ("'", '"')
_BLANKS: Final = " \t"


class Header(NamedTuple):
    """One of them, decoded; ``raw`` is its value as it was written."""

    name: str
    value: str
    raw: str


def headers_of(text: str) -> list[Header]:
    """Read a variable as OpenTelemetry does: what can be read of it."""
    return [_header(item) for _, item in _items(text) if "=" in item]


def header_problem(text: str, protocol: Literal["http/protobuf", "grpc"]) -> str | None:
    """The first mistake in headers, without a word of them; ``None`` where all can be sent."""
    found = ((number, _wrong(item, _NAMES[protocol])) for number, item in _items(text))
    return next((f"item {number} {wrong}" for number, wrong in found if wrong), None)


def _items(text: str) -> Iterator[tuple[int, str]]:
    items = (item.strip() for item in text.split(","))
    return ((number, item) for number, item in enumerate(items, 1) if item)


def _wrong(item: str, names: re.Pattern[str]) -> str | None:
    """What is wrong with one of them: first as OpenTelemetry sees it, then as the wire does."""
    name, equals, value = item.partition("=")
    header = _header(item)
    if item.startswith(_QUOTES):
        return "begins with a quote"
    if not equals:
        return 'has no "="'
    if not _RAW_NAME.fullmatch(name.strip(_BLANKS)) or not names.fullmatch(header.name):
        return "has no name that a header can have"
    if not _RAW_VALUE.fullmatch(value.strip(_BLANKS)):
        return "has a character in its value that may not stand there"
    if header.value and not re.match(FIELD_VALUE, header.value):
        return "has a value that no header can have once it is decoded"
    return None


def _header(item: str) -> Header:
    name, _, raw = item.partition("=")
    raw = raw.strip()
    if " " in raw:  # then OpenTelemetry takes it as it is
        return Header(name.strip().lower(), raw, raw)
    return Header(unquote(name).strip().lower(), unquote(raw).strip(), raw)
