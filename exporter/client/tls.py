"""TLS to a target: what to trust, and the one shim that tells what aiohttp does not.

aiohttp has no event for the handshake, and hides the certificates of a chain that was refused.
Both are known where the TLS object is made: asyncio calls ``SSLContext.wrap_bio`` right before
each handshake.
"""

import asyncio.sslproto
import logging
import ssl
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, TypeAlias, cast
from weakref import WeakValueDictionary

from msgspec.structs import replace

from exporter.config.schema import Tls
from exporter.system.file_watch import FileWatch
from exporter.system.regular_files import fixed, reading

Begun: TypeAlias = Callable[["Peer"], None]

_IN_A_ROW: Final = 2
"""Looks at files that cannot be used before it is told: one may see a pair half replaced."""
_READ_BUFFER: Final = 16 * 1024
"""Bytes each connection keeps to read into: one record (RFC 8446, section 5.1), not 256 KiB."""


_log: Final = logging.getLogger(__name__)


def read_less_at_once(protocol: type[object]) -> None:
    """Make the buffers of asyncio's TLS connections smaller, those of the whole process.

    There is no public way. An asyncio whose buffers are made in another way stays as it is.
    """
    size = vars(protocol).get("max_size")
    if isinstance(size, int) and size > _READ_BUFFER:
        protocol.max_size = _READ_BUFFER  # type: ignore[attr-defined]  # it was looked at


read_less_at_once(asyncio.sslproto.SSLProtocol)


class Peer(ssl.SSLObject):
    """The TLS side of one connection."""

    @cached_property
    def earliest_expiry(self) -> float | None:
        """When the first certificate of the presented chain ends, in Unix seconds.

        Known of a chain that was refused too; ``None`` while none was presented. To be asked
        once the handshake ended, well or not: the answer is kept.
        """
        # The public method came with Python 3.13, and gives DER, which ssl cannot read back.
        chain = self._sslobj.get_unverified_chain() or ()  # type: ignore[attr-defined]  # private
        return min(filter(None, map(_end_of, chain)), default=None)


class TlsContext(ssl.SSLContext):
    """A client's TLS context that tells of every handshake as it begins."""

    sslobject_class = Peer
    begun: Begun

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:  # noqa: ANN401  # handed on
        """Make the TLS side of a connection; its handshake is what asyncio does next."""
        peer = super().wrap_bio(*args, **kwargs)
        self.begun(cast("Peer", peer))  # as sslobject_class says
        return peer


_shared: WeakValueDictionary[object, TlsContext] = WeakValueDictionary()


def context_of(settings: Tls, begun: Begun) -> TlsContext:
    """Build the context for a target, or share that of another one with the same settings.

    Reading the system's authorities takes some 20 ms and 1 MB, so that a thousand targets could
    not afford one each. A file that changed on disk is read again.

    Without ``ca_file`` it trusts the system's authorities, with it only those. ``begun`` is called
    with the TLS side of each connection right before its handshake.

    Raises:
        OSError: a file cannot be read; also ``ssl.SSLError``: it holds no certificate or key.
    """
    files = filter(None, (settings.ca_file, settings.cert_file, settings.key_file))
    key = (settings, begun, *(_changed_at(Path(file)) for file in files))
    context = _shared.get(key)
    if context is None:
        context = _build(settings)
        context.begun = begun
        _shared[key] = context  # whole, as other threads may find it
    return context


def watch_of(settings: Tls, begun: Begun, *, home: bool) -> FileWatch[TlsContext]:
    """Build a context, and let it be built again when its files change.

    One for ``home``, the target's own origin, has its certificate and the name that it goes by,
    which are for that alone; for ``begun`` see ``context_of``.
    """
    if not home:
        settings = replace(settings, cert_file=None, key_file=None, server_name=None)
    files = settings.ca_file, settings.cert_file, settings.key_file
    return FileWatch(files, partial(context_of, settings, begun))


def tls_problem(settings: Tls) -> str | None:
    """Try whether the files can be used: a few words on what is wrong; ``None`` if nothing is."""
    try:
        context_of(settings, _nobody)
    except ssl.SSLError as error:
        return f"hold no certificate or key that can be used ({error.reason or 'no PEM'})"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return None


def _nobody(peer: Peer) -> None:
    del peer


class TlsContexts:
    """The contexts of one target: for its own origin, and for others.

    Files that changed are read again: whoever renews a client certificate need not know of this
    process.
    """

    def __init__(self, settings: Tls, watches: Mapping[bool, FileWatch[TlsContext]]) -> None:
        """Take what was read, by whether it is for the target's own origin.

        Raises:
            OSError: as for ``context_of``.
        """
        self._settings = settings
        self.now: Mapping[bool, TlsContext] = {
            home: watch.required() for home, watch in watches.items()
        }
        """The context for connections to the target's own origin, and that for others.

        Another mapping each time that a file changed; while it cannot be used it is the last one.
        """
        self._failures = dict.fromkeys(watches, 0)
        for home, watch in watches.items():
            watch.listen(partial(self._looked, home, watch))

    def _looked(self, home: bool, watch: FileWatch[TlsContext]) -> None:  # noqa: FBT001  # a key
        if watch.seen.value is not None:
            self.now = {**self.now, home: watch.seen.value}
            self._failures[home] = 0
            return
        self._failures[home] += 1
        if self._failures[home] == _IN_A_ROW:
            ca_file, cert_file = self._settings.ca_file, self._settings.cert_file
            error = watch.seen.error
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
            fields = {"ca_file": ca_file, "cert_file": cert_file if home else None}
            fields |= {"reason": str(reason)}
            message = "TLS files that changed cannot be used, the former ones stay in use"
            _log.warning(message, extra={"fields": fields})


def _build(settings: Tls) -> TlsContext:
    context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
    # What is named as trusted is trusted, be it an intermediate authority or the server itself.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if settings.ca_file is None:
        context.load_default_certs()
    else:
        with fixed(Path(settings.ca_file)) as authorities:
            context.load_verify_locations(authorities)
    if settings.cert_file is not None:
        own = Path(settings.cert_file)
        with fixed(own) as chain, fixed(Path(settings.key_file or own)) as key:
            # An empty pass phrase: OpenSSL would ask for one on the terminal.
            context.load_cert_chain(chain, key, password="")
    if settings.insecure_skip_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _changed_at(file: Path) -> int:
    with reading(file):
        return file.stat().st_mtime_ns


def _end_of(certificate: Any) -> float | None:  # noqa: ANN401  # its type has no name
    try:
        return ssl.cert_time_to_seconds(certificate.get_info()["notAfter"])
    except (KeyError, ValueError, ssl.SSLError):  # whatever a server may present
        return None
