"""The client behind a proxy."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from exporter.client.client import Client
from exporter.config.schema import Connection, Tls
from exporter.config.values import Duration, Secret
from exporter.model.exchange import Fault
from exporter.model.reasons import Reason
from tests.support.caller import check, client, get, seconds, well
from tests.support.certificates import DAY, NOW, Authority
from tests.support.hostile import OK, answer, black_hole, hang, play, refusing, reset, serve, sized
from tests.support.proxy import proxy

JSON: Final = OK + sized(b"{}")
BASIC: Final = b"\r\nProxy-Authorization: Basic cHJvYmU6cEBzcw==\r\n"  # probe:p@ss
NAME: Final = "mano.example"


def with_password(url: str) -> Secret:
    return Secret(url.replace("://", "://probe:p%40ss@"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


@asynccontextmanager
async def through(way: Secret, url: str, tls: Tls | None = None) -> AsyncIterator[Client]:
    headers = {"X-Api-Key": Secret("hunter2")}
    async with client(url, tls=tls, headers=headers, proxy_url=way) as subject:
        yield subject


# --- What it is told -----------------------------------------------------------------------------


async def test_plain_http() -> None:
    async with (
        serve(answer(JSON)) as server,
        proxy(server.port) as way,
        through(with_password(way.url), f"http://{NAME}/v1") as subject,
    ):
        first = (await well(subject)).timing
        assert (await well(subject)).timing.reused is True
        assert tuple(seconds(first.phases)) == ("connect", "send", "wait", "receive")
        (head,) = way.heads
        assert head.startswith(b"GET http://mano.example/v1/ HTTP/1.1\r\nHost: mano.example\r\n")
        assert BASIC in head
        assert b"X-Api-Key: hunter2" in head  # it is the way to the API


async def test_https(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        serve(answer(JSON), tls=authority.server(NAME, ends=3 * DAY)) as server,
        proxy(server.port) as way,
        through(with_password(way.url), f"https://{NAME}/v1", authority.tls) as subject,
    ):
        first = (await well(subject)).timing
        assert tuple(seconds(first.phases)) == ("connect", "tls", "send", "wait", "receive")
        assert first.certificate_expiry == (NOW + 3 * DAY).timestamp()
        assert (await well(subject)).timing.reused is True
        await well(subject, "POST", b"{}")
        assert len(way.heads) == 2
        for head in way.heads:
            assert head.startswith(b"CONNECT mano.example:443 HTTP/1.1\r\n")
            assert BASIC in head
            assert b"hunter2" not in head
            assert b"User-Agent: oran-mano-exporter/" in head
        assert all(b"Proxy-Authorization" not in request for request in server.requests)
        assert all(b"X-Api-Key: hunter2" in request for request in server.requests)


async def test_without_a_password_none_is_sent_and_without_an_age_nothing_kept(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    fresh = Connection(max_age=Duration(0))
    url = f"https://{NAME}"
    async with (
        serve(answer(JSON), tls=authority.server(NAME)) as server,
        proxy(server.port) as way,
        client(url, tls=authority.tls, connection=fresh, proxy_url=Secret(way.url)) as subject,
    ):
        for count in (1, 2):
            assert (await well(subject)).timing.reused is False
            assert len(way.heads) == count
            assert b"Authorization" not in way.heads[-1]


async def test_the_protocol_is_that_of_the_way_to_the_proxy() -> None:
    async with serve(answer(JSON)) as server, proxy(server.port) as way:
        for protocol, url in (("ip4", "http://[2001:db8::1]"), ("ip6", "http://127.0.0.1")):
            connection = Connection(ip_protocol="ip4" if protocol == "ip4" else "ip6")
            async with client(url, connection=connection, proxy_url=Secret(way.url)) as subject:
                outcome = await get(subject)
                expected = None if protocol == "ip4" else "dns"
                assert getattr(outcome, "reason", None) == expected


# --- What goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_proxy_is_not_there(scheme: str) -> None:
    with refusing() as url:
        async with through(with_password(url), f"{scheme}://{NAME}") as subject:
            fault = check(await get(subject), "connect_refused", "connect")
            assert fault.detail == f"connection refused by {url.removeprefix('http://')}"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_proxy_does_not_answer(scheme: str) -> None:
    with black_hole() as url:
        async with through(with_password(url), f"{scheme}://{NAME}") as subject:
            check(await get(subject), "connect_timeout", "connect")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_nobody_knows_the_proxy(scheme: str) -> None:
    way = Secret("http://probe:hunter2@proxy.invalid:3128")
    async with through(way, f"{scheme}://{NAME}") as subject:
        fault = await get(subject)
        assert isinstance(fault, Fault)
        assert fault.reason == "dns"
        assert "hunter2" not in repr(fault)


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        (407, "http_4xx", "credentials"),
        (403, "connect_refused", "made no connection"),
        (502, "connect_refused", "made no connection"),
        (504, "connect_timeout", "in time"),
        (302, "connect_refused", "made no connection"),
    ],
)
async def test_the_proxy_refuses_to_connect(status: int, reason: Reason, words: str) -> None:
    refusal = f"HTTP/1.1 {status} hunter2\r\nLocation: /hunter2\r\n".encode() + sized(b"hunter2")
    async with (
        proxy(refusal=refusal) as way,
        through(with_password(way.url), f"https://{NAME}") as subject,
    ):
        fault = check(await get(subject), reason, "connect")
        assert words in fault.detail
        assert "hunter2" not in repr(fault)
        assert fault.status is None  # the API answered nothing


async def test_the_proxy_refuses_to_ask() -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\n" + sized(b"")
    async with (
        proxy(refusal=refusal) as way,
        through(Secret(way.url), f"http://{NAME}") as subject,
    ):
        assert (await well(subject)).status == 407


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (b"", "connect_timeout"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "tls_handshake"),
        (b"HTTP/1.1 200 OK\r\n\r\nno TLS at all", "tls_handshake"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "too_large"),
    ],
    ids=["silence", "then silence", "then garbage", "no HTTP", "large head"],
)
async def test_what_is_no_proxy(refusal: bytes, reason: Reason) -> None:
    async with (
        proxy(refusal=refusal) as way,
        through(with_password(way.url), f"https://{NAME}") as subject,
    ):
        outcome = await get(subject)
        assert isinstance(outcome, Fault)
        assert outcome.reason == reason


async def test_a_reset_by_the_proxy() -> None:
    async with (
        serve(play(reset)) as way,
        through(with_password(way.url), f"https://{NAME}") as subject,
    ):
        fault = await get(subject)
        assert isinstance(fault, Fault)
        assert fault.reason in ("connect_refused", "reset")


async def test_certificates_are_those_of_the_api(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        serve(answer(JSON), tls=authority.server("other.example")) as server,
        proxy(server.port) as way,
        through(with_password(way.url), f"https://{NAME}", authority.tls) as subject,
    ):
        fault = check(await get(subject), "tls_verify", "tls")
        assert fault.timing.certificate_expiry == (NOW + DAY).timestamp()


async def test_a_time_out_behind_the_proxy(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        serve(hang, tls=authority.server(NAME)) as server,
        proxy(server.port) as way,
        through(with_password(way.url), f"https://{NAME}", authority.tls) as subject,
    ):
        check(await get(subject), "read_timeout", "wait")
