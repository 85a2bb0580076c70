"""The document that outlives a restart: what is in it, and its bytes. Pure.

One line of JSON: who wrote it, in which version, a checksum, and named parts. A part that this
version does not know is kept as it is, so that going back a version and forth again loses nothing.
"""

from collections.abc import Mapping
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from exporter.model.observation import Key
from exporter.model.past import Past

VERSION: Final = 1
"""Another one only where an older exporter would misunderstand what it reads."""

_FORMAT: Final = "oran-mano-exporter state"
_SURFACES: Final = "surfaces"
_FUTURE: Final = 60.0
"""What began later than this from now was written while our clock was ahead."""


class StateDocument(Struct, frozen=True):
    """All of it. ``others`` are the parts of other versions, as they were written."""

    surfaces: tuple[Past, ...] = ()
    others: Mapping[str, Raw] = {}


class UnreadableError(Exception):
    """These bytes are no document of ours; the message says why in a few words."""


class _Envelope(Struct, frozen=True):
    format: str
    version: int
    crc32: int
    parts: Raw


def encode(document: StateDocument) -> bytes:
    """Write a document."""
    surfaces = Raw(msgspec.json.encode(document.surfaces))
    parts = msgspec.json.encode({**document.others, _SURFACES: surfaces})
    return msgspec.json.encode(_Envelope(_FORMAT, VERSION, crc32(parts), Raw(parts))) + b"\n"


def decode(data: bytes) -> StateDocument:
    """Read a document from whatever was found.

    Raises:
        UnreadableError: it is damaged, of another program, or of a newer version.
    """
    try:
        envelope = msgspec.json.decode(data, type=_Envelope)
        if envelope.format != _FORMAT:
            raise UnreadableError("another program wrote it")
        if envelope.version != VERSION:
            raise UnreadableError(f"it is of version {envelope.version}, known is {VERSION}")
        if crc32(envelope.parts) != envelope.crc32:
            raise UnreadableError("it is damaged: its checksum is another one")
        parts = msgspec.json.decode(envelope.parts, type=dict[str, Raw])
        surfaces = msgspec.json.decode(parts.pop(_SURFACES, b"[]"), type=tuple[Past, ...])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise UnreadableError("it is damaged, or not ours") from None
    # What is kept of the parts must not keep all of the file.
    return StateDocument(surfaces, {name: part.copy() for name, part in parts.items()})


def fitting(surfaces: tuple[Past, ...], urls: Mapping[str, str], now: float) -> dict[Key, Past]:
    """What of the past is still about what is probed: another URL is another API.

    ``urls`` are those of the targets now; nothing of what is left claims to have begun after
    ``now``, in Unix seconds.
    """
    return {
        past.key: past
        if (past.since or 0) <= now + _FUTURE
        else replace(past, failing=None, since=None)
        for past in surfaces
        if urls.get(past.key.target) == past.url
    }
