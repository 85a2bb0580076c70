"""The client against servers that speak TLS as they should."""

import random
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from cryptography import x509

from exporter.client.files import Files, files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Tls
from exporter.model.exchange import MAX_JSON, Fault
from tests.support.caller import client, get, seconds, target, well
from tests.support.certificates import DAY, NOW, Authority, server_context
from tests.support.hostile import LOOPBACK, OK, Peer, answer, serve, serve_stubbornly, sized
from tests.support.watched_files import look

JSON: Final = answer(OK + sized(b"{}"))


def files_for(url: str, tls: Tls) -> Files:
    return files_of(connection_settings(target(url, tls=tls)))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def test_phases_and_expiry_of_new_and_kept_connections(authority: Authority) -> None:
    context = authority.server(ends=3 * DAY)
    async with serve(JSON, tls=context) as server, client(server.url, tls=authority.tls) as subject:
        first = (await well(subject)).timing
        second = (await well(subject)).timing
        third = (await well(subject, "POST", b"{}")).timing
    assert tuple(seconds(first.phases)) == ("connect", "tls", "send", "wait", "receive")
    assert tuple(seconds(second.phases)) == ("send", "wait", "receive")
    assert (first.reused, second.reused, third.reused) == (False, True, False)
    for timing in (first, second, third):
        assert timing.certificate_expiry == (NOW + 3 * DAY).timestamp()


async def test_a_body_far_larger_than_what_is_read_at_once(authority: Authority) -> None:
    """The buffers are a sixteenth of asyncio's own, which would be most of what a target takes."""
    body = random.Random(1).randbytes(MAX_JSON - 1)
    pieces = [
        OK + b"Content-Length: %d\r\n\r\n" % len(body),
        body[:7],
        body[7:40_000],
        body[40_000:],
    ]

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"".join(pieces))
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
        await peer.gone()

    context = authority.server()
    async with (
        serve(script, tls=context) as server,
        client(server.url, tls=authority.tls) as subject,
    ):
        for _ in range(2):
            assert (await well(subject)).body == body
        assert server.connections == 1
        (pool,) = subject._pools._pools.values()  # noqa: SLF001  # a buffer is seen nowhere else
        ((kept, _),) = next(iter(pool.connector._conns.values()))  # noqa: SLF001  # seen nowhere else
        assert len(kept.transport._ssl_protocol._ssl_buffer) == 16 * 1024  # type: ignore[union-attr]  # noqa: SLF001  # seen nowhere else


async def test_the_earliest_certificate_of_the_chain_counts(authority: Authority) -> None:
    intermediate = authority.create_child_ca()
    first = x509.load_pem_x509_certificate(intermediate.cert_pem.bytes()).not_valid_after_utc
    context = server_context(intermediate.issue_cert(LOOPBACK, not_after=first + DAY))
    async with serve(JSON, tls=context) as server, client(server.url, tls=authority.tls) as subject:
        timing = (await well(subject)).timing
    assert timing.certificate_expiry == first.timestamp()


async def test_a_renewed_certificate_is_seen_on_the_next_connection(authority: Authority) -> None:
    context = authority.server(ends=DAY)
    async with serve(JSON, tls=context) as server, client(server.url, tls=authority.tls) as subject:
        old = (await well(subject)).timing
        authority.issue_cert(LOOPBACK, not_after=NOW + 9 * DAY).configure_cert(context)
        new = (await well(subject, "POST")).timing
        kept = (await well(subject)).timing
    assert old.certificate_expiry == (NOW + DAY).timestamp()
    assert new.certificate_expiry == (NOW + 9 * DAY).timestamp()
    assert kept.certificate_expiry == old.certificate_expiry  # that is what this one was shown


async def test_an_intermediate_may_be_all_that_is_trusted(
    authority: Authority, tmp_path: Path
) -> None:
    intermediate = authority.create_child_ca()
    intermediate.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = server_context(intermediate.issue_cert(LOOPBACK))
    tls = Tls(ca_file=str(tmp_path / "ca.pem"))
    async with serve(JSON, tls=context) as server, client(server.url, tls=tls) as subject:
        await well(subject)


async def test_another_server_name(authority: Authority) -> None:
    tls = Tls(ca_file=authority.tls.ca_file, server_name="mano.example")
    context = authority.server("mano.example")
    async with serve(JSON, tls=context) as server, client(server.url, tls=tls) as subject:
        await well(subject)


async def test_a_client_certificate(authority: Authority, tmp_path: Path) -> None:
    tls = authority.shown(tmp_path)
    context = authority.demanding()
    async with serve(JSON, tls=context) as server, client(server.url, tls=tls) as subject:
        await well(subject)


async def test_a_client_certificate_that_is_renewed(authority: Authority, tmp_path: Path) -> None:
    shown: list[int] = []

    async def script(peer: Peer) -> None:
        while True:
            await peer.request()
            shown.append(int(peer.certificate()["serialNumber"], 16))
            await peer.send(OK + sized(b"{}"))

    tls = authority.shown(tmp_path)
    context = authority.demanding()
    async with (
        serve(script, tls=context) as server,
        client(server.url, tls=tls, files=(files := files_for(server.url, tls))) as subject,
    ):
        await well(subject)
        (tmp_path / "key.pem").write_text("half a pair")
        look(files.tls[True])
        await well(subject)
        authority.shown(tmp_path)
        look(files.tls[True])
        await well(subject)
        await well(subject)
    assert shown[0] == shown[1]
    assert shown[1] != shown[2] == shown[3]
    assert server.connections == 2


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_client_certificate_where_one_is_demanded(
    authority: Authority, version: ssl.TLSVersion
) -> None:
    context = authority.demanding()
    context.maximum_version = version
    async with (
        serve_stubbornly(context, b"") as url,
        client(url, tls=authority.tls) as subject,
    ):
        outcome = await get(subject)
        assert isinstance(outcome, Fault)
        assert outcome.reason == "tls_handshake"


@pytest.mark.parametrize(("name", "ends"), [(LOOPBACK, -DAY / 2), ("other.example", DAY)])
async def test_without_verification_the_expiry_is_known(
    authority: Authority, name: str, ends: timedelta
) -> None:
    context = authority.server(name, ends=ends)
    tls = Tls(insecure_skip_verify=True)
    async with serve(JSON, tls=context) as server, client(server.url, tls=tls) as subject:
        for _ in range(2):
            timing = (await well(subject)).timing
            assert timing.certificate_expiry == (NOW + ends).timestamp()


async def test_nobody_waits_for_the_server_to_agree_to_the_end(authority: Authority) -> None:
    async with (
        serve_stubbornly(authority.server(), OK + sized(b"{}")) as url,
        client(url, tls=authority.tls) as subject,
    ):
        await well(subject, "POST", b"{}")
