"""Content codings as they are found: undone where they are known, left where the body reads."""

import gzip
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checks.judge import Verdict
from exporter.client.body import decoded
from exporter.client.errors import RefusedError
from exporter.model.exchange import MAX_JSON, Fault
from exporter.model.reasons import Reason
from tests.support.caller import client, get, well
from tests.support.hostile import OK, answer, serve, sized
from tests.support.jobs import jobs, judged

JSON: Final = b'{"items": []}'
PACKED: Final = gzip.compress(JSON, mtime=0)  # else each worker has other names of the cases
BARE: Final = zlib.compress(JSON)[2:-4]
BROTLI: Final = b"\x0b\x06\x80" + JSON + b"\x03"

CODE: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": gzip.compress,
    "X-GZIP": gzip.compress,
    "deflate": zlib.compress,
    "identity": bytes,
    "UTF-8": bytes,
    "none": bytes,
    "": bytes,
}


def packed(times: int, body: bytes = JSON) -> bytes:
    for _ in range(times):
        body = gzip.compress(body, mtime=0)
    return body


def reply(lines: Sequence[bytes], body: bytes) -> bytes:
    heads = b"".join(b"Content-Encoding: %b\r\n" % line for line in lines)
    return OK + heads + sized(body)


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        ([b"UTF-8"], JSON),
        ([b"utf8"], JSON),
        ([b"none"], JSON),
        ([b"None"], JSON),
        ([b"binary"], JSON),
        ([b"application/json"], JSON),
        ([b"br"], JSON),
        ([b"\xff"], JSON),
        ([b""], JSON),
        ([b"identity"], JSON),
        ([b"identity, gzip"], PACKED),
        ([b"gzip, identity"], PACKED),
        ([b"gzip,UTF-8"], PACKED),
        ([b"UTF-8 , x-gzip"], PACKED),
        ([b", GZIP ,"], PACKED),
        ([b"deflate"], BARE),
        ([b"identity", b"gzip"], PACKED),
        ([b"gzip", b"identity"], PACKED),
        ([b"gzip", b"UTF-8"], PACKED),
        ([b"gzip", b"deflate"], zlib.compress(PACKED)),
        ([b"deflate, gzip"], gzip.compress(BARE, mtime=0)),
        ([b"gzip, gzip"], gzip.compress(PACKED, mtime=0)),
        ([b"x" * 1000] * 100, JSON),
    ],
)
async def test_the_body_is_as_it_was_meant(lines: list[bytes], body: bytes) -> None:
    async with serve(answer(reply(lines, body))) as server, client(server.url) as subject:
        assert (await well(subject)).body == JSON


@pytest.mark.parametrize(
    ("lines", "body", "reason", "words"),
    [
        ([b"gzip"] * 4, JSON, "body_invalid", "compressed body is broken"),
        ([b"gzip, gzip"], PACKED, "body_invalid", "compressed body is broken"),
        ([b"gzip"] * 5, packed(5), "body_invalid", "compressed too often"),
        ([b"identity, gzip"], PACKED[:-1], "body_invalid", "cut short"),
        ([b"gzip, gzip"], packed(2, bytes(MAX_JSON + 1)), "too_large", "1 MiB"),
    ],
)
async def test_what_cannot_be_undone(
    lines: list[bytes], body: bytes, reason: Reason, words: str
) -> None:
    async with serve(answer(reply(lines, body))) as server, client(server.url) as subject:
        fault = await get(subject, total=5)
        assert isinstance(fault, Fault)
        assert fault.reason == reason
        assert words in fault.detail


@pytest.mark.parametrize("surface", ["orchestrator.intents.list", "monitoring.metrics"])
@pytest.mark.parametrize("coding", [b"br", b"gzip, br", b"zstd", b"secret-of-the-server"])
async def test_an_unknown_coding_is_named_where_the_body_does_not_read(
    surface: str, coding: bytes
) -> None:
    finding = (await verdict(surface, reply([coding], BROTLI))).finding
    assert finding is not None
    assert finding.reason == "body_invalid"
    assert finding.detail.endswith("its content coding is unknown")
    assert "secret" not in finding.detail


@pytest.mark.parametrize(
    ("surface", "body"),
    [("orchestrator.intents.list", JSON), ("monitoring.metrics", b"up 1\n")],
)
@pytest.mark.parametrize("coding", [b"br", b"UTF-8", b"none"])
async def test_an_unknown_coding_of_a_body_that_reads_is_well(
    surface: str, body: bytes, coding: bytes
) -> None:
    assert (await verdict(surface, reply([coding], body))).finding is None


async def test_a_known_coding_is_not_named() -> None:
    finding = (await verdict("orchestrator.intents.list", reply([b"gzip"], b""))).finding
    assert finding is not None
    assert "coding" not in finding.detail


async def verdict(surface: str, answered: bytes) -> Verdict:
    async with serve(answer(answered)) as server, client(server.url) as subject:
        return await judged(jobs()[surface], await well(subject))


PACKS: Final = ("gzip", "X-GZIP", "deflate")
BEARABLE: Final = st.lists(st.sampled_from([*CODE]), max_size=8).filter(
    lambda codings: sum(coding in PACKS for coding in codings) <= 4
)


@given(BEARABLE, st.binary(min_size=1, max_size=100))
def test_codings_are_undone_in_reverse(codings: list[str], body: bytes) -> None:
    packed = body
    for coding in codings:
        packed = CODE[coding](packed)
    found = decoded(packed, [coding.lower() for coding in codings], 10_000)
    assert found.content == body
    assert found.known == (not {"UTF-8", "none"} & {*codings})


@given(
    st.lists(st.sampled_from([*CODE, "br"]), max_size=8),
    st.sampled_from([b"", gzip.compress(bytes(2000)), zlib.compress(bytes(2000)), PACKED])
    | st.binary(max_size=100),
)
def test_no_coding_gives_more_than_is_bearable(codings: list[str], body: bytes) -> None:
    try:
        found = decoded(body, [coding.lower() for coding in codings], 1000)
    except (RefusedError, zlib.error):
        return
    assert len(found.content) <= 1000
