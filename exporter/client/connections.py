"""The connections to a target: how they are made, kept, and retired.

When each phase of a request begins is noted where it begins: aiohttp's tracing would cost 10 us
more a request, knows nothing of TLS and does not say which connection was used.
"""

import asyncio
import math
import socket
from collections.abc import Mapping
from functools import partial
from time import perf_counter
from typing import Any, Final, Literal, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType, Connection
from multidict import CIMultiDict
from yarl import URL

from exporter import __version__
from exporter.client import errors
from exporter.client.dns import FAMILIES, HostResolver
from exporter.client.http_protocol import HttpProtocol
from exporter.client.proxies import Proxy
from exporter.client.settings import ConnectionSettings
from exporter.client.timing import current
from exporter.client.tls import TlsContext
from exporter.model.exchange import MAX_HEADERS, MAX_LINE, Method, Request
from exporter.system.spare_descriptors import spared

USER_AGENT: Final = {"User-Agent": f"oran-mano-exporter/{__version__}"}
LIMITS: Final[Mapping[str, Any]] = {
    "max_line_size": MAX_LINE,
    "max_field_size": MAX_LINE,
    "max_headers": MAX_HEADERS,
}
"""Of an answer's head, as aiohttp calls them."""
_KEEP_ALIVE: Final = 75.0
"""Seconds that an idle connection is kept: intervals of up to a minute re-use it."""


class Order(NamedTuple):
    """What is sent but for its ``traceparent``, and on which way."""

    method: Method
    url: URL
    headers: CIMultiDict[str]
    body: bytes | None
    tls: TlsContext | Literal[True]
    server_name: str | None
    proxy: Proxy | None

    @property
    def way(self) -> dict[str, Any]:
        """The way, as aiohttp calls it."""
        proxy = self.proxy
        return {
            "ssl": self.tls,
            "server_hostname": self.server_name,
            "proxy": None if proxy is None else proxy.url,
            "proxy_headers": None if proxy is None else {**USER_AGENT, **proxy.headers},
        }


class Pool:
    """Connections that are kept, or a new one for each request."""

    def __init__(self, connector: aiohttp.TCPConnector, timeout: aiohttp.ClientTimeout) -> None:
        """Prepare; nothing is opened."""
        self.connector = connector
        self.timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def send(self, order: Order, traceparent: str) -> aiohttp.ClientResponse:
        """Send a request, and give the head of its answer."""
        headers = order.headers
        if traceparent:
            headers["traceparent"] = traceparent
        return await self._opened().request(
            order.method,
            order.url,
            headers=headers,
            data=order.body,
            allow_redirects=False,
            **order.way,
        )

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        await self.connector.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self.connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self.timeout,
                auto_decompress=False,
                request_class=_Request,
                **LIMITS,
            )
            # It would repeat on a new connection too, and hide every other reset.
            self._session._retry_connection = False  # noqa: SLF001  # there is no public way
        return self._session


class Pools:
    """The connections to one target.

    Requests that may re-use one share kept connections, essential ones have others of their own;
    each other request has a new one. No pool ever queues. Cookies, kept ages and
    remembered addresses would make a probe see something else than what is there: none is used.
    """

    def __init__(self, settings: ConnectionSettings, protocol: type[HttpProtocol]) -> None:
        """Prepare; nothing is opened. Each connection is a ``protocol``."""
        self._protocol = protocol
        self._max_age = settings.connection.max_age
        self._family = FAMILIES[settings.connection.ip_protocol]
        self._timeout = aiohttp.ClientTimeout(
            total=None,  # the client binds all of it
            connect=settings.timeouts.connect,
            sock_read=settings.timeouts.read,
            ceil_threshold=math.inf,  # or 10.2 s would be 11
        )
        self._resolver = _Resolver()
        self._pools: dict[tuple[bool, bool], Pool] = {}
        self._closed = False

    def pool(self, request: Request) -> Pool:
        """Find the one with the connections that a request may use.

        Raises:
            aiohttp.ClientConnectionError: they were closed.
        """
        if self._closed:
            raise aiohttp.ClientConnectionError("closed")
        key = (request.may_reuse and self._max_age > 0, request.essential)
        found = self._pools.get(key)
        if found is None:
            found = self._pools[key] = Pool(self._connector(keep=key[0]), self._timeout)
        return found

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        while self._pools:
            await self._pools.popitem()[1].close()
        await asyncio.sleep(0)  # what was aborted closes its socket in the loop's next turn

    def _connector(self, *, keep: bool) -> aiohttp.TCPConnector:
        connector = aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=min(_KEEP_ALIVE, self._max_age) if keep else None,
            force_close=not keep,
            family=self._family,
            resolver=self._resolver,
            use_dns_cache=False,
            socket_factory=_socket,
        )
        protocol = partial(self._protocol, self._max_age, loop=asyncio.get_running_loop())
        connector._factory = protocol  # type: ignore[assignment]  # noqa: SLF001  # see there
        return connector


# --- Where phases begin --------------------------------------------------------------------------


class _Resolver(AbstractResolver):
    def __init__(self) -> None:
        self._names = HostResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        current.get().resolving = perf_counter()
        return [*await self._names.look_up(host, port, family)]

    async def close(self) -> None:
        """Nothing is open."""


def _socket(address: AddrInfoType) -> socket.socket:
    progress = current.get()
    progress.connect()
    family, kind, protocol, _, _ = address
    try:
        return spared(socket.socket(family, kind, protocol))
    except OSError as error:
        if error.errno in errors.OURS:
            progress.starved = error  # what other addresses say is mixed with it
        raise


class _Request(aiohttp.ClientRequest):
    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        progress = current.get()
        progress.sending = perf_counter()
        if isinstance(conn.protocol, HttpProtocol):
            progress.protocol = conn.protocol
            conn.protocol.begin()
        response = await super().send(conn)
        progress.waiting = perf_counter()
        return response
