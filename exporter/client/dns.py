"""Where a target is: its URLs, and the addresses of their hosts."""

import asyncio
import ipaddress
import socket
from functools import lru_cache
from typing import Final, TypeAlias, TypedDict

from yarl import URL

from exporter.client.errors import FamilyError, UrlError
from exporter.system.threads import in_thread

FAMILIES: Final = {"auto": socket.AF_UNSPEC, "ip4": socket.AF_INET, "ip6": socket.AF_INET6}
"""What ``connection.ip_protocol`` means."""
WHOLE: Final = ("http://", "https://")
"""What a whole URL begins with."""
_LITERALS: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


def join(base: str, path: str) -> URL:
    """Make a URL, its host in ASCII (RFC 5891).

    ``path`` is percent-encoded already; or a whole URL, and the base is not used.

    Raises:
        UrlError: it has no host or port that could be asked.
    """
    try:
        if path.startswith(WHOLE):
            return URL(path)
        root = URL(base)
    except ValueError:
        raise UrlError from None
    return URL(str(root).rstrip("/") + path, encoded=True)


def origin_of(url: URL) -> tuple[str, str | None, int | None]:
    """Tell who gets what is sent there: scheme, host and port (RFC 6454, section 4).

    The port is told also where it goes without saying.
    """
    return url.scheme, url.raw_host, url.port


def allow(host: str, family: socket.AddressFamily) -> None:
    """Refuse a host that is an address of the wrong kind; aiohttp would fail an assertion.

    Raises:
        FamilyError: it is an address of another family; ``AF_UNSPEC`` refuses none.
    """
    if family is not socket.AF_UNSPEC and _literal(host) not in (None, family):
        raise FamilyError


@lru_cache(maxsize=4096)
def _literal(host: str) -> socket.AddressFamily | None:
    try:
        return _LITERALS[ipaddress.ip_address(host).version]
    except ValueError:
        return None


class HostAddress(TypedDict):
    """One address of a name, as aiohttp wants it."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


_Pending: TypeAlias = asyncio.Future[list[HostAddress]]


class HostResolver:
    """Looks up names, each at most once at a time; nothing is remembered.

    ``getaddrinfo`` cannot be stopped. On the event loop's own few threads a name server that does
    not answer would hold up every other target, and the end of the process: so each look-up has
    a thread of its own that ends with the process, and who asks meanwhile waits for the same one.
    """

    def __init__(self) -> None:
        """Nothing is looked up yet."""
        self._pending: dict[tuple[str, int], _Pending] = {}

    async def look_up(self, host: str, port: int, family: int) -> list[HostAddress]:
        """Find the addresses of the name, at least one.

        ``family`` is that of the addresses wanted, the same one every time; ``AF_UNSPEC`` for any.

        Raises:
            OSError: there are none, or nobody knows (``socket.gaierror``).
            UnicodeError: that is no name.
        """
        pending = self._pending.get((host, port))
        if pending is None:
            pending = in_thread(lambda: _addresses(host, port, family), "names")
            self._pending[host, port] = pending
            pending.add_done_callback(lambda _: self._pending.pop((host, port)))
        return await asyncio.shield(pending)


def _addresses(host: str, port: int, family: int) -> list[HostAddress]:
    # No addresses of a protocol that this machine has none of itself (RFC 3493, section 6.1).
    flags = socket.AI_ADDRCONFIG
    return [
        {
            "hostname": host,
            "host": str(address[0]),
            "port": port,
            "family": kind,
            "proto": protocol,
            "flags": socket.AI_NUMERICHOST,
        }
        for kind, _, protocol, _, address in socket.getaddrinfo(
            host, port, family, socket.SOCK_STREAM, flags=flags
        )
    ]
