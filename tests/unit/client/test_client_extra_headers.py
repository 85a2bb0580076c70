"""The headers of a target, and whole URLs: what goes to whom."""

import asyncio
import os
import socket
import threading
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

from exporter.client.client import Client
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Auth
from exporter.config.values import Secret
from exporter.model.exchange import Exchange, Request
from tests.support.caller import check, client, get, target, well
from tests.support.certificates import Authority
from tests.support.hostile import LOOPBACK, OK, answer, serve, sized
from tests.support.watched_files import look

JSON: Final = OK + sized(b"{}")


def headers_of(request: bytes) -> dict[str, str]:
    lines = request.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    pairs = [line.split(": ", 1) for line in lines]
    assert len({name.lower() for name, _ in pairs}) == len(pairs), "a header was sent twice"
    return {name.lower(): value for name, value in pairs}


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_they_are_sent_with_every_request(method: Any) -> None:  # noqa: ANN401
    headers = {"X-Tenant": Secret("noc"), "user-agent": Secret("probe"), "accept": Secret("a/b")}
    async with serve(answer(JSON)) as server, client(server.url, headers=headers) as subject:
        for _ in range(2):
            await well(subject, method)
            sent = headers_of(server.requests[-1])
            assert (sent["x-tenant"], sent["user-agent"], sent["accept"]) == ("noc", "probe", "a/b")


async def test_the_requests_own_ones_win() -> None:
    headers = {"accept": Secret("a/b")}
    async with serve(answer(JSON)) as server, client(server.url, headers=headers) as subject:
        await subject.send(Request("GET", "/", {"Accept": "text/plain"}, 5))
        assert headers_of(server.requests[0])["accept"] == "text/plain"


async def test_a_value_follows_its_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "key"
    written = 0

    def write(content: str) -> None:
        nonlocal written
        written += 1
        file.write_text(content)
        os.utime(file, ns=(0, written))  # two writes within one tick of the file system's clock

    async def sent() -> str:
        for watch in files.headers.values():
            look(watch)
        await well(subject)
        return headers_of(server.requests[-1])["x-api-key"]

    write("first\n")
    headers = {"X-Api-Key_file": str(file)}
    files = files_of(connection_settings(replace(target("http://lab"), headers=headers)))
    async with (
        serve(answer(JSON)) as server,
        client(server.url, headers=headers, files=files) as subject,
    ):
        assert await sent() == "first"
        write("second\n")
        assert await sent() == "second"
        for useless in ("", "third\nhunter2\n", "th\x00ird", "hunter2\xa0"):
            write(useless)
            assert await sent() == "second"
        file.unlink()
        assert await sent() == "second"
        write("fourth")
        assert await sent() == "fourth"
    assert len(caplog.records) == 4
    assert "hunter2" not in f"{caplog.text} {[vars(record) for record in caplog.records]}"


def test_a_file_that_cannot_be_used_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        _client_with({"X-Api-Key_file": str(tmp_path / "none")})
    (tmp_path / "key").write_text("a\nhunter2")
    with pytest.raises(ValueError, match=r"^is not one line") as raised:
        _client_with({"X-Api-Key_file": str(tmp_path / "key")})
    assert "hunter2" not in repr(raised.value)


def _client_with(headers: Any) -> Client:  # noqa: ANN401
    wanted = connection_settings(replace(target("http://127.0.0.1:9"), headers=headers))
    return Client(wanted, files_of(wanted))


# --- Whole URLs ----------------------------------------------------------------------------------


async def test_a_whole_url_is_asked_where_it_is() -> None:
    headers = {"X-Tenant": Secret("noc")}
    async with (
        serve(answer(JSON)) as api,
        serve(answer(JSON)) as other,
        client(f"{api.url}/v1", headers=headers) as subject,
    ):
        sent = {"Authorization": "Basic c2VjcmV0", "Content-Type": "text/plain"}
        request = Request("POST", f"{other.url}/token?a=%20b", sent, 5, b"grant")
        assert isinstance(await subject.send(request), Exchange)
        assert api.requests == []
        assert other.requests[0].startswith(b"POST /token?a=%20b HTTP/1.1\r\n")
        arrived = headers_of(other.requests[0])
        assert arrived["authorization"] == "Basic c2VjcmV0"
        assert arrived["host"] == other.url.removeprefix("http://")
        assert "x-tenant" not in arrived
        request = Request("GET", f"{api.url}/token", {}, 5)
        assert isinstance(await subject.send(request), Exchange)
        assert headers_of(api.requests[0])["x-tenant"] == "noc"


async def test_a_whole_url_needs_its_own_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = authority.tls
    async with (
        serve(answer(JSON)) as api,
        serve(answer(JSON), tls=authority.server()) as other,
        serve(answer(JSON), tls=authority.server("mano.example")) as wrong,
        client(
            api.url,
            tls=type(tls)(tls.ca_file, server_name="mano.example"),
            auth=Auth(type="oauth2", token_url=f"{other.url}/token"),
        ) as subject,
    ):
        exchange = await subject.send(Request("POST", f"{other.url}/token", {}, 5))
        assert isinstance(exchange, Exchange)
        assert exchange.timing.phases.tls is not None
        check(await subject.send(Request("POST", wrong.url, {}, 5)), "tls_verify", "tls")


async def test_each_name_is_looked_up_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(_: object, port: int, *__: object, **___: object) -> list[object]:
        both.wait(5)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (LOOPBACK, port))]

    both = threading.Barrier(2)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    async with (
        serve(answer(JSON)) as api,
        serve(answer(JSON)) as other,
        client(f"http://mano.example:{api.port}") as subject,
    ):
        token = Request("POST", f"http://id.example:{other.port}/token", {}, 5)
        await asyncio.gather(well(subject), subject.send(token))
        assert (len(api.requests), len(other.requests)) == (1, 1)


@pytest.mark.parametrize("url", ["http://[::1", "http://", "https://:80", "http://a:99999"])
async def test_a_whole_url_that_is_none(url: str) -> None:
    async with client("http://127.0.0.1:9") as subject:
        assert getattr(await get(subject, url), "reason", None) == "dns"
