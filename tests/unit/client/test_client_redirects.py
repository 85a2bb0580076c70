"""The client where servers send it elsewhere: what each of them received."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from exporter.client.client import Client
from exporter.config.values import Secret
from exporter.model.exchange import Exchange, Fault, Method, Request
from tests.support.caller import SLACK, TOTAL, client, get, seconds, well
from tests.support.certificates import Authority
from tests.support.hostile import (
    OK,
    Peer,
    Script,
    answer,
    ask,
    hang,
    play,
    reset,
    serve,
    sized,
)

JSON: Final = OK + sized(b"{}")
TOKEN: Final = {"Authorization": "Bearer hunter2", "Accept": "text/plain", "X-Own": "hunter2"}
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def to(location: str, status: int = 302, body: bytes = b"<html>moved</html>") -> bytes:
    head = f"HTTP/1.1 {status} Found\r\nSet-Cookie: a=hunter2\r\nLocation: {location}\r\n"
    return head.encode() + sized(body)


@asynccontextmanager
async def following(url: str) -> AsyncIterator[Client]:
    headers = {"X-Tenant": Secret("hunter2"), "X-Api-Key": Secret("hunter2")}
    async with client(url, headers=headers, follow_redirects=True) as subject:
        yield subject


async def send(
    subject: Client, headers: dict[str, str], method: Method = "GET"
) -> Exchange | Fault:
    return await subject.send(Request(method, "/v1", headers, TOTAL, traceparent=TRACE))


def stopped(outcome: Exchange | Fault, words: str) -> None:
    assert isinstance(outcome, Fault), outcome
    assert (outcome.reason, outcome.status) == ("redirect", 302)
    assert words in outcome.detail
    assert outcome.headers["Location"]


async def test_by_default_it_is_an_answer() -> None:
    async with serve(answer(to("/v2"))) as server, client(server.url) as subject:
        assert (await well(subject)).status == 302
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_within_the_origin_all_goes_along_on_the_same_connection(status: int) -> None:
    async with serve(answer(to("/v2", status), JSON)) as server, following(server.url) as subject:
        exchange = await send(subject, TOKEN)
        assert isinstance(exchange, Exchange)
        assert (exchange.status, exchange.body, exchange.timing.reused) == (200, b"{}", True)
        first, second = server.requests
        assert second == first.replace(b"GET /v1 ", b"GET /v2 ")
        assert second.count(b"hunter2") == 4
        assert second.count(TRACE.encode()) == 1
        assert b"Cookie" not in second
        assert server.connections == 1
        assert sum(seconds(exchange.timing.phases).values()) < exchange.timing.duration


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_only_a_get_is_followed(method: Method) -> None:
    async with serve(answer(to("/v2", 307))) as server, following(server.url) as subject:
        exchange = await send(subject, {}, method)
        assert isinstance(exchange, Exchange)
        assert exchange.status == 307
        assert len(server.requests) == 1


async def test_a_request_with_a_token_stays_where_it_is() -> None:
    async with serve(answer(JSON)) as other, serve(answer(to(f"{other.url}/v1"))) as server:
        async with following(server.url) as subject:
            stopped(await send(subject, TOKEN), "the token must not go")
            stopped(await send(subject, {"authorization": "x"}), "the token must not go")
        assert other.connections == 0


async def test_one_without_leaves_what_it_has_behind() -> None:
    async with serve(answer(JSON)) as other, serve(answer(to(f"{other.url}/v1"))) as server:
        async with following(server.url) as subject:
            exchange = await send(subject, {"Accept": "text/plain", "X-Own": "hunter2"})
            assert isinstance(exchange, Exchange)
            assert exchange.status == 200
        (arrived,) = other.requests
        assert b"hunter2" not in arrived
        assert b"traceparent" not in arrived.lower()
        assert b"\r\nAccept: text/plain\r\n" in arrived
        assert b"\r\nHost: " + other.url.removeprefix("http://").encode() in arrived
        assert server.requests[0].count(b"hunter2") == 3


async def test_who_comes_back_has_it_no_more() -> None:
    first: list[str] = []

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(to(f"{first[0]}/v2"))
        await peer.gone()

    async with serve(script) as other, serve(answer(to(other.url), JSON)) as server:
        first.append(server.url)
        async with following(server.url) as subject:
            assert isinstance(await send(subject, {}), Exchange)
        for what in (b"hunter2", TRACE.encode()):
            assert server.requests[0].count(what) > server.requests[1].count(what) == 0


async def test_tls_is_not_left(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serve(answer(JSON)) as plain:
        reply = answer(to(f"{plain.url}/v1"))
        async with (
            serve(reply, tls=authority.server()) as server,
            client(server.url, tls=authority.tls, follow_redirects=True) as subject,
        ):
            stopped(await get(subject), "leaves TLS")
        assert plain.connections == 0


async def test_a_client_certificate_is_not_for_others(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    demanding = authority.demanding()
    async with serve(answer(JSON), tls=demanding) as other:
        reply = answer(to(f"{other.url}/v1"))
        async with (
            serve(reply, tls=authority.demanding()) as server,
            client(server.url, tls=authority.shown(tmp_path), follow_redirects=True) as subject,
        ):
            outcome = await get(subject)
            assert isinstance(outcome, Fault)
            assert outcome.reason in ("tls_handshake", "reset")  # asyncio does not always say why
            assert len(server.requests) == 1
        assert other.requests == []


async def test_a_circle() -> None:
    script = answer(to("/a"), to("/b"), to("/a"))
    async with serve(script) as server, following(server.url) as subject:
        stopped(await send(subject, {}), "in a circle")
        assert len(server.requests) == 3


async def test_no_end() -> None:
    count = 0

    async def script(peer: Peer) -> None:
        nonlocal count
        while True:
            await peer.request()
            count += 1
            await peer.send(to(f"/{count}"))

    async with serve(script) as server, following(server.url) as subject:
        stopped(await send(subject, {}), "too many")
        assert len(server.requests) == 6


@pytest.mark.parametrize("location", ["ftp://a/", "http://[::1", "", "javascript:hunter2"])
async def test_nowhere(location: str) -> None:
    async with serve(answer(to(location))) as server, following(f"{server.url}") as subject:
        outcome = await send(subject, {})
        assert isinstance(outcome, Fault)
        assert outcome.reason == "redirect"
        assert "hunter2" not in outcome.detail


async def test_the_total_time_binds_all_of_it() -> None:
    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            await asyncio.sleep(0.2)
            await peer.send(to(f"/{len(peer.server.requests)}"))

    async with serve(script) as server, following(server.url) as subject:
        outcome = await send(subject, {})
        assert isinstance(outcome, Fault)
        assert outcome.reason == "read_timeout"
        assert TOTAL <= outcome.timing.duration < TOTAL + SLACK
        assert 2 <= len(server.requests) <= 3


@pytest.mark.parametrize(
    ("rest", "reused"), [(hang, False), (reset, False)], ids=["endless", "reset"]
)
async def test_the_body_of_a_redirect_is_not_waited_for(rest: Script, reused: bool) -> None:  # noqa: FBT001
    head = b"HTTP/1.1 302 Found\r\nLocation: /v2\r\nContent-Length: 99\r\n\r\nab"

    async def script(peer: Peer) -> None:
        steps = (ask, head, rest) if peer.number == 1 else (ask, JSON, hang)
        await play(*steps)(peer)

    async with serve(script) as server, following(server.url) as subject:
        exchange = await send(subject, {})
        assert isinstance(exchange, Exchange), exchange
        assert exchange.timing.reused is reused
        assert server.connections == 2


async def test_a_refused_connection_on_the_way() -> None:
    async with serve(answer(to("http://127.0.0.1:1/"))) as server, following(server.url) as subject:
        outcome = await send(subject, {})
        assert isinstance(outcome, Fault)
        assert (outcome.reason, outcome.status) == ("connect_refused", None)
