import asyncio
import asyncio.sslproto
import ssl
from pathlib import Path

import pytest
import trustme

from exporter.client.tls import Peer, TlsContext, context_of, read_less_at_once
from exporter.config.schema import Tls


def begun(_: Peer) -> None:
    pass


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    return tmp_path / "ca.pem"


def test_a_context_checks_chain_and_name(ca_file: Path) -> None:
    context = context_of(Tls(ca_file=str(ca_file)), begun)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.cert_store_stats()["x509"] == 1  # and none of the system's


def test_the_systems_authorities_unless_told_otherwise() -> None:
    assert context_of(Tls(), begun).cert_store_stats()["x509"] > 1


def test_no_check_when_told_so(ca_file: Path) -> None:
    context = context_of(Tls(ca_file=str(ca_file), insecure_skip_verify=True), begun)
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_the_same_settings_share_a_context_while_it_is_used(ca_file: Path) -> None:
    tls = Tls(ca_file=str(ca_file))
    context = context_of(tls, begun)
    assert context_of(Tls(ca_file=str(ca_file)), begun) is context
    assert context_of(tls, lambda _: None) is not context
    assert context_of(Tls(ca_file=str(ca_file), insecure_skip_verify=True), begun) is not context


def test_a_file_that_changed_is_read_again(ca_file: Path) -> None:
    tls = Tls(ca_file=str(ca_file))
    context = context_of(tls, begun)
    old = context.get_ca_certs()
    trustme.CA().cert_pem.write_to_path(ca_file)
    assert context_of(tls, begun).get_ca_certs() != old


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        context_of(Tls(ca_file=str(tmp_path / "missing.pem")), begun)
    (tmp_path / "empty.pem").touch()
    with pytest.raises(ssl.SSLError):
        context_of(Tls(ca_file=str(tmp_path / "empty.pem")), begun)


def handshake(client: TlsContext, server: ssl.SSLContext, name: str) -> Peer:
    """Both sides, without a socket."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    assert isinstance(ours, Peer)
    for _ in range(4):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours


def test_each_handshake_is_told_as_it_begins(ca_file: Path) -> None:
    peers: list[Peer] = []
    context = context_of(Tls(ca_file=str(ca_file)), peers.append)
    made = [context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a") for _ in "ab"]
    assert peers == made
    assert peers[0].earliest_expiry is None  # nothing was presented


def test_the_expiry_of_a_chain_that_was_refused_is_known(ca_file: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("mano.example").configure_cert(server)
    peers: list[Peer] = []
    context = context_of(Tls(ca_file=str(ca_file)), peers.append)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(context, server, "mano.example")
    assert peers[0].earliest_expiry == ssl.cert_time_to_seconds("Jan  1 00:00:00 3000 GMT")


def test_the_expiry_is_asked_for_once(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("mano.example").configure_cert(server)
    peer = handshake(
        context_of(Tls(ca_file=str(tmp_path / "ca.pem")), begun), server, "mano.example"
    )
    assert peer.earliest_expiry is peer.earliest_expiry


def test_a_connection_keeps_no_large_buffer(ca_file: Path) -> None:
    context_of(Tls(ca_file=str(ca_file)), begun)
    assert asyncio.sslproto.SSLProtocol.max_size == 16 * 1024


@pytest.mark.parametrize(
    ("known", "size"),
    [
        ({"max_size": 262_144}, 16_384),
        ({"max_size": 8192}, 8192),
        ({"max_size": "x"}, "x"),
        ({}, None),
    ],
)
def test_of_asyncio_only_what_is_known_is_changed(known: dict[str, object], size: object) -> None:
    protocol = type("SSLProtocol", (), known)
    read_less_at_once(protocol)
    assert getattr(protocol, "max_size", None) == size
