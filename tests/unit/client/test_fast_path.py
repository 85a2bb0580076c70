"""What is prepared once is what would be made each time."""

from typing import Final

import aiohttp
import pytest
from aiohttp import http_writer
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import BaseConnector

from exporter import __version__
from exporter.client import client as client_module
from exporter.client.fast_path import usable
from exporter.config.schema import Connection
from exporter.config.values import Duration, Secret
from exporter.model.exchange import Exchange, Request
from tests.support.caller import client, well
from tests.support.hostile import OK, answer, serve, sized

JSON: Final = OK + sized(b"{}")
TRACE: Final = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OURS: Final = (
    "Accept: application/json",
    "Accept-Encoding: gzip, deflate",
    f"User-Agent: oran-mano-exporter/{__version__}",
)


def lines_of(request: bytes) -> list[str]:
    first, *fields = request.decode().removesuffix("\r\n\r\n").split("\r\n")
    return [first, *sorted(field for field in fields if not field.startswith("Host: "))]


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        (Request("GET", "/a?b=%2F", {}, 5), ["GET /v1/a?b=%2F HTTP/1.1", *OURS]),
        (
            Request("GET", "/", {"accept": "text/plain"}, 5, traceparent=TRACE),
            ["GET /v1/ HTTP/1.1", *OURS[1:], "accept: text/plain", f"traceparent: {TRACE}"],
        ),
        (
            Request("GET", "/", {"Authorization": "Bearer a"}, 5, fresh=True),
            [
                "GET /v1/ HTTP/1.1",
                *OURS[:2],
                "Authorization: Bearer a",
                "Connection: close",
                OURS[2],
            ],
        ),
    ],
)
async def test_a_head_line_by_line(request_: Request, sent: list[str]) -> None:
    async with serve(answer(JSON)) as server, client(f"{server.url}/v1") as subject:
        for _ in range(2):
            assert isinstance(await subject.send(request_), Exchange)
        assert server.requests[0] == server.requests[1]
        assert server.requests[0].count(b"\r\nHost: 127.0.0.1:%d\r\n" % server.port) == 1
        assert lines_of(server.requests[0]) == [sent[0], *sorted(sent[1:])]


async def test_other_headers_for_the_same_path() -> None:
    """A dictionary that its owner goes on with is no way to be sent what was in it before."""
    headers = {"Authorization": "Bearer first"}
    sent: list[str | None] = []
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        for token in ("first", "first", "second", "first", None, "third"):
            headers.clear()
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
            assert isinstance(await subject.send(Request("GET", "/", headers, 5)), Exchange)
            found = [line for line in lines_of(server.requests[-1]) if "Bearer" in line]
            sent.append(found[0].rpartition(" ")[2] if found else None)
        assert server.connections == 1
    assert sent == ["first", "first", "second", "first", None, "third"]


async def test_paths_without_end_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_PATHS", 8)
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        for number in range(30):
            assert isinstance(await subject.send(Request("GET", f"/{number}", {}, 5)), Exchange)
        assert len(subject._prepared) <= 8  # noqa: SLF001  # what is bounded
        assert server.connections == 1
    paths = [request.split()[1].decode() for request in server.requests]
    assert paths == [f"/{number}" for number in range(30)]


async def test_what_is_kept_and_what_is_not_do_not_mix() -> None:
    never = Connection(max_age=Duration(0))
    extra = {"X-Tenant": Secret("noc")}
    async with (
        serve(answer(JSON)) as server,
        client(server.url, headers=extra) as kept,
        client(server.url, connection=never, headers=extra) as subject,
    ):
        for fresh in (False, True, False, True):
            for each in (kept, subject):
                outcome = await each.send(Request("GET", "/", {}, 5, fresh=fresh))
                assert isinstance(outcome, Exchange)
        closing = [b"\r\nConnection: close\r\n" in request for request in server.requests]
        assert closing == [False, True, True, True, False, True, True, True]
        assert server.connections == 7


async def test_a_kept_connection_has_no_parser(route: str) -> None:
    """It would hold on to the last answer."""
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        (pool,) = subject._pools._pools.values()  # noqa: SLF001  # what it holds is seen nowhere else
        ((protocol, _),) = next(iter(pool.connector._conns.values()))  # noqa: SLF001  # seen nowhere else
        assert (protocol._parser is None) == (route == "fast")  # noqa: SLF001  # seen nowhere else


# --- Whether it is taken -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "known"),
    [(aiohttp.__version__, True), ("3.14.99", True), ("3.15.0", False), ("4.0.0", False)],
)
def test_only_with_an_aiohttp_that_is_known(version: str, *, known: bool) -> None:
    assert usable(version) is known


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (ResponseHandler, "_drop_timeout"),
        (http_writer, "_serialize_headers"),
        (BaseConnector, "_release"),
        (BaseConnector, "__init__"),  # what it sets is not known then
    ],
)
def test_only_where_all_that_it_needs_is_there(
    monkeypatch: pytest.MonkeyPatch, place: object, name: str
) -> None:
    monkeypatch.delattr(place, name)
    assert not usable(aiohttp.__version__)
