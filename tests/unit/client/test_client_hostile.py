"""Whatever a server may answer is a fault with the right reason: a raw socket for each."""

import asyncio
import gzip
import zlib
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.client.errors import Phase
from exporter.model.exchange import MAX_JSON, Fault
from exporter.model.reasons import Reason
from tests.support.caller import READ, SLACK, TOTAL, check, client, get, well
from tests.support.hostile import (
    OK,
    Script,
    Step,
    answer,
    ask,
    close,
    drip,
    flood,
    hang,
    play,
    reset,
    serve,
    sized,
)

CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SIZED: Final = OK + b"Content-Length: 1000\r\n\r\n"
ENDLESS: Final = OK + b"\r\n"
INTERIM: Final = b"HTTP/1.1 100 \r\n\r\n"
LENGTH: Final = OK + b"Content-Length: "


class Case(NamedTuple):
    """What the server does, and what has to be said of it; the status where there was a head."""

    name: str
    script: Script
    reason: Reason
    status: int | None
    at_least: float = 0.0
    total: float = TOTAL

    @property
    def reached(self) -> Phase:
        return "wait" if self.status is None else "receive"


def ended(name: str, *steps: Step, status: int | None = None) -> Case:
    return Case(name, play(*steps), "reset", status)


def late(name: str, *steps: Step, status: int | None = None, at_least: float = READ) -> Case:
    total = TOTAL if at_least == TOTAL else 10
    return Case(name, play(ask, *steps, hang), "read_timeout", status, at_least, total)


def large(name: str, *steps: Step, status: int | None = 200) -> Case:
    return Case(name, play(ask, *steps, hang), "too_large", status, total=60)


def wrong(name: str, *steps: Step, status: int | None = None) -> Case:
    return Case(name, play(ask, *steps, hang), "protocol", status, total=10)


def coded(name: str, coding: bytes, body: bytes, reason: Reason = "body_invalid") -> Case:
    reply = OK + b"Content-Encoding: " + coding + b"\r\n" + sized(body)
    return Case(name, play(ask, reply, hang), reason, 200, total=10)


def zeros(size: int) -> bytes:
    """So many, compressed without ever holding them."""
    packer = zlib.compressobj(wbits=31)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


