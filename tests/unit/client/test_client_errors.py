"""A status of an error says what there is to say: nothing of its body makes it something else."""

import gzip
import zlib
from typing import Final

import pytest

from exporter.model.exchange import MAX_HEADERS, MAX_LINE, MAX_PROBLEM, Exchange, Fault
from exporter.model.reasons import Reason
from tests.support.caller import client, get, well
from tests.support.hostile import OK, Script, Step, answer, ask, flood, hang, play, serve, sized
from tests.support.jobs import jobs, judged

CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"
GZIP: Final = b"Content-Encoding: gzip\r\n"
PAGE: Final = b"<p>sorry</p>" * 200_000

STATUSES: Final[dict[int, Reason]] = {
    302: "redirect",
    400: "validation",
    401: "auth_rejected",
    403: "forbidden",
    404: "not_found",
    418: "http_4xx",
    429: "throttled",
    500: "http_5xx",
    503: "http_5xx",
}


def zeros(size: int) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(bytes(size)) + packer.flush()


LARGE: Final[dict[str, tuple[Step, ...]]] = {
    "sized": (sized(PAGE), hang),
    "announced": (b"Content-Length: 1000000000\r\n\r\n", hang),
    "endless": (b"\r\n", flood(bytes(65_536))),
    "endless chunks": (CHUNKED, flood(b"ffff\r\n" + bytes(65_535) + b"\r\n")),
    "endless chunk's head": (CHUNKED + b"1;", flood(b"x" * 65_536)),
    "a bomb": (GZIP + sized(zeros(1 << 25)), hang),
    "a byte too many": (sized(bytes(MAX_PROBLEM + 1)), hang),
    "broken gzip": (GZIP + sized(b"no gzip at all"), hang),
    "gzip cut short": (GZIP + sized(gzip.compress(PAGE)[:-1]), hang),
}


def status_line(status: int) -> bytes:
    return b"HTTP/1.1 %d \r\n" % status


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("steps", LARGE.values(), ids=LARGE)
async def test_a_large_or_broken_body(status: int, steps: tuple[Step, ...]) -> None:
    script: Script = play(ask, status_line(status), *steps)
    async with serve(script) as server, client(server.url) as subject:
        outcome = await get(subject, total=10)
        assert isinstance(outcome, Exchange), outcome
        assert (outcome.status, outcome.body, outcome.response_bytes) == (status, b"", None)
        verdict = await judged(jobs()["orchestrator.intents.list"], outcome)
        assert verdict.finding is not None
        assert verdict.finding.reason == STATUSES[status]
        assert verdict.call.response_bytes is None


@pytest.mark.parametrize("name", ["sized", "announced", "endless", "endless chunks"])
async def test_its_connection_is_not_kept(name: str) -> None:
    script = play(ask, status_line(503), *LARGE[name])
    async with serve(script) as server, client(server.url) as subject:
        assert isinstance(await get(subject, total=10), Exchange)
        await server.left()


@pytest.mark.parametrize("status", STATUSES)
async def test_a_body_that_may_explain_is_read_and_its_connection_kept(status: int) -> None:
    body = b'{"detail": "%b"}' % (b"x" * (MAX_PROBLEM - 14))
    reply = status_line(status) + sized(body)
    async with serve(answer(reply)) as server, client(server.url) as subject:
        for _ in range(2):
            exchange = await well(subject)
            assert exchange.body == body
            assert exchange.response_bytes == len(body) == MAX_PROBLEM
        assert server.connections == 1


# --- Limits of ours ------------------------------------------------------------------------------


def headers(count: int) -> bytes:
    """So many, with the body's length the last of them."""
    return b"".join(b"A%d: b\r\n" % index for index in range(count - 1)) + sized(b"{}")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (OK + headers(MAX_HEADERS + 1), "over 128 headers, our limit"),
        (OK + headers(1000), "over 128 headers, our limit"),
        (OK + CHUNKED + b"0\r\n" + b"A: b\r\n" * 200 + b"\r\n", "over 128 headers, our limit"),
        (OK + b"A: " + b"x" * (MAX_LINE + 1) + b"\r\n" + sized(b"{}"), "our limit of 64 KiB"),
        (OK + b"x" * (MAX_LINE + 1) + b": a\r\n" + sized(b"{}"), "our limit of 64 KiB"),
        (b"HTTP/1.1 200 " + b"x" * (MAX_LINE + 1) + b"\r\n" + sized(b"{}"), "our limit of 64 KiB"),
    ],
    ids=["headers", "many headers", "trailers", "a value", "a name", "a reason phrase"],
)
async def test_a_head_over_a_limit_says_that_the_limit_is_ours(reply: bytes, words: str) -> None:
    async with serve(answer(reply)) as server, client(server.url) as subject:
        fault = await get(subject, total=10)
        assert isinstance(fault, Fault)
        assert fault.reason == "too_large"
        assert words in fault.detail


async def test_a_head_at_the_limits_is_read() -> None:
    reply = OK + b"A: " + b"x" * (MAX_LINE - 100) + b"\r\n" + headers(MAX_HEADERS - 1)
    async with serve(answer(reply)) as server, client(server.url) as subject:
        assert len((await well(subject)).headers) == MAX_HEADERS
