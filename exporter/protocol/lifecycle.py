"""What an answer says of the API's version and of its end.

The guide's headers are the API's own word and go first; where one of them is absent or cannot be
read, the standard one tells:

- version: ``API-Version``;
- deprecation: ``API-Deprecation-Date`` (ISO 8601), or ``Deprecation`` (RFC 9745:
  ``@1688169599``; its drafts: an HTTP date, or a boolean, which tells no date);
- sunset: ``API-Sunset-Date`` (ISO 8601), or ``Sunset`` (RFC 8594: an HTTP date);
- ``Link`` (RFC 8288) with the relations ``successor-version`` (RFC 5829), ``deprecation`` and
  ``sunset``: that they are there, never where they lead.

An empty header is one that was not sent: templates leave them behind where nothing is announced.
A date of ISO 8601 where one of HTTP belongs is read all the same, and the other way round: what it
means is clear.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final, get_args

from exporter.model.headers import Lifecycle, Relation
from exporter.protocol.fields import http_date, iso_date, lines, structured_item, unix_date

_VERSION: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}")
_UNDATED: Final = frozenset(("true", "?1", "false", "?0"))
"""What drafts of RFC 9745 said instead of a date, as a token and as a boolean."""
_BAD: Final = -1.0
"""In the place of a date that cannot be read: no date is before 1970."""

_LINK: Final = re.compile(
    r"""<[^<>]*+>                                     # where it leads
        ((?:\s*+;\s*+[\w!\#$%&'*+.^`|~-]++            # ; name
            (?:\s*+=\s*+(?:"(?:[^"\\]|\\.)*+"|[^\s";,]++))?+   # = value
        )*+)""",
    re.VERBOSE | re.ASCII,
)
_PARAMETER: Final = re.compile(
    r""";\s*+([\w!\#$%&'*+.^`|~-]++)(?:\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^\s";,]++)))?+""",
    re.VERBOSE | re.ASCII,
)
"""All quantifiers take what they can and give nothing back: the time is linear in the text."""
_RELATIONS: Final[Mapping[str, Relation]] = {each: each for each in get_args(Relation)}


def lifecycle(headers: Mapping[str, str]) -> Lifecycle | None:
    """Read version, deprecation and sunset from an answer's headers (guide, "Version Headers").

    Dates are in Unix seconds; ``None`` where there is none of them.
    """
    return _lifecycle(
        headers.get("API-Version"),
        headers.get("API-Deprecation-Date"),
        headers.get("API-Sunset-Date"),
        headers.get("Deprecation"),
        headers.get("Sunset"),
        _relations(lines(headers, "Link")) if "Link" in headers else (),
    )


@lru_cache(maxsize=32)  # every answer of an API says the same
def _lifecycle(  # noqa: PLR0913, PLR0917  # what is cached by has to be arguments
    version: str | None,
    guide_deprecation: str | None,
    guide_sunset: str | None,
    rfc_deprecation: str | None,
    rfc_sunset: str | None,
    relations: tuple[Relation, ...],
) -> Lifecycle | None:
    if not (version or relations) and not (
        guide_deprecation or guide_sunset or rfc_deprecation or rfc_sunset
    ):
        return None
    dated = None if rfc_deprecation in _UNDATED else rfc_deprecation
    deprecations = _date(guide_deprecation, _calendar), _date(dated, _deprecation)
    sunsets = _date(guide_sunset, _calendar), _date(rfc_sunset, _calendar)
    return Lifecycle(
        version=_version(version) if version else None,
        deprecation=_first(deprecations),
        sunset=_first(sunsets),
        unparseable=_BAD in (*deprecations, *sunsets),
        relations=relations,
    )


def _date(text: str | None, read: Callable[[str], float | None]) -> float | None:
    """Unix seconds; ``None`` where there is none; `_BAD` for what cannot be read."""
    if not text:
        return None
    date = read(text)
    return _BAD if date is None else date


def _first(dates: tuple[float | None, float | None]) -> float | None:
    return next((date for date in dates if date is not None and date != _BAD), None)


def _deprecation(text: str) -> float | None:
    """RFC 9745, section 2.1: a date as structured fields have it; its drafts had HTTP's."""
    date = structured_item(text)
    return unix_date(date.timestamp()) if isinstance(date, datetime) else _calendar(text)


def _calendar(text: str) -> float | None:
    date = iso_date(text)
    return http_date(text) if date is None else date


def _version(text: str) -> str:
    return text if _VERSION.fullmatch(text) else "other"


def _relations(text: str | None) -> tuple[Relation, ...]:
    """Which of ours a ``Link`` has, sorted; one ``rel`` may hold several (RFC 8288, 3.3)."""
    if text is None:
        return ()
    found = {
        _RELATIONS[relation]
        for link in _LINK.finditer(text)
        for relation in _rel(link[1]).lower().split()
        if relation in _RELATIONS
    }
    return tuple(sorted(found))


def _rel(parameters: str) -> str:
    """The first ``rel``; a quoted title that reads like one is none."""
    for name, quoted, token in _PARAMETER.findall(parameters):
        if name.lower() == "rel":
            return str(quoted or token)
    return ""
