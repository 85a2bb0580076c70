"""TLS to a target: what to trust, and the one shim that tells what aiohttp does not.

aiohttp has no event for the handshake, and hides the certificates of a chain that was refused.
Both are known where the TLS object is made: asyncio calls ``SSLContext.wrap_bio`` right before
each handshake.
"""

import asyncio.sslproto
import ssl
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias, cast
from weakref import WeakValueDictionary

from exporter.config.schema import Tls

Begun: TypeAlias = Callable[["Peer"], None]

_READ_BUFFER: Final = 16 * 1024
"""Bytes each connection keeps to read into: one record (RFC 8446, section 5.1), not 256 KiB."""


class Peer(ssl.SSLObject):
    """The TLS side of one connection."""

    @cached_property
    def earliest_expiry(self) -> float | None:
        """When the first certificate of the presented chain ends, in Unix seconds.

        Known of a chain that was refused too; ``None`` while none was presented. To be asked
        once the handshake ended, well or not: the answer is kept.
        """
        # The public method came with Python 3.13, and gives DER, which ssl cannot read back.
        chain = self._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]
        return min(filter(None, map(_end_of, chain)), default=None)


class Context(ssl.SSLContext):
    """A client's TLS context that tells of every handshake as it begins."""

    sslobject_class = Peer
    begun: Begun

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:  # noqa: ANN401  # handed on
        """Make the TLS side of a connection; its handshake is what asyncio does next."""
        peer = super().wrap_bio(*args, **kwargs)
        self.begun(cast("Peer", peer))  # as sslobject_class says
        return peer


_shared: WeakValueDictionary[object, Context] = WeakValueDictionary()


def context_of(settings: Tls, begun: Begun) -> Context:
    """Build the context for a target, or share that of another one with the same settings.

    Reading the system's authorities takes some 20 ms and 1 MB, so that a thousand targets could
    not afford one each. A file that changed on disk is read again.

    Args:
        settings: of the target.
        begun: called with the TLS side of each connection right before its handshake.

    Returns:
        The context. Without ``ca_file`` it trusts the system's authorities, with it only those.

    Raises:
        OSError: a file cannot be read; also ``ssl.SSLError``: it holds no certificate or key.
    """
    files = filter(None, (settings.ca_file, settings.cert_file, settings.key_file))
    key = (settings, begun, *(Path(file).stat().st_mtime_ns for file in files))
    context = _shared.get(key)
    if context is None:
        context = _shared[key] = _build(settings)
        context.begun = begun
    return context


def _build(settings: Tls) -> Context:
    asyncio.sslproto.SSLProtocol.max_size = _READ_BUFFER  # for this process; there is no other way
    context = Context(ssl.PROTOCOL_TLS_CLIENT)
    # What is named as trusted is trusted, be it an intermediate authority or the server itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.ca_file is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(settings.ca_file)
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _end_of(certificate: Any) -> float | None:  # noqa: ANN401  # its type has no name
    try:
        return ssl.cert_time_to_seconds(certificate.get_info()["notAfter"])
    except (KeyError, ValueError, ssl.SSLError):  # whatever a server may present
        return None
