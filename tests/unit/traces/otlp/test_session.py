"""What a collector answers is bounded in size and in time, however it goes about it."""

import asyncio
import gzip
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from requests import Response
from requests.exceptions import Timeout

from exporter.metrics.series import Families, SpanSeries
from exporter.traces.otlp.failures import Failures
from exporter.traces.otlp.sdk import sender_of
from exporter.traces.otlp.session import MOST, AnswerTooLargeError, Watched
from exporter.traces.otlp.settings import Settings
from tests.support.certificates import Authority
from tests.support.hostile import (
    LOOPBACK,
    OK,
    Step,
    answer,
    ask,
    close,
    drip,
    flood,
    hang,
    play,
    serve,
    sized,
)
from tests.unit.traces.otlp.records import record

grpc: Any = import_module("grpc")  # has no types
SOON: Final = 0.5
AMPLE: Final = 60.0
LATE: Final = "no whole answer within 0.5 s"
LARGE: Final = "the answer is larger than 1 MiB"
LONG: Final = OK + b"Content-Length: 1000\r\n\r\n"
CHUNKED: Final = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED: Final = OK + b"Content-Encoding: gzip\r\n"


@pytest.fixture(autouse=True)
def _heard_again() -> Iterator[None]:
    logger = logging.getLogger("opentelemetry.exporter")
    yield
    logger.handlers, logger.propagate = [], True


async def posted(session: Watched, url: str, within: float = AMPLE) -> Response:
    """Post once, as the SDK does."""
    return await asyncio.to_thread(
        session.request, method="POST", url=url, data=b"x", timeout=within, allow_redirects=False
    )


DRIPS: Final[dict[str, tuple[Step, ...]]] = {
    "nothing": (ask, hang),
    "a status line": (ask, drip(b"H", 0.05)),
    "a head": (ask, OK, drip(b"A: b\r\n", 0.05)),
    "other heads": (ask, drip(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05)),
    "a body": (ask, LONG, drip(b" ", 0.05)),
    "a body without length": (ask, OK + b"\r\n", drip(b" ", 0.05)),
    "chunks": (ask, CHUNKED, drip(b"1\r\nx\r\n", 0.05)),
    "a body on a kept connection": (ask, OK + sized(b"{}"), ask, LONG, drip(b" ", 0.05)),
}
FLOODS: Final[dict[str, tuple[Step, ...]]] = {
    "a length": (ask, OK + b"Content-Length: 2000000000\r\n\r\n", flood(b" " * 65536)),
    "no length": (ask, OK + b"\r\n", flood(b" " * 65536)),
    "chunks": (ask, CHUNKED, flood(b"1000\r\n" + b"x" * 4096 + b"\r\n")),
    "a bomb": (ask, PACKED + sized(gzip.compress(bytes(64 * MOST), mtime=0)), hang),
}


@pytest.mark.parametrize("steps", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_drips_has_an_end(steps: tuple[Step, ...], scheme: str, tmp_path: Path) -> None:
    failures, authority = Failures(), Authority(tmp_path)
    tls = authority.server() if scheme == "https" else None
    async with serve(play(*steps), tls=tls) as server, asyncio.timeout(20):
        with Watched(failures, None) as session:
            session.trust_env = False  # a REQUESTS_CA_BUNDLE would win
            session.verify = str(authority.tls.ca_file)
            if steps.count(ask) > 1:
                await posted(session, server.url)
            with pytest.raises(Timeout):
                await posted(session, server.url, SOON)
        assert server.connections < 2
    assert failures.reason == LATE


async def test_a_handshake_that_drips_has_an_end() -> None:
    failures = Failures()
    # A record of TLS 1.2 that announces 16 KiB of a handshake, and a byte of it now and then.
    async with serve(play(b"\x16\x03\x03\x40\x00", drip(b"\x02", 0.05))) as server:
        with Watched(failures, None) as session, pytest.raises(Timeout):
            async with asyncio.timeout(20):
                await posted(session, server.url.replace("http:", "https:"), SOON)
    assert failures.reason == LATE


@pytest.mark.parametrize("steps", FLOODS.values(), ids=FLOODS)
async def test_what_floods_is_cut(steps: tuple[Step, ...]) -> None:
    failures = Failures()
    async with serve(play(*steps)) as server, asyncio.timeout(AMPLE):
        with Watched(failures, None) as session, pytest.raises(AnswerTooLargeError):
            await posted(session, server.url)
        await server.left()
    assert failures.reason == LARGE


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (OK + sized(b"{}"), b"{}"),
        (OK + sized(b""), b""),
        (OK + sized(b" " * MOST), b" " * MOST),
        (PACKED + sized(gzip.compress(b"{}", mtime=0)), b"{}"),
        (CHUNKED + b"2\r\n{}\r\n0\r\n\r\n", b"{}"),
    ],
)
async def test_a_good_answer_is_read_and_its_connection_kept(reply: bytes, body: bytes) -> None:
    async with serve(answer(reply)) as server:
        with Watched(Failures(), None) as session:
            for _ in range(3):
                told = await posted(session, server.url)
                assert (told.status_code, told.content) == (200, body)
                assert told.headers.get("Content-Encoding") in (None, "gzip")
        assert server.connections == 1


async def test_an_answer_that_ends_with_its_connection_is_good() -> None:
    async with serve(play(ask, OK + b"\r\n{}", close)) as server:
        with Watched(Failures(), None) as session:
            assert (await posted(session, server.url)).content == b"{}"


@pytest.mark.parametrize(("size", "reason"), [(0, None), (2 * MOST, "RESOURCE_EXHAUSTED")])
def test_an_answer_over_grpc_is_bounded_too(
    size: int,
    reason: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def export(_: bytes, __: object) -> bytes:
        return bytes(size)

    handler = grpc.method_handlers_generic_handler(
        "opentelemetry.proto.collector.trace.v1.TraceService",
        {"Export": grpc.unary_unary_rpc_method_handler(export)},
    )
    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        server.add_generic_rpc_handlers((handler,))
        port = server.add_insecure_port(f"{LOOPBACK}:0")
        server.start()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://{LOOPBACK}:{port}")
        families = Families()
        sender = sender_of(Settings(protocol="grpc"), SpanSeries(families))
        sender.start()
        sender.push(record())
        sender.close(AMPLE)
        server.stop(None).wait()
    assert families.counters["oran_mano_exporter_spans_failed_total"].labels().value == (size > 0)
    assert [told for line in caplog.records if (told := line.__dict__.get("fields"))] == [
        {"reason": reason}
    ][: size > 0]
