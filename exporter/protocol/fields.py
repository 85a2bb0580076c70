"""What header fields are made of: numbers, dates, structured fields. Pure, and nothing raises."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, Literal, TypeAlias

import http_sf

Parameters: TypeAlias = Mapping[str, object]
Member: TypeAlias = tuple[object, Parameters]
"""A bare item of a structured field, with its parameters."""

_MOST_DIGITS: Final = 15
"""Of a number: so few that a float holds every one of them exactly."""

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAY: Final = "(?P<day>[0-9]{2})"
_MONTH: Final = "(?P<month>[a-z]{3})"
_CLOCK: Final = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_HTTP_DATES: Final = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        f"[a-z]{{3}}, {_DAY} {_MONTH} (?P<year>[0-9]{{4}}) {_CLOCK} GMT",
        f"[a-z]{{6,9}}, {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) {_CLOCK} GMT",
        f"[a-z]{{3}} {_MONTH} (?P<day>[0-9 ][0-9]) {_CLOCK} (?P<year>[0-9]{{4}})",
    )
)
"""IMF-fixdate, and the two forms that are obsolete and still to be read. Case is forgiven."""
_PIVOT: Final = 70
"""Two digits of a year from here on are of the last century: none of our dates is before 1970."""

_ISO_DATE: Final = re.compile(
    "(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    "(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
    "(?:[Zz]|(?P<sign>[+-])(?P<east>[01][0-9]|2[0-3])(?::?(?P<past>[0-5][0-9]))?)?)?"
)
_LONGEST: Final = 2048
"""Characters: no quota needs as many, and reading 8000 takes tens of milliseconds."""
_END: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
_HOURS: Final = 24
_SIXTY: Final = 60
"""Minutes, and seconds; with the 60th second as the leap second that it may be."""
_PARTS: Final = ("year", "month", "day", "hour", "minute", "second")


def decimal(text: str | None) -> int | None:
    """Read a header that is one non-negative whole number (as RFC 9110, section 8.6, has it).

    ``None`` for anything else, such as a sign, a list or digits past 15.
    """
    if not text or len(text) > _MOST_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text)


@lru_cache(maxsize=32)  # a server says the same second many times, and the same sunset always
def http_date(text: str) -> float | None:
    """Read a date of HTTP, in all three forms that a recipient has to take, in Unix seconds.

    A leap second is the second after (RFC 9110, section 5.6.7, allows it, ``datetime`` does not);
    the day's name is not checked. ``None`` for anything else, and for what is not in 1970 to 9999.
    """
    for form in _HTTP_DATES:
        if (found := form.fullmatch(text)) is not None:
            date = _unix(*found.group(*_PARTS))
            return None if date is None else unix_date(date)
    return None


def iso_date(text: str) -> float | None:
    """Read a date of ISO 8601, in the profile of RFC 3339, section 5.6, in whole Unix seconds.

    Besides, a date may stand alone (its first second: too early is the safe side for the end of
    something), seconds and an offset's minutes may be missing, and no offset is UTC.
    ``datetime.fromisoformat`` reads different things in different versions of Python, and no leap
    second. ``None`` as for `http_date`.
    """
    found = _ISO_DATE.fullmatch(text)
    if found is None or (date := _unix(*found.group(*_PARTS))) is None:
        return None
    return unix_date(date - _offset(*found.group("sign", "east", "past")))


def unix_date(seconds: float) -> float | None:
    """Take a number as a Unix time; ``None`` outside of 1970 to 9999, which no log could write."""
    return float(seconds) if 0 <= seconds <= _END else None


def structured_list(text: str) -> list[Member]:
    """Read a structured field that is a list (RFC 9651, section 3.1), its lines joined by commas.

    There are no members if any part of it is malformed (section 4.2); inner lists are left out.
    """
    parsed = _structured(text, "list")
    return [member for member in parsed if _is_item(member)] if isinstance(parsed, list) else []


def structured_dictionary(text: str) -> dict[str, Member]:
    """Read a structured field that is a dictionary (RFC 9651, section 3.2).

    Its members are as `structured_list` has them; none if any part of it is malformed.
    """
    parsed = _structured(text, "dictionary")
    if not isinstance(parsed, dict):
        return {}
    return {key: member for key, member in parsed.items() if _is_item(member)}


def structured_item(text: str) -> object:
    """Read a structured field that is one item (RFC 9651, section 3.3), without its parameters.

    ``None`` where it is malformed.
    """
    parsed = _structured(text, "item")
    return parsed[0] if isinstance(parsed, tuple) else None


def each_line(headers: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The values of all lines of a field, in their order; none where it was not sent.

    aiohttp's headers keep lines apart and look up only the first one.
    """
    first = headers.get(name)
    if first is None:
        return ()
    every = getattr(headers, "getall", None)
    return (first,) if every is None else tuple(every(name))


def lines(headers: Mapping[str, str], name: str) -> str | None:
    """Read a field that is a list and may stand on several lines (RFC 9110, section 5.3) as one.

    ``None`` where there is none, or nothing in them.
    """
    return ", ".join(each_line(headers, name)) or None


def _structured(text: str, kind: Literal["list", "dictionary", "item"]) -> object:
    if len(text) > _LONGEST:
        return None
    try:
        return http_sf.parse(text.encode("ascii"), tltype=kind)
    except ValueError:  # the library's own error is one, and so is what cannot be encoded
        return None


def _is_item(member: object) -> bool:
    return isinstance(member, tuple) and not isinstance(member[0], list)


def _unix(  # noqa: PLR0913, PLR0917  # the parts of a date
    year: str, month: str, day: str, hour: str | None, minute: str | None, second: str | None
) -> float | None:
    """Unix seconds of what was written, as if in UTC; ``None`` for what is no such day or time."""
    midnight = _midnight(year, month, day)
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    if midnight is None or hours >= _HOURS or minutes >= _SIXTY or seconds > _SIXTY:
        return None
    return midnight + hours * 3600 + minutes * 60 + seconds


@lru_cache(maxsize=32)  # of most dates only the time is another one
def _midnight(year: str, month: str, day: str) -> float | None:
    """Unix seconds of the begin of a day; ``None`` for what is none."""
    number = int(year)
    if len(year) == len("94"):
        number += 1900 if number >= _PIVOT else 2000
    try:
        return datetime(number, _month(month), int(day), tzinfo=UTC).timestamp()
    except ValueError:
        return None


def _month(text: str) -> int:
    """Its number; raises ``ValueError`` for what is no month."""
    return int(text) if text.isdecimal() else _MONTHS.index(text.lower()) + 1


def _offset(sign: str | None, east: str | None, past: str | None) -> int:
    """How many seconds the clock that was written is ahead of UTC."""
    seconds = int(east or 0) * 3600 + int(past or 0) * 60
    return -seconds if sign == "-" else seconds
