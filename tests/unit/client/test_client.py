"""The client against servers that do as they should."""

import asyncio
import gzip
import socket
import zlib

import pytest

from exporter import __version__
from exporter.config.schema import Connection
from exporter.model.exchange import MAX_BODY, MAX_JSON, Exchange, Fault, Request
from tests.support.caller import client, seconds, well
from tests.support.hostile import LOOPBACK, OK, Peer, answer, ask, play, serve, sized

JSON = OK + b"Content-Type: application/json\r\nx-custom: 1\r\n" + sized(b'{"a":1}')
IP4 = Connection(ip_protocol="ip4")


def head_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


async def test_an_answer_comes_back_whole() -> None:
    async with serve(answer(JSON)) as server, client(f"{server.url}/v1") as subject:
        loop = asyncio.get_running_loop()
        before = loop.time()
        exchange = await well(subject)
        assert (exchange.status, exchange.body) == (200, b'{"a":1}')
        assert exchange.headers["X-CUSTOM"] == "1"
        assert before <= exchange.timing.started <= loop.time()
        assert 0 < exchange.timing.duration < 5
        assert exchange.timing.certificate_expiry is None
        assert server.requests[0].startswith(b"GET /v1/ HTTP/1.1\r\n")


@pytest.mark.parametrize("status", [200, 201, 204, 302, 304, 401, 404, 429, 500, 503, 599])
async def test_any_final_status_is_an_answer(status: int) -> None:
    reply = b"HTTP/1.1 %d X\r\nLocation: /elsewhere\r\n" % status
    reply += b"\r\n" if status in (204, 304) else sized(b"{}")
    async with serve(answer(reply)) as server, client(server.url) as subject:
        assert (await well(subject)).status == status
        assert len(server.requests) == 1  # no redirect was followed
        assert (await well(subject)).timing.reused


async def test_headers_of_our_own_and_of_the_request() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        headers = {"accept": "text/plain", "Authorization": "Bearer x"}
        await subject.send(Request("GET", "/?a=%2F", headers, 5))
    ours, both = map(head_of, server.requests)
    assert ours["user-agent"] == f"oran-mano-exporter/{__version__}"
    assert ours["accept"] == "application/json"
    assert ours["accept-encoding"] == "gzip, deflate"
    assert both["accept"] == "text/plain"
    assert both["authorization"] == "Bearer x"
    assert server.requests[1].startswith(b"GET /?a=%2F HTTP/1.1\r\n")


async def test_cookies_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a name: an address has none in any case."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, 0))]
    reply = OK + b"Set-Cookie: route=replica1; Path=/\r\n" + sized(b"{}")
    async with serve(answer(reply)) as server:
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        async with client(f"http://mano.example:{server.port}") as subject:
            await well(subject)
            await well(subject)
    assert "cookie" not in head_of(server.requests[1])


async def test_the_environments_proxy_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)


async def test_time_outs_are_not_rounded_up_to_whole_seconds() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        for pool in subject._pools._pools.values():  # noqa: SLF001  # it would take 5 s otherwise
            assert pool.timeout.ceil_threshold > 86_400


async def test_a_bug_of_ours_is_not_taken_for_a_fault() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        with pytest.raises(ValueError, match="control character"):
            await subject.send(Request("GET", "/", {"A": "b\r\nc"}, 1))


# --- Phases --------------------------------------------------------------------------------------


async def test_phases_of_a_new_and_of_a_kept_connection() -> None:
    async with serve(answer(JSON)) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with client(url, connection=IP4) as subject:
            first = (await well(subject)).timing
            second = (await well(subject)).timing
    new, kept = seconds(first.phases), seconds(second.phases)
    assert tuple(new) == ("dns", "connect", "send", "wait", "receive")
    assert tuple(kept) == ("send", "wait", "receive")
    assert first.phases.queue is second.phases.queue is None
    for timing, phases in ((first, new), (second, kept)):
        assert min(phases.values()) >= 0
        assert sum(phases.values()) <= timing.duration


