"""Documents: strictly where that can be, and else as well as can be."""

import json
import math
import re
import threading
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.exchange import Json
from exporter.model.observation import Oddity
from exporter.protocol.json_document import JsonDocument, read_tolerantly, strictly
from tests.support.jobs import document_of

LIST: Final = {"intents": [{"id": "a", "name": "n"}], "total": 1}
GOOD: Final = json.dumps(LIST).encode()

# A body, what is read of it, and what was odd.
CASES: Final[dict[str, tuple[bytes, dict[str, Json], tuple[Oddity, ...]]]] = {
    "nothing odd": (GOOD, LIST, ()),  # type: ignore[dict-item]  # lists are invariant
    "an emoji": (rb'{"a": "\ud83d\ude00"}', {"a": "\U0001f600"}, ()),
    "half an emoji": (rb'{"a": "x\ud83dy"}', {"a": "x\ufffdy"}, ("text",)),
    "the other half": (rb'{"a": "\uDE00"}', {"a": "\ufffd"}, ("text",)),
    "halves the wrong way round": (rb'{"a": "\ude00\ud83d"}', {"a": "\ufffd\ufffd"}, ("text",)),
    "a half before a whole": (
        rb'{"a": "\ud83d\ud83d\ude00"}',
        {"a": "\ufffd\U0001f600"},
        ("text",),
    ),
    "half of one in a key": (rb'{"\ud83d": 1, "b": 2}', {"\ufffd": 1, "b": 2}, ("text",)),
    "halves in two keys": (rb'{"\ud83d": 1, "\ud83e": 2}', {"\ufffd": 2}, ("text",)),
    "what only looks like half": (rb'{"a": "\\ud83d", "b": 1}', {"a": r"\ud83d", "b": 1}, ()),
    "the same beside a half": (
        rb'{"a": "\\ud83d\ude00 \\\ud83d"}',
        {"a": "\\ud83d\ufffd \\\ufffd"},
        ("text",),
    ),
    "no UTF-8": (b'{"a": "b\xfccher"}', {"a": "b\ufffdcher"}, ("text",)),
    "a half in UTF-8": (b'{"a": "\xed\xa0\xbd"}', {"a": "\ufffd\ufffd\ufffd"}, ("text",)),
    "no UTF-8 in a key": (b'{"\xff": 1}', {"\ufffd": 1}, ("text",)),
    "a line break in a text": (b'{"a": "x\ny"}', {"a": "x\ny"}, ("text",)),
    "a control character": (b'{"a": "x\x00y"}', {"a": "x\x00y"}, ("text",)),
    "not a number": (b'{"a": NaN, "b": 1}', {"b": 1}, ("number",)),
    "infinite": (b'{"a": Infinity, "b": -Infinity, "c": 1}', {"c": 1}, ("number",)),
    "too large": (b'{"a": 1e400, "b": -1E+999, "c": 1e5}', {"c": 1e5}, ("number",)),
    "very many digits": (b'{"a": ' + b"1" * 5000 + b', "b": 1}', {"b": 1}, ("number",)),
    "many digits": (b'{"a": ' + b"1" * 30 + b', "b": NaN}', {"a": int("1" * 30)}, ("number",)),
    "none in a list": (b'{"a": [1, NaN, [1e400]]}', {"a": [1, None, [None]]}, ("number",)),
    "none deep within": (b'{"a": [{"b": {"c": NaN}}]}', {"a": [{"b": {}}]}, ("number",)),
    "a key twice": (b'{"a": 1, "a": NaN}', {}, ("number",)),
    "a byte-order mark": (b"\xef\xbb\xbf" + GOOD, LIST, ("encoding",)),  # type: ignore[dict-item]
    "UTF-16": (json.dumps(LIST).encode("utf-16"), LIST, ("encoding",)),  # type: ignore[dict-item]
    "UTF-16 without a mark": ('{"a": 1}'.encode("utf-16-be"), {"a": 1}, ("encoding",)),
    "UTF-32": ('{"a": 1}'.encode("utf-32"), {"a": 1}, ("encoding",)),
    "everything at once": (
        b'\xef\xbb\xbf{"a": NaN, "b": "\xff", "c": "\\ud83d"}',
        {"b": "\ufffd", "c": "\ufffd"},
        ("encoding", "number", "text"),
    ),
}

