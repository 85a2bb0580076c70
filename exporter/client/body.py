"""The body of an answer, of which no more is read than is bearable."""

import math
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from multidict import MultiMapping

from exporter.client.errors import CodingError, RefusedError, TooLargeError
from exporter.client.response import Stream
from exporter.client.timing import CallTiming
from exporter.protocol.fields import decimal

_MAX_MEMBERS: Final = 16
_MAX_CODINGS: Final = 4
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS

_GZIPPED: Final = ("gzip", "x-gzip")
_DEFLATED: Final = "deflate"
_IDENTITY: Final = ("identity", "")


class Body(NamedTuple):
    """What was read of a body, as it was meant.

    ``whole`` unless it was left before its end; ``known`` unless one of its content codings is
    not, which was left as it is.
    """

    content: bytes
    whole: bool = True
    known: bool = True


async def read(
    stream: Stream, headers: MultiMapping[str], progress: CallTiming, largest: int
) -> Body:
    """Read a body to its end, and decompress it.

    It may have ``largest`` bytes at most, as it comes and as it is decompressed.

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
            break
    if (error := stream.exception()) is not None:
        raise error
    content = b"".join(chunks)
    if "Content-Encoding" not in headers:
        return Body(content)
    return decoded(content, codings_of(headers), largest)


async def read_some(
    stream: Stream, headers: MultiMapping[str], progress: CallTiming, enough: int
) -> Body:
    """Read the body of an answer whose status says what there is to say.

    It is empty where it is larger than ``enough`` bytes, or its coding is broken.

    Raises:
        Exception: what ended the stream before its end.
    """
    try:
        return await read(stream, headers, progress, enough)
    except (RefusedError, zlib.error):
        return Body(b"", whole=False)


def _declared(headers: MultiMapping[str]) -> float:
    length = headers.get("Content-Length")
    if length is None:
        return 0
    size = decimal(length)
    return math.inf if size is None else size  # digits it is, or it were not valid HTTP


def codings_of(headers: MultiMapping[str]) -> Sequence[str]:
    """The content codings of an answer, in the order in which they were applied, in small letters.

    Several lines of the header are one list (RFC 9110, section 5.3).
    """
    lines = headers.getall("Content-Encoding", ())
    return [coding.strip().lower() for line in lines for coding in line.split(",")]


def decoded(body: bytes, codings: Sequence[str], largest: int) -> Body:
    """Undo content codings (RFC 9110, section 8.4.1), the last one first.

    Servers put there what is none, such as ``UTF-8`` or ``none``: whether the body is as it was
    meant with that left as it is, is to be seen by who reads it.

    ``largest`` is in bytes, of what comes of each coding.

    Raises:
        CodingError: a coding is cut short, or there are too many.
        TooLargeError: it would be larger; no more than that was decompressed.
        zlib.error: the data are broken.
    """
    known = True
    undone = 0
    for coding in reversed(codings):
        if not body or coding in _IDENTITY:
            continue
        if coding not in (*_GZIPPED, _DEFLATED):
            known = False
            continue
        undone += 1
        if undone > _MAX_CODINGS:
            raise CodingError
        try:
            body = _inflated(body, _GZIP if coding in _GZIPPED else _window(body), largest)
        except (CodingError, zlib.error):
            if known:
                raise
            break  # it lies within what is not known
    return Body(body, known=known)


def _window(body: bytes) -> int:
    """How a deflated body is read.

    zlib's format (RFC 1950) is meant, but some have always sent the bare stream.
    """
    wrapped = body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return _ZLIB if wrapped else _BARE


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