async def test_an_address_is_not_looked_up() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        assert "dns" not in seconds((await well(subject)).timing.phases)


async def test_waiting_is_told_from_receiving() -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.05)
        await peer.send(OK + b"Content-Length: 2\r\n\r\n{")
        await asyncio.sleep(0.1)
        await peer.send(b"}")
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        phases = seconds((await well(subject)).timing.phases)
    assert phases["wait"] > 0.045
    assert phases["receive"] > 0.095


# --- Bodies --------------------------------------------------------------------------------------


def chunked(*chunks: bytes) -> bytes:
    parts = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"Transfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"


BARE = zlib.compressobj(wbits=-15)
ENCODED = {
    "gzip": gzip.compress(b"{}"),
    "GZIP ": gzip.compress(b"{}"),
    "x-gzip": gzip.compress(b"{") + gzip.compress(b"}"),
    "deflate": zlib.compress(b"{}"),
    " Deflate": BARE.compress(b"{}") + BARE.flush(),
    "identity": b"{}",
    "": b"{}",
}


@pytest.mark.parametrize("coding", ENCODED)
async def test_content_codings(coding: str) -> None:
    reply = OK + b"Content-Encoding: %b\r\n" % coding.encode() + sized(ENCODED[coding])
    async with serve(answer(reply)) as server, client(server.url) as subject:
        assert (await well(subject)).body == b"{}"


@pytest.mark.parametrize(
    "reply",
    [
        OK + sized(b""),
        OK + b"Content-Encoding: gzip\r\n" + sized(b""),
        OK + chunked(),
        b"HTTP/1.1 204 No Content\r\nContent-Encoding: br\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9999999999\r\n\r\n",
    ],
)
async def test_no_body_is_an_empty_one(reply: bytes) -> None:
    async with serve(answer(reply)) as server, client(server.url) as subject:
        assert (await well(subject)).body == b""
        assert (await well(subject)).timing.reused


@pytest.mark.parametrize("size", [1, 65_536, 1_000_000, MAX_JSON])
async def test_bodies_up_to_the_limit(size: int) -> None:
    body = bytes(size)
    replies = [OK + sized(body), OK + chunked(body), OK + chunked(body[:1], body[1:] or b"x")]
    async with serve(answer(*replies)) as server, client(server.url) as subject:
        for _ in replies:
            assert len((await well(subject)).body) in (size, size + 1)
        assert server.connections == 1


async def test_more_is_read_where_more_is_wanted_and_not_a_byte_beyond() -> None:
    replies = [OK + sized(bytes(MAX_BODY)), OK + sized(bytes(MAX_BODY + 1))]
    async with serve(answer(*replies)) as server, client(server.url) as subject:
        text = Request("GET", "/", {}, 5, largest=MAX_BODY)
        whole = await subject.send(text)
        assert isinstance(whole, Exchange)
        assert len(whole.body) == MAX_BODY
        fault = await subject.send(text)
        assert isinstance(fault, Fault)
        assert (fault.reason, fault.detail) == ("too_large", "the answer is over 4 MiB")


async def test_a_body_that_ends_with_the_connection() -> None:
    async with (
        serve(play(ask, OK + b"\r\n", b"ab", b"cd")) as server,
        client(server.url) as subject,
    ):
        exchange = await well(subject)
        assert exchange.body == b"abcd"
        assert (await well(subject)).timing.reused is False


async def test_interim_answers_are_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reply = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + hints + JSON
    async with serve(answer(reply)) as server, client(server.url) as subject:
        exchange = await well(subject)
        assert exchange.status == 200
        assert "Link" not in exchange.headers


async def test_bytes_that_are_no_text_in_a_header_do_not_raise() -> None:
    reply = OK + b"X-A: \xff\xfe\r\n" + sized(b"{}")
    async with serve(answer(reply)) as server, client(server.url) as subject:
        exchange: Exchange = await well(subject)
        assert exchange.headers["X-A"] == "\udcff\udcfe"
