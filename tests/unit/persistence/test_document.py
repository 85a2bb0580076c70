"""What is written is what is read, and nothing else is taken for it."""

from typing import Final
from zlib import crc32

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from exporter.model.observation import Key
from exporter.model.past import Past
from exporter.persistence.document import StateDocument, UnreadableError, decode, encode, fitting

NOW: Final = 1_800_000_000.0
HEALTH: Final = Key("lab", "monitoring", "monitoring.health")
PAST: Final = Past(HEALTH, "http://lab/v1", failing=True, since=NOW - 60, promised=NOW + 60)
WRITTEN: Final = encode(StateDocument((PAST,)))

_TIMES: Final = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]))
_PASTS: Final = st.builds(
    Past, st.builds(Key, _TEXTS, _TEXTS, _TEXTS), _TEXTS, st.none() | st.booleans(), _TIMES, _TIMES
)
_OTHERS: Final = st.dictionaries(
    _TEXTS.filter(lambda name: name != "surfaces"),
    st.recursive(st.none() | _TEXTS | st.integers(0, 9), st.lists, max_leaves=4),
)


@given(st.lists(_PASTS), _OTHERS)
def test_what_is_written_is_what_is_read(surfaces: list[Past], others: dict[str, object]) -> None:
    parts = {name: Raw(msgspec.json.encode(part)) for name, part in others.items()}
    read = decode(encode(StateDocument(tuple(surfaces), parts)))
    assert read.surfaces == tuple(surfaces)
    assert {name: msgspec.json.decode(part) for name, part in read.others.items()} == others


@given(st.integers(0, len(WRITTEN) - 1), st.binary(max_size=3), st.integers(0, 50))
def test_damage_at_any_place_is_seen(start: int, patch: bytes, size: int) -> None:
    damaged = WRITTEN[:start] + patch + WRITTEN[start + size :]
    try:
        read = decode(damaged)
    except UnreadableError:
        return
    assert read == StateDocument((PAST,))  # the patch put back what was there, or blanks


@pytest.mark.parametrize("place", range(len(WRITTEN) - 1))
def test_every_other_byte_is_seen(place: int) -> None:
    with pytest.raises(UnreadableError):
        decode(WRITTEN[:place] + bytes([WRITTEN[place] ^ 0x01]) + WRITTEN[place + 1 :])


@given(st.binary() | st.text().map(str.encode))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(data)


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ({"format": "other"}, "another program"),
        ({"version": 2}, "it is of version 2, known is 1"),
        ({"crc32": 1}, "its checksum"),
        ({"parts": Raw(b"[" * 100_000)}, "damaged"),
        ({"version": "1"}, "damaged"),
    ],
)
def test_what_is_not_ours_is_said(envelope: dict[str, object], reason: str) -> None:
    parts = b'{"surfaces":[]}'
    ours = {"format": "oran-mano-exporter state", "version": 1, "crc32": crc32(parts)}
    assert decode(msgspec.json.encode({**ours, "parts": Raw(parts)})) == StateDocument()
    with pytest.raises(UnreadableError, match=reason):
        decode(msgspec.json.encode({**ours, "parts": Raw(parts), **envelope}))


def test_parts_of_another_version_are_kept() -> None:
    parts = b'{"workflows":[{"created":["nf-1"]}],"surfaces":[]}'
    envelope = {"format": "oran-mano-exporter state", "version": 1, "crc32": crc32(parts)}
    read = decode(msgspec.json.encode({**envelope, "parts": Raw(parts)}))
    again = decode(encode(StateDocument((PAST,), read.others)))
    assert bytes(again.others["workflows"]) == b'[{"created":["nf-1"]}]'
    assert again.surfaces == (PAST,)


@pytest.mark.parametrize(
    ("url", "now", "expected"),
    [
        ("http://lab/v1", NOW, {HEALTH: PAST}),
        ("http://lab/v2", NOW, {}),
        # Written while our clock was ahead: what was announced is true all the same.
        ("http://lab/v1", NOW - 3600, {HEALTH: replace(PAST, failing=None, since=None)}),
    ],
)
def test_only_what_is_still_about_the_same_api_fits(
    url: str, now: float, expected: dict[Key, Past]
) -> None:
    assert fitting((PAST,), {"lab": url}, now) == expected
    assert fitting((PAST,), {}, now) == {}