NONE: Final = {
    "nothing": b"",
    "blanks": b" \n",
    "a page": b"<html>",
    "a list": b"[1]",
    "an odd list": b"[NaN]",
    "a text": b'"a"',
    "null": b"null",
    "no number": b"NaN",
    "half": b'{"a": ',
    "a half in half": rb'{"a": "\ud83d',
    "two": b"{}{}",
    "a comma too many": b'{"a": 1,}',
    "no quotes": b"{a: 1}",
    "an escape that is none": rb'{"a": "\x"}',
    "an escape cut short": rb'{"a": "\ud8"}',
    "a comment": b'{"a": 1} // x',
    "bytes": bytes(range(256)),
    "a mark alone": b"\xff\xfe",
    "nested too deeply": b'{"a": ' + b"[" * 100_000,
    "nested too deeply behind a half": rb'{"a": "\ud83d", "b": ' + b"[" * 100_000,
    "objects nested too deeply": b'{"a": NaN, "b": ' + b'{"a":' * 100_000,
}


@pytest.mark.parametrize(("body", "content", "oddities"), CASES.values(), ids=CASES.keys())
async def test_what_is_read(
    body: bytes, content: dict[str, Json], oddities: tuple[Oddity, ...]
) -> None:
    assert strictly(body) == (None if oddities else JsonDocument(content))
    assert not oddities or await read_tolerantly(body) == JsonDocument(content, oddities)


@pytest.mark.parametrize("body", NONE.values(), ids=NONE.keys())
async def test_what_is_no_object(body: bytes) -> None:
    assert strictly(body) in (None, JsonDocument(None))
    assert await read_tolerantly(body) == JsonDocument(None)


def filled(size: int, last: bytes) -> bytes:
    """So many bytes, the last of them as given."""
    return b'{"a": "' + b"x" * (size - len(b'{"a": ""}') - len(last)) + last + b'"}'


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        (filled(65_536, rb"\ud83d"), False),
        (filled(65_537, rb"\ud83d"), True),
        (filled(1_000_000, b"\xff"), True),
    ],
    ids=["small", "large", "larger"],
)
async def test_what_takes_long_is_read_beside_the_event_loop(
    body: bytes, beside: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    start = threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        threads.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    document = await read_tolerantly(body)
    assert document.content is not None
    assert threads == (["reading"] if beside else [])


TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def finite(value: Json) -> Json:
    """The same without what is no number."""
    match value:
        case dict():
            return {key: finite(one) for key, one in value.items() if is_number(one)}
        case list():
            return [finite(one) if is_number(one) else None for one in value]
        case _:
            return value


def is_number(value: object) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


@given(st.dictionaries(TEXTS, JSON, max_size=3), st.booleans())
def test_whatever_a_library_writes_is_read(content: dict[str, Json], ascii_only: bool) -> None:  # noqa: FBT001
    body = json.dumps(content, ensure_ascii=ascii_only).encode()
    document = document_of(body)
    left = finite(content)
    assert isinstance(left, dict)
    assert document == JsonDocument(left, () if left == content else ("number",))


@given(st.text(), st.text(), st.sampled_from([rb"\ud83d", rb"\udc00", b"\xff", b"\xed\xa0\x80"]))
def test_what_is_broken_spoils_nothing_beside_it(key: str, text: str, broken: bytes) -> None:
    text, key = (re.sub("[\ud800-\udfff]", "", one) for one in (text, key))
    parts = [json.dumps(one).encode() for one in (f"x{key}", text)]
    body = b"{" + b": ".join(parts) + b', "y": "' + broken + b'"}'
    document = document_of(body)
    assert document.oddities == ("text",)
    assert document.content is not None
    assert document.content[f"x{key}"] == text
    assert set(str(document.content["y"])) == {"\ufffd"}


@given(st.binary(max_size=64))
def test_nothing_raises_and_all_that_is_read_can_be_written(body: bytes) -> None:
    for each in (body, b'{"a": "' + body + b'"}', b'{"a": ' + body + b"}"):
        content = document_of(each).content
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
