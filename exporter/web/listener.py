"""The listener: a socket, and aiohttp's server on it with connections of ours."""

import asyncio
import logging
from contextlib import suppress
from typing import Final

from aiohttp import StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import HttpVersion10, HttpVersion11, RawRequestMessage
from yarl import URL

from exporter.system.spare_descriptors import allowed, for_listener
from exporter.web.connections import ConnectionRoom, Limits, ServedConnection
from exporter.web.listen_address import ListenAddress
from exporter.web.routes import Routes, Unusable

_LINGER: Final = 0.3
"""Seconds that answers under way have at the end; aiohttp takes them twice."""
_VERSIONS: Final = (HttpVersion10, HttpVersion11)

_log = logging.getLogger(__name__)


class Listener:
    """Listens until it is closed."""

    def __init__(self, routes: Routes, limits: Limits) -> None:
        """Prepare; nothing listens before ``open``."""
        self._routes = routes
        self._limits = limits
        self._runner: web.ServerRunner | None = None

    async def open(self, address: ListenAddress) -> ListenAddress:
        """Start listening: at the given address, with the port that was taken in place of 0.

        Raises:
            OSError: the port is taken, or may not be had.
        """
        server = _ConnectionServer(self._routes, self._limits)
        self._runner = web.ServerRunner(server, shutdown_timeout=_LINGER)
        await self._runner.setup()
        site = web.TCPSite(self._runner, address.host, address.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        return ListenAddress(address.host, self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening; answers that are under way have a moment to finish."""
        if self._runner is None:
            return
        left = [] if self._runner.server is None else self._runner.server.connections
        transports = [connection.transport for connection in left]
        await self._runner.cleanup()
        for transport in transports:  # of who takes nothing of the answer
            if transport is not None:
                transport.abort()


class _ConnectionServer(web.Server):
    def __init__(self, routes: Routes, limits: Limits) -> None:
        super().__init__(routes, request_factory=_request)
        self._limits = limits
        self._room = ConnectionRoom(min(limits.connections, for_listener(allowed())))

    def __call__(self) -> ServedConnection:
        return ServedConnection(self, self._room, self._limits, _log)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: web.RequestHandler,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> web.BaseRequest:
    """A request as aiohttp has it, where its version and its target can be used.

    It would answer in any version, and some targets it parses and then makes no request of.
    """
    loop = asyncio.get_running_loop()
    if message.version in _VERSIONS:
        with suppress(ValueError):
            return web.BaseRequest(message, payload, protocol, writer, task, loop)
    bare = message._replace(url=URL("/"), version=HttpVersion10)
    return Unusable(bare, payload, protocol, writer, task, loop)
