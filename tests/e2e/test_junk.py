"""Whatever a client sends is answered 4xx, or not at all, and leaves no trace."""

import asyncio
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from exporter.web import paths
from tests.support.hostile import OK, answer, serve, sized
from tests.support.product import Exporter
from tests.support.rude_clients import connected, port_of
from tests.support.servers import Start

CONFIG: Final = """
    targets:
      - name: lab
        url: {url}
        interval: 1h
        surfaces: {{"*": {{mode: "off"}}, monitoring.health: {{mode: read}}}}
    """
HEALTHY: Final = OK + b"Content-Type: application/json\r\n" + sized(b'{"status":"healthy"}')
PROBE: Final = b"/probe?target=lab&surface=monitoring.health"
ROUTES: Final = (b"/", b"/metrics", PROBE, b"/nothing", *(path.encode() for path in paths.PAGES))
HOST: Final = b"Host: x"
LONG: Final = b"a" * 9000
BANNER: Final = re.compile(rb"\r\nserver: oran-mano-exporter\r\n", re.IGNORECASE)
VERSIONS: Final = re.compile(rb"aiohttp|python|/3\.\d", re.IGNORECASE)


class Sent(NamedTuple):
    """What is sent, and whether it has to be refused."""

    data: bytes
    refused: bool

    @property
    def bare(self) -> bool:
        """Whether the answer has no body."""
        return self.data.startswith(b"HEAD ")


def head(
    target: bytes,
    *headers: bytes,
    method: bytes = b"GET",
    version: bytes = b"HTTP/1.1",
    host: bytes = HOST,
    end: bytes = b"\r\n",
) -> bytes:
    lines = (b"%b %b %b" % (method, target, version), *filter(None, (host,)), *headers)
    return b"".join(line + end for line in lines) + end


