"""Where a target is: its URL, and the addresses of its host."""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Final, TypeAlias, TypedDict

from yarl import URL

from exporter.api.faults import FamilyError, UrlError

FAMILIES: Final = {"auto": socket.AF_UNSPEC, "ip4": socket.AF_INET, "ip6": socket.AF_INET6}
"""What ``connection.ip_protocol`` means."""
_LITERALS: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


@lru_cache(maxsize=4096)
def join(base: str, path: str, family: socket.AddressFamily) -> URL:
    """Make a URL, once for all requests to it.

    Args:
        base: the target's URL.
        path: what follows, percent-encoded already.
        family: of the addresses that may be used; ``AF_UNSPEC`` for any.

    Returns:
        The URL, its host in ASCII (RFC 5891).

    Raises:
        UrlError: the base has no host or port that could be asked.
        FamilyError: its host is an address of another family.
    """
    try:
        root = URL(base)
    except ValueError:
        raise UrlError from None
    # aiohttp would fail an assertion
    if family is not socket.AF_UNSPEC and _literal(root.raw_host or "") not in (None, family):
        raise FamilyError
    return URL(str(root).rstrip("/") + path, encoded=True)


def _literal(host: str) -> socket.AddressFamily | None:
    try:
        return _LITERALS[ipaddress.ip_address(host).version]
    except ValueError:
        return None


class Address(TypedDict):
    """One address of a name, as aiohttp wants it."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


_Pending: TypeAlias = asyncio.Future[list[Address]]


class Names:
    """Looks up the one name of a target, at most once at a time; nothing is remembered.

    ``getaddrinfo`` cannot be stopped. On the event loop's own few threads a name server that does
    not answer would hold up every other target, and the end of the process: so each look-up has
    a thread of its own that ends with the process, and who asks meanwhile waits for the same one.
    """

    def __init__(self) -> None:
        """Nothing is looked up yet."""
        self._pending: _Pending | None = None

    async def look_up(self, host: str, port: int, family: int) -> list[Address]:
        """Find the addresses of the name.

        Args:
            host: the name, the same one every time.
            port: to go with the addresses.
            family: of the addresses wanted; ``AF_UNSPEC`` for any.

        Returns:
            The addresses, at least one.

        Raises:
            OSError: there are none, or nobody knows (``socket.gaierror``).
            UnicodeError: that is no name.
        """
        if self._pending is None:
            self._pending = _begin(lambda: _addresses(host, port, family))
            self._pending.add_done_callback(self._done)
        return await asyncio.shield(self._pending)

    def _done(self, _: _Pending) -> None:
        self._pending = None


def _addresses(host: str, port: int, family: int) -> list[Address]:
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


def _begin(work: Callable[[], list[Address]]) -> _Pending:
    loop = asyncio.get_running_loop()
    pending: _Pending = loop.create_future()

    def settle(found: list[Address] | None, error: Exception | None) -> None:
        if pending.cancelled():
            return
        if error is not None:
            pending.set_exception(error)
        else:
            pending.set_result(found or [])

    def run() -> None:
        found: list[Address] | None = None
        failed: Exception | None = None
        try:
            found = work()
        except Exception as error:  # noqa: BLE001  # handed to whoever waits
            failed = error
        with suppress(RuntimeError):  # the loop is closed by now
            loop.call_soon_threadsafe(settle, found, failed)

    threading.Thread(target=run, name="names", daemon=True).start()
    return pending
