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

_DECIMAL: Final = re.compile("[0-9]{1,15}")
"""ASCII digits only, and few enough that a float holds every one of them exactly."""

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
_LEAP_SECOND: Final = 60


def decimal(text: str | None) -> int | None:
    """Read a header that is one non-negative whole number (as RFC 9110, section 8.6, has it).

    ``None`` for anything else, such as a sign, a list or digits past 15.
    """
    return int(text) if text and _DECIMAL.fullmatch(text) else None


@lru_cache(maxsize=32)  # a server says the same second many times, and the same sunset always
def http_date(text: str) -> float | None:
    """Read a date of HTTP, in all three forms that a recipient has to take, in Unix seconds.

    A leap second is the second after (RFC 9110, section 5.6.7, allows it, ``datetime`` does not);
    the day's name is not checked. ``None`` for anything else, and for what is not in 1970 to 9999.
    """
    for form in _HTTP_DATES:
        if (found := form.fullmatch(text)) is not None:
            return _unix(found.groupdict())
    return None


def iso_date(text: str) -> float | None:
    """Read a date of ISO 8601, in the profile of RFC 3339, section 5.6, in whole Unix seconds.

    Besides, a date may stand alone (its first second: too early is the safe side for the end of
    something), seconds and an offset's minutes may be missing, and no offset is UTC.
    ``datetime.fromisoformat`` reads different things in different versions of Python, and no leap
    second. ``None`` as for `http_date`.
    """
    found = _ISO_DATE.fullmatch(text)
    return None if found is None else _unix(found.groupdict())


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


def _unix(found: Mapping[str, str | None]) -> float | None:
    """Unix seconds of the groups of a match; what is no such day or time is ``None``."""
    year, second = int(found["year"] or 0), int(found["second"] or 0)
    if len(found["year"] or "") == len("94"):
        year += 1900 if year >= _PIVOT else 2000
    leap = second == _LEAP_SECOND
    try:
        moment = datetime(
            year,
            _month(found["month"] or ""),
            int(found["day"] or 0),
            int(found["hour"] or 0),
            int(found["minute"] or 0),
            second - leap,
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return unix_date(moment.timestamp() + leap - _offset(found))


def _month(text: str) -> int:
    """Its number; raises ``ValueError`` for what is no month."""
    return int(text) if text.isdecimal() else _MONTHS.index(text.lower()) + 1


def _offset(found: Mapping[str, str | None]) -> int:
    """How many seconds the clock that was written is ahead of UTC."""
    seconds = int(found.get("east") or 0) * 3600 + int(found.get("past") or 0) * 60
    return -seconds if found.get("sign") == "-" else seconds
