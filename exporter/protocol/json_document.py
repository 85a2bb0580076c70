"""The documents that answers hold: JSON, read also where somebody's text in it is broken.

One user's half of an emoji is no reason to see nothing of a thousand intents. What is not as JSON
has it (RFC 8259) is read as well as can be, and told; strict reading comes first, and costs what it
always did.
"""

import json
import math
import re
import sys
from functools import partial
from typing import Final

import msgspec
from msgspec import Struct

from exporter.model.exchange import Json
from exporter.model.observation import Oddity
from exporter.system.threads import in_thread

_IN_ONE_STEP: Final = 64 * 1024
"""Bytes that the event loop reads tolerantly by itself, in some milliseconds."""
_SURROGATES: Final = re.compile(
    r"(?<!\\)(?P<before>(?:\\\\)*+)"
    r"(?:\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2}))"
)
"""Escapes of UTF-16's halves, and those that have no other half."""
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_decode = msgspec.json.Decoder().decode


class JsonDocument(Struct, frozen=True, gc=False):
    """What a body holds: ``None`` where that is no JSON object; ``oddities`` are sorted."""

    content: dict[str, Json] | None
    oddities: tuple[Oddity, ...] = ()


_NONE: Final = JsonDocument(None)


def strictly(body: bytes) -> JsonDocument | None:
    """Read a body that is as JSON has it; ``None`` where it is to be read tolerantly."""
    try:
        content = _decode(body)
    except RecursionError:
        return _NONE
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return JsonDocument(content) if isinstance(content, dict) else _NONE


async def read_tolerantly(body: bytes) -> JsonDocument:
    """Read a body as well as can be; what takes long is done beside the event loop.

    A text's characters that are none become the replacement character, what is no UTF-8 too;
    numbers that are none, or too large for any, are absent, or null in a list.
    """
    if len(body) <= _IN_ONE_STEP:
        return _tolerantly(body)
    return await in_thread(partial(_tolerantly, body), "reading")


def _tolerantly(body: bytes) -> JsonDocument:
    reader = _TolerantReader()
    try:
        content = reader.read(body)
    except (ValueError, RecursionError):
        return _NONE
    return JsonDocument(content, reader.oddities) if isinstance(content, dict) else _NONE


class _Absent:
    """Stands for a number that is none, until it is taken out."""


_ABSENT: Final = _Absent()


class _TolerantReader:
    """Reads one body, and keeps what was odd."""

    def __init__(self) -> None:
        self._odd: set[Oddity] = set()

    @property
    def oddities(self) -> tuple[Oddity, ...]:
        """Where nothing else was, characters stood in a text that have to be escaped."""
        return tuple(sorted(self._odd)) or ("text",)

    def read(self, body: bytes) -> object:
        text = _SURROGATES.sub(self._without_halves, self._text(body))
        content: object = json.loads(
            text,
            strict=False,
            parse_constant=self._no_number,
            parse_float=self._real,
            parse_int=self._whole,
        )
        if "number" in self._odd:
            _take_out(content)
        return content

    def _text(self, body: bytes) -> str:
        coding = json.detect_encoding(body)
        if coding != "utf-8":
            self._odd.add("encoding")
        try:
            return body.decode(coding)
        except UnicodeDecodeError:
            self._odd.add("text")
            return body.decode(coding, "replace")

    def _without_halves(self, found: re.Match[str]) -> str:
        if found["lone"] is None:
            return found[0]
        self._odd.add("text")
        return found["before"] + _REPLACEMENT

    def _no_number(self, text: str) -> _Absent:
        del text
        self._odd.add("number")
        return _ABSENT

    def _real(self, text: str) -> float | _Absent:
        number = float(text)
        return number if math.isfinite(number) else self._no_number(text)

    def _whole(self, text: str) -> int | _Absent:
        return int(text) if len(text) <= _MOST_DIGITS else self._no_number(text)


_MOST_DIGITS: Final = sys.int_info.default_max_str_digits


def _take_out(content: object) -> None:
    """Take out what stands for numbers that are none."""
    left = [content]
    while left:
        within = left.pop()
        if isinstance(within, dict):
            for key in [key for key, value in within.items() if value is _ABSENT]:
                del within[key]
            left += within.values()
        elif isinstance(within, list):
            within[:] = [None if value is _ABSENT else value for value in within]
            left += within
