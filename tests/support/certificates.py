"""Certificates for servers, good and bad, made for one test run."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from exporter.config.schema import Tls
from tests.support.hostile import LOOPBACK

NOW: Final = datetime.now(UTC).replace(microsecond=0)
DAY: Final = timedelta(days=1)


def server_context(certificate: trustme.LeafCert | None = None) -> ssl.SSLContext:
    """A server's context, with a certificate or none yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        certificate.configure_cert(context)
    return context


class Authority(trustme.CA):
    """Issues certificates that ``tls`` trusts."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.cert_pem.write_to_path(folder / "ca.pem")
        self.tls = Tls(ca_file=str(folder / "ca.pem"))

    def server(
        self, name: str = LOOPBACK, *, begins: timedelta = -DAY, ends: timedelta = DAY
    ) -> ssl.SSLContext:
        """The context of a server with a certificate for that name and time."""
        leaf = self.issue_cert(name, not_before=NOW + begins, not_after=NOW + ends)
        return server_context(leaf)

    def demanding(self) -> ssl.SSLContext:
        """The context of a server that demands a certificate of its clients."""
        context = self.server()
        context.verify_mode = ssl.CERT_REQUIRED
        self.configure_trust(context)
        return context

    def shown(self, folder: Path) -> Tls:
        """The settings of a client that has one to show."""
        own = self.issue_cert("probe.example")
        own.cert_chain_pems[0].write_to_path(folder / "cert.pem")
        own.private_key_pem.write_to_path(folder / "key.pem")
        return Tls(self.tls.ca_file, str(folder / "cert.pem"), str(folder / "key.pem"))


def self_signed(folder: Path, usage: x509.ExtendedKeyUsage | None = None) -> ssl.SSLContext:
    """The context of a server that vouches for itself, for a day, and perhaps for this alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mano")])
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - DAY, NOW + DAY)
    if usage is not None:
        certificate = certificate.add_extension(usage, critical=True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "self.pem"
    file.write_bytes(private + certificate.sign(key, hashes.SHA256()).public_bytes(pem))
    context = server_context()
    context.load_cert_chain(file)
    return context