REFUSED_VERSIONS: Final = (
    *(b"HTTP/0.9", b"HTTP/1.2", b"HTTP/2.0", b"HTTP/2", b"HTTP/3", b"HTTP/3.7", b"HTTP/9.9"),
    *(b"HTTP/1.1x", b"HTTP/11", b"http/1.1", b"HTTP/-1.1", b"HTTP/1.", b"HTP/1.1", b"\xff"),
)
REFUSED_METHODS: Final = (
    *(b"get", b"BREW", b"G@T(", b"\xff", b"\0", b"GET\0", LONG, b"PUT", b"DELETE", b"PATCH"),
    *(b"TRACE", b"OPTIONS", b"CONNECT", b"PROPFIND"),
)
HARMLESS_METHODS: Final = (b"HEAD", b"POST")
REFUSED_HEADERS: Final = (
    *((b"Expect: junk",), (b"Expect: \xff\xfe",), (b"Expect: \xed\xa0\x80",), (b"Expect:",)),
    *((b"Expect: 100-continue, x",), (b"Expect: 100-continue", b"Expect: x")),
    *((b"NoColon",), (b": no name",), (b"Sp ace: x",), (b" folded",), (b"\tx: folded",)),
    *((b"X\0: a",), (b"X: a\0b",), (b"X: a\rb",), (b"X: a\nb",), (b"X\xff: a",), (b"X: a\x7f",)),
    *((b"X: " + LONG,), (LONG + b": a",), tuple(b"X%d: a" % n for n in range(200))),
    *((b"Content-Length: x",), (b"Content-Length: -1",), (b"Content-Length: +1",)),
    *((b"Content-Length: 1", b"Content-Length: 2"), (b"Content-Length: 1", b"Content-Length: 1")),
    *((b"Content-Length: 1, 2",), (b"Content-Length: " + b"9" * 30,), (b"Content-Length: \xff",)),
    (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    *((b"Transfer-Encoding: gzip",), (b"Transfer-Encoding: chunked, chunked",)),
    *((b"Transfer-Encoding: \xff",), (b"Transfer-Encoding: chunked, gzip",)),
    *((b"Host: y",), (b"Host: \xff",)),
)
HARMLESS_HEADERS: Final = (
    *((b"Expect: 100-continue",), (b"Expect: 100-Continue",)),
    *((b"Accept: \xff",), (b"Accept: " + b"," * 8000,), (b"Accept: a/b;q=x;;,;",)),
    (b"Accept: application/openmetrics-text; version=x",),
    (b"Accept: application/openmetrics-text; version=1.0.0; escaping=\xff",),
    (b"Accept: text/plain; version=1.0.0; escaping=junk",),
    *((b"Accept-Encoding: gzip;q=x",), (b"Accept-Encoding: \xff",), (b"Accept-Encoding: ;=,",)),
    *((b"Accept-Encoding: gzip;q=nan",), (b"Accept-Encoding: gzip;q=inf",)),
    *((b"traceparent: \xff",), (b"traceparent: 00-zz-zz-zz",), (b"Cookie: \xff=;;;=",)),
    *((b"Connection: \xff",), (b"Connection: close, keep-alive",), (b"Content-Type: \xff",)),
    *((b"Range: bytes=x",), (b"If-Modified-Since: x",), (b"Forwarded: \xff",), (b"Via: \xff",)),
    *((b"Content-Encoding: br",), (b"Content-Encoding: \xff",), (b"Authorization: \xff",)),
    (b"Connection: Upgrade", b"Upgrade: websocket"),
    (b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Key: \xff"),
    (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
)
CHUNKED: Final = b"Transfer-Encoding: chunked"
BODIES: Final = (
    *((CHUNKED, b"zz\r\n\r\n"), (CHUNKED, b"-1\r\n\r\n"), (CHUNKED, b"fffffffffffffffffff\r\n")),
    *(
        (CHUNKED, b"2\r\nabcdef\r\n0\r\n\r\n"),
        (CHUNKED, b"1\nab\n"),
        (CHUNKED, b"1;\xff\0\r\na\r\n"),
    ),
    *((CHUNKED, b"0\r\nBad trailer\r\n\r\n"), (CHUNKED, b"\0"), (CHUNKED, b"1" + LONG)),
    (CHUNKED + b"\r\nContent-Encoding: gzip", b"3\r\nabc\r\n0\r\n\r\n"),
    (b"Content-Length: 3\r\nContent-Encoding: deflate", b"abc"),
    (b"Content-Length: 3\r\nContent-Encoding: zstd", b"abc"),
    *((b"Content-Length: 3", b"abcGARBAGE\r\n\r\n"), (b"Content-Length: 0", b"\xff\r\n\r\n")),
)
TARGETS: Final = (
    *(b"metrics", b"*", b"?", b"#", b"\\", b"//metrics", b"//", b"//[", b"//[::1", b"//a:b/"),
    *(b"/%", b"/%zz", b"/%ff", b"/%00", b"/\xff", b"/metrics\xc3\xa9", b"/me\0trics", b"/a b"),
    *(
        b"/../../etc/passwd",
        b"/./metrics",
        b"/metrics/",
        b"/metrics%2f",
        b"/metrics;x",
        b"/" + LONG,
    ),
    *(b"http://", b"http:///metrics", b"http://[::1/metrics", b"http://[::1]:x/", b"http://h:-1/"),
    *(b"http://h:99999999/metrics", b"http://xn--/", b"http://\xff/", b"http://%/x", b"://"),
    *(b"http:metrics", b"mailto:x@y", b"javascript:alert(1)", b"data:,x"),
    *(b"/probe", b"/probe?", b"/probe?target=lab", b"/probe?surface=%ff&target=%zz"),
    *(b"/probe?target=lab&surface=%ed%a0%80", b"/probe?target=%00", b"/probe?target=\xed\xa0\x80"),
    *(b"/probe?surface=a&surface=b", b"/probe?&&&===", b"/probe?target=%0d%0aX:%20y&surface=x"),
    *(b"/logs?limit=x", b"/logs?limit=-1", b"/logs?limit=" + b"9" * 300, b"/logs?limit=%d9%a1"),
    *(b"/logs?%ff=1", b"/logs?\xff=1", b"/logs?x", b"/logs?format=%ff", b"/logs?failed=2"),
    *(b"/logs?format=xml", b"/logs?" + b"&".join(b"a%d" % n for n in range(1200))),
)
WHOLE: Final = (
    *(b"GARBAGE\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"\xff" * 9000, b"GET\r\n\r\n", b"GET /\r\n\r\n"),
    bytes.fromhex("16030100a5010000a10303") + bytes(90),  # a TLS hello
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"*1\r\n$4\r\nPING\r\n",
    b"POST " + LONG * 10,
)


def junk() -> Iterator[Sent]:
    """All of it."""
    for data in WHOLE:
        yield Sent(data, refused=True)
    for target in TARGETS:
        yield Sent(head(target), refused=True)
    for route in ROUTES:
        for version in REFUSED_VERSIONS:
            yield Sent(head(route, version=version), refused=True)
        for method in REFUSED_METHODS:
            yield Sent(head(route, method=method), refused=True)
        for headers in REFUSED_HEADERS:
            yield Sent(head(route, *headers), refused=True)
        yield Sent(head(route, host=b""), refused=True)
        yield Sent(head(route, end=b"\n"), refused=True)
        yield Sent(head(route, end=b"\r"), refused=True)
        for method in HARMLESS_METHODS:
            yield Sent(head(route, method=method), refused=False)
        for headers in HARMLESS_HEADERS:
            yield Sent(head(route, *headers), refused=False)
        yield Sent(head(route + b"?%ff=%zz&&=%ed%a0%80;"), refused=False)
        for method in (b"GET", b"POST"):
            for said, body in BODIES:
                yield Sent(head(route, said, method=method) + body, refused=False)


def wrong(sent: Sent, got: bytes) -> bool:
    """Whether that is no way to answer."""
    if not got:
        return False
    status = int(got.split(b" ", 2)[1])
    fitting = range(400, 500) if sent.refused else range(200, 500)
    return (
        status not in fitting
        or not got.startswith((b"HTTP/1.0 ", b"HTTP/1.1 "))
        or BANNER.search(got) is None
        or VERSIONS.search(got) is not None
    )


async def one(port: int, sent: Sent) -> bytes:
    """The head of the first answer, with the body if it is no page; nothing where there is none."""
    async with asyncio.timeout(20), connected(port) as (reader, writer):
        try:
            writer.write(sent.data)
            got = await reader.readuntil(b"\r\n\r\n")
            return got + (b"" if b" 200 " in got or sent.bare else await reader.read(4096))
        except asyncio.IncompleteReadError as error:
            return error.partial
        except ConnectionError:
            return b""


async def test_whatever_is_sent_is_refused_without_a_trace_and_without_versions(
    start: Start,
) -> None:
    api = await start(serve(answer(HEALTHY)))
    exporter = await start(Exporter(CONFIG.format(url=api.url)))
    await exporter.until(lambda scrape: scrape.sum("oran_mano_probe_runs_total") == 1)
    port, said, everything = port_of(exporter.url), exporter.process.output(), [*junk()]
    waiting, answers = iter(everything), dict[bytes, bytes]()

    async def send() -> None:
        for sent in waiting:
            got = await one(port, sent)
            if wrong(sent, got):
                answers[sent.data[:200]] = got[:300]

    async with asyncio.TaskGroup() as senders:
        for _ in range(16):
            senders.create_task(send())
    assert answers == {}
    assert len(everything) > 1249
    await exporter.scrape()
    assert exporter.process.output() == said
