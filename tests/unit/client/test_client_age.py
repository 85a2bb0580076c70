"""How long a connection is kept, and for whom."""

from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from exporter.client import http_protocol
from exporter.client.client import Client
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Connection
from exporter.config.values import Duration
from tests.support.caller import client, target, well
from tests.support.certificates import DAY, NOW, Authority, server_context
from tests.support.hostile import LOOPBACK, OK, Peer, answer, ask, serve, serve_stubbornly, sized

JSON: Final = OK + sized(b"{}")


class Clock:
    """The age of connections, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        monkeypatch.setattr(http_protocol, "monotonic", lambda: monotonic() + self.ahead)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def aged(seconds: float) -> Connection:
    return Connection(max_age=Duration(seconds))


async def test_an_old_connection_is_replaced_and_closed(clock: Clock) -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        clock.ahead = 299
        assert (await well(subject)).timing.reused is True
        clock.ahead = 301
        assert (await well(subject)).timing.reused is False
        assert (await well(subject)).timing.reused is True
        assert server.connections == 2
        await subject.close()
        await server.left()


async def test_one_that_grows_old_in_use_is_closed_after_it(clock: Clock) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        clock.ahead = 301
        await peer.send(JSON)
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        await well(subject)
        await server.left()


async def test_one_that_grows_old_in_an_answer_brings_it_to_its_end(clock: Clock) -> None:
    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(OK + b"Content-Length: 4\r\n\r\nab")
        clock.ahead = 301
        await peer.send(b"cd")
        await peer.gone()

    async with serve(script) as server, client(server.url) as subject:
        assert (await well(subject)).body == b"abcd"
        await server.left()


async def test_an_idle_one_is_closed_when_it_is_old() -> None:
    connection = aged(0.2)
    async with serve(answer(JSON)) as server, client(server.url, connection=connection) as subject:
        await well(subject)
        await server.left()


async def test_without_an_age_each_request_has_a_connection_of_its_own() -> None:
    async with serve(answer(JSON)) as server, client(server.url, connection=aged(0)) as subject:
        for count in (1, 2, 3):
            assert (await well(subject)).timing.reused is False
            assert server.connections == count
            assert b"\r\nConnection: close\r\n" in server.requests[-1]
        await server.left()


async def test_a_certificate_that_was_renewed_on_disk_is_seen_within_the_age(
    tmp_path: Path, clock: Clock
) -> None:
    authority = Authority(tmp_path)
    file = tmp_path / "server.pem"
    context = server_context()

    def renew(days: int) -> None:
        leaf = authority.issue_cert(LOOPBACK, not_after=NOW + days * DAY)
        leaf.private_key_and_cert_chain_pem.write_to_path(file)
        context.load_cert_chain(file)  # as a server does that watches its file

    def ends(days: int) -> float:
        return (NOW + days * DAY).timestamp()

    renew(1)
    async with (
        serve(answer(JSON), tls=context) as server,
        client(server.url, tls=authority.tls, connection=aged(60)) as subject,
    ):
        assert (await well(subject)).timing.certificate_expiry == ends(1)
        renew(9)
        clock.ahead = 59
        assert (await well(subject)).timing.certificate_expiry == ends(1)
        clock.ahead = 61
        assert (await well(subject)).timing.certificate_expiry == ends(9)
        assert (await well(subject)).timing.reused is True


async def test_an_old_connection_waits_for_no_consent_of_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with serve_stubbornly(authority.server(), JSON) as url:
        wanted = connection_settings(target(url, tls=authority.tls, connection=aged(0.2)))
        subject = Client(wanted, files_of(wanted))
        await well(subject)
    await subject.close()


async def test_essential_requests_have_connections_of_their_own() -> None:
    async with serve(answer(JSON)) as server, client(server.url) as subject:
        await well(subject)
        assert (await well(subject, essential=True)).timing.reused is False
        assert (await well(subject, essential=True)).timing.reused is True
        assert (await well(subject)).timing.reused is True
        assert server.connections == 2
        assert (await well(subject, "POST", essential=True)).timing.reused is False


async def test_an_old_connection_that_the_server_closed_is_no_failure(clock: Clock) -> None:
    async def script(peer: Peer) -> None:
        await ask(peer)
        await peer.send(JSON)

    async with serve(script) as server, client(server.url) as subject:
        await well(subject)
        await server.left()
        clock.ahead = 301
        await well(subject)