CASES: Final = (
    # The connection ends
    ended("reset at the first byte", reset),
    ended("reset after the request", ask, reset),
    ended("reset in the status line", ask, b"HTTP/1.", reset),
    ended("reset in the headers", ask, OK + b"A: b\r\n", reset),
    ended("reset in a sized body", ask, SIZED + b"ab", reset, status=200),
    ended("reset in a chunk", ask, CHUNKED + b"5\r\nab", reset, status=200),
    ended("reset in a body without a size", ask, ENDLESS + b"ab", reset, status=200),
    ended("closed at once", close),
    ended("closed after the request", ask, close),
    ended("closed in the status line", ask, b"HTTP/1.", close),
    ended("closed in the headers", ask, OK + b"A: b\r\n", close),
    ended("closed in a sized body", ask, SIZED + b"ab", close, status=200),
    ended("closed in a chunk", ask, CHUNKED + b"5\r\nab", close, status=200),
    ended("closed between chunks", ask, CHUNKED + b"1\r\na\r\n", close, status=200),
    ended("closed in the last chunk", ask, CHUNKED + b"0\r\n", close, status=200),
    late("silence"),
    late("silence in the headers", OK),
    late("silence in a sized body", SIZED + b"ab", status=200),
    late("silence in a chunk", CHUNKED + b"5\r\nab", status=200),
    late("silence in a body without a size", ENDLESS, status=200),
    late("dripping headers", OK, drip(b"A: b\r\n", 0.02), at_least=TOTAL),
    late("dripping into a header", OK + b"A: ", drip(b"b"), at_least=TOTAL),
    late("dripping into a body", SIZED, drip(b"b"), status=200, at_least=TOTAL),
    late("dripping chunks", CHUNKED, drip(b"1\r\nx\r\n"), status=200, at_least=TOTAL),
    late("dripping into a chunk's head", CHUNKED + b"1;", drip(b"x"), status=200, at_least=TOTAL),
    late("dripping interim answers", drip(INTERIM), at_least=TOTAL),
    large("endless body", ENDLESS, flood(bytes(65_536))),
    large("endless chunks", CHUNKED, flood(b"ffff\r\n" + bytes(65_535) + b"\r\n")),
    large("endless tiny chunks", CHUNKED, flood(b"1\r\nx\r\n" * 10_000)),
    large("endless chunk's head", CHUNKED + b"1;", flood(b"x" * 65_536)),
    large("endless interim answers", flood(INTERIM * 10_000), status=None),
    large("a gigabyte is announced", LENGTH + b"1000000000\r\n\r\n"),
    large("more than there is is announced", LENGTH + b"9" * 19 + b"\r\n\r\n"),
    large("a byte too many", OK + sized(bytes(MAX_JSON + 1))),
    large("a byte too many in a chunk", CHUNKED + b"100001\r\n", bytes(MAX_JSON + 1)),
    large("endless headers", OK, flood(b"A: b\r\n" * 10), status=None),
    large("endless trailers", CHUNKED + b"0\r\n", flood(b"A: b\r\n" * 10)),
    large("header of 1 MB", OK + b"A: " + b"x" * 1_000_000 + b"\r\n\r\n", status=None),
    large("header's name of 1 MB", OK + b"x" * 1_000_000 + b": a\r\n\r\n", status=None),
    large("reason phrase of 1 MB", b"HTTP/1.1 200 " + b"x" * 1_000_000 + b"\r\n\r\n", status=None),
    coded("gzip bomb", b"gzip", zeros(64 << 20), "too_large"),
    coded("gzip bomb in a row", b"gzip", gzip.compress(bytes(MAX_JSON)) * 2, "too_large"),
    coded("corrupt gzip", b"gzip", b"x" + gzip.compress(b"{}")),
    coded("gzip with a wrong checksum", b"gzip", gzip.compress(b"{}")[:-8] + bytes(8)),
    coded("gzip cut short", b"gzip", gzip.compress(b"{}")[:-1]),
    coded("gzip with a tail", b"gzip", gzip.compress(b"{}") + b"tail"),
    coded("gzip in too many pieces", b"gzip", gzip.compress(b"") * 10_000),
    coded("corrupt deflate", b"deflate", b"\xff\xff\xff"),
    wrong("garbage", b"\x00\xff\x17garbage\r\n\r\n"),
    wrong("TLS alert", b"\x15\x03\x01\x00\x02\x02\x16"),
    wrong("another protocol", b"SSH-2.0-OpenSSH_9.2\r\n"),
    wrong("HTTP/0.9", b"<html>it works</html>"),
    wrong("status 999", b"HTTP/1.1 999 X\r\n" + sized(b"{}"), status=999),
    wrong("status 600", b"HTTP/1.1 600 X\r\n" + sized(b"{}"), status=600),
    wrong("status 099", b"HTTP/1.1 099 X\r\n" + sized(b"{}"), status=99),
    wrong("status 101", b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n\x00", status=101),
    wrong("status of four digits", b"HTTP/1.1 2000 X\r\n" + sized(b"{}")),
    wrong("status that is no number", b"HTTP/1.1 OK\r\n" + sized(b"{}")),
    wrong("negative length", LENGTH + b"-2\r\n\r\n{}"),
    wrong("two lengths", LENGTH + b"2\r\nContent-Length: 3\r\n\r\n{}"),
    wrong("length past 64 bits", LENGTH + b"9" * 24 + b"\r\n\r\n{}"),
    wrong("length and chunks", LENGTH + b"2\r\nTransfer-Encoding: chunked\r\n\r\n"),
    wrong("header without a colon", OK + b"header\r\n" + sized(b"{}")),
    wrong("NUL in a header", OK + b"A: \x00\r\n" + sized(b"{}")),
    wrong("more after the end", OK + sized(b"{}") + b"more"),
    wrong("bad chunk with the head", CHUNKED + b"zz\r\n"),
    wrong("bad chunk", CHUNKED + b"1\r\nx\r\n", b"zz\r\n", status=200),
    wrong("bad chunk after a whole one", CHUNKED + b"2\r\n", b"{}", b"\r\nzz\r\n", status=200),
    wrong("negative chunk", CHUNKED, b"-1\r\n", status=200),
    wrong("chunk past 64 bits", CHUNKED, b"f" * 24 + b"\r\n", status=200),
    wrong("chunk longer than its size", CHUNKED, b"1\r\nxyz\r\n", status=200),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_fault(case: Case) -> None:
    async with serve(case.script) as server, client(server.url) as subject:
        fault = check(await get(subject, total=case.total), case.reason, case.reached, "tls")
        assert case.at_least <= fault.timing.duration < (case.at_least or case.total) + SLACK
        assert fault.timing.reused is False
        assert fault.status == case.status
        assert (fault.response_bytes is None) == (case.status is None)
        assert (fault.response_bytes or 0) < MAX_JSON + 600_000
        assert server.connections == 1  # it was not tried again
        assert subject.in_flight == 0


def test_the_names_of_the_cases_are_their_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("script", [play(ask, ENDLESS, flood(bytes(65_536))), play(ask, hang)])
async def test_the_connection_of_a_fault_is_dropped(script: Script) -> None:
    async with serve(script) as server, client(server.url) as subject:
        assert isinstance(await get(subject, total=2), Fault)
        await server.left()


async def test_after_a_fault_all_is_well() -> None:
    broken = OK + b"Content-Encoding: gzip\r\n" + sized(b"{}")
    async with serve(answer(broken, OK + sized(b"{}"))) as server, client(server.url) as subject:
        assert isinstance(await get(subject), Fault)
        await well(subject)


FRAGMENTS: Final = (
    OK, CHUNKED, SIZED, ENDLESS, INTERIM, LENGTH, b"2\r\n", b"{}", b"2\r\n{}\r\n", b"0\r\n\r\n",
    b"HTTP/1.0 404 \r\n", b"HTTP/1.1 ", b"204 \r\n", b"\r\n", b"\r\n\r\n", b": ", b"5;x\r\n",
    b"Content-Encoding: gzip\r\n", gzip.compress(b"{}"), b"Connection: close\r\n", b"chunked",
    b"Transfer-Encoding: ", b"Connection: upgrade\r\nUpgrade: websocket\r\n",
    b"Set-Cookie: \xff=;=\r\n", b"Location: http://[\r\n",
)  # fmt: skip
ANSWERS: Final = st.lists(st.sampled_from(FRAGMENTS) | st.binary(max_size=20), max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=12))
def test_no_bytes_raise(answers: list[list[bytes]]) -> None:
    async def attempt() -> None:
        for fragments in answers:
            script = play(ask, *fragments, close)
            async with serve(script) as server, client(server.url, thorough=False) as subject:
                outcome = await get(subject, total=5)
                if isinstance(outcome, Fault):
                    assert outcome.reason in {"reset", "protocol", "body_invalid", "too_large"}

    asyncio.run(attempt())
