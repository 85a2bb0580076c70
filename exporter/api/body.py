"""The body of an answer, of which no more is read than is bearable."""

import math
import zlib
from collections.abc import Mapping
from typing import Final, Protocol

from exporter.api.faults import CodingError, TooLargeError
from exporter.api.headers import decimal
from exporter.api.progress import Progress

_MAX_MEMBERS: Final = 16
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS


class Stream(Protocol):
    """A body as it comes (``aiohttp.StreamReader``)."""

    def is_eof(self) -> bool:
        """Whether all of it came."""

    def at_eof(self) -> bool:
        """Whether all of it was read."""

    def exception(self) -> BaseException | None:
        """What ended it before its end."""

    async def readany(self) -> bytes:
        """Give what is there, once anything is."""


async def read(
    stream: Stream, headers: Mapping[str, str], progress: Progress, largest: int
) -> bytes:
    """Read a body to its end.

    Args:
        stream: the body, as it comes.
        headers: what the answer says of it.
        progress: counts its bytes.
        largest: the most bytes of it, as it comes and as it is decompressed.

    Returns:
        The body, decompressed.

    Raises:
        TooLargeError: it is, or says it will be, larger.
        CodingError: see ``decoded``; also ``zlib.error``.
        Exception: what ended the stream before its end.
    """
    if not stream.is_eof() and _declared(headers) > largest:
        raise TooLargeError(largest)
    chunks: list[bytes] = []
    while True:
        chunk = await stream.readany()
        progress.received += len(chunk)
        if progress.received > largest:
            raise TooLargeError(largest)
        chunks.append(chunk)
        if stream.at_eof():
            if (error := stream.exception()) is not None:
                raise error
            return decoded(b"".join(chunks), headers.get("Content-Encoding"), largest)


def _declared(headers: Mapping[str, str]) -> float:
    length = headers.get("Content-Length")
    if length is None:
        return 0
    size = decimal(length)
    return math.inf if size is None else size  # digits it is, or it were not valid HTTP


def decoded(body: bytes, coding: str | None, largest: int) -> bytes:
    """Undo a content coding (RFC 9110, section 8.4.1).

    Args:
        body: all of it, as it came.
        coding: the header's value; ``None`` where it was not sent.
        largest: the most bytes of what comes of it.

    Returns:
        The body as it was meant.

    Raises:
        CodingError: the coding is cut short, or neither gzip nor deflate.
        TooLargeError: it would be larger; no more than that was decompressed.
        zlib.error: the data are broken.
    """
    if not coding or not body:
        return body
    match coding.strip().lower():
        case "gzip" | "x-gzip":
            return _inflated(body, _GZIP, largest)
        case "deflate":
            # zlib's format (RFC 1950) is meant, but some have always sent the bare stream.
            wrapped = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
            return _inflated(body, _ZLIB if wrapped else _BARE, largest)
        case "identity" | "":
            return body
        case _:
            raise CodingError


def _inflated(body: bytes, window: int, largest: int) -> bytes:
    parts: list[bytes] = []
    room = largest
    for _ in range(_MAX_MEMBERS):  # there may be several in a row (RFC 1952, section 2.2)
        inflater = zlib.decompressobj(window)
        parts.append(inflater.decompress(body, room + 1))
        room -= len(parts[-1])
        if room < 0:
            raise TooLargeError(largest)
        if not inflater.eof:
            break  # cut short
        body = inflater.unused_data
        if not body:
            return b"".join(parts)
    raise CodingError
