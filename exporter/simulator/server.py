"""The HTTP side: aiohttp in front of the gateway."""

import asyncio
import contextlib
import random
import socket
import struct
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

import msgspec
from aiohttp import web

from exporter.simulator.control import Control
from exporter.simulator.exchange import Reply
from exporter.simulator.gateway import Gateway
from exporter.simulator.headers import merged
from exporter.simulator.postman import Postman
from exporter.simulator.problems import problem
from exporter.simulator.request import Arrival, ReceivedRequest
from exporter.simulator.scenarios import SCENARIOS
from exporter.simulator.seen import SeenKey, SeenRequest
from exporter.simulator.stage import Stage

CONTROL: Final = "/simulator/"
_BODY_LIMIT: Final = 1 << 20
_CHUNK: Final = b"[" + b"0," * 32767 + b"0"
_LINGER_OFF: Final = struct.pack("ii", 1, 0)


class Simulator:
    """A running API: gateway, control address, and the connections in between."""

    def __init__(
        self,
        scenario: object = "healthy",
        *,
        clock: Callable[[], float] = time.time,
        rng: random.Random | None = None,
    ) -> None:
        """Prepare everything but the socket.

        Args:
            scenario: A scenario's name, or a scenario document.
            clock: Unix time in seconds.
            rng: Where chance comes from.

        Raises:
            ScenarioError: The scenario is not understood.
        """
        document = {"name": scenario} if isinstance(scenario, str) else scenario
        rng = rng or random.Random()  # noqa: S311 - a simulator's tokens protect nothing
        stage = Stage(SCENARIOS, document, clock())
        self.gateway = Gateway(stage, clock=clock, rng=rng)
        self._postman = Postman(self.gateway.collect, clock)
        self._control = Control(self.gateway, self._postman, clock)
        self._closing = asyncio.Event()

    def application(self) -> web.Application:
        """Make the application to be served.

        Returns:
            An application with the API under ``/v1`` and the control address beside it.
        """
        app = web.Application(client_max_size=_BODY_LIMIT)
        app.router.add_route("*", "/{path:.*}", self.handle)
        app.cleanup_ctx.append(self._deliver)
        app.on_shutdown.append(self._close)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request.

        Args:
            request: The request.

        Returns:
            The response, sent or to be sent.
        """
        path = request.path
        if path.startswith(CONTROL):
            content = await _content(request)
            if isinstance(content, Reply):
                return _response(content)
            return _response(self._control.answer(request.method, path, request.query, content))
        begun = time.perf_counter()
        gateway = self.gateway
        arrival = gateway.arrive(
            ReceivedRequest(
                request.method,
                path,
                tuple(request.query.items()),
                request.headers,
                request.remote or "",
            )
        )
        entry = self._entry(request, arrival)
        gateway.seen.arrived(entry)
        status: int | None = None
        try:
            content = await _content(request)
            if arrival.delay > 0:
                await self._pause(arrival.delay)
            if arrival.treatment.hang:
                await self._closing.wait()
            if arrival.treatment.hang or arrival.treatment.reset:
                return _reset(request)
            answer = gateway.answer(arrival, content)
            if isinstance(content, Reply):
                answer = replace(answer, headers=merged(answer.headers, content.headers))
            status = answer.status
            return await _send(request, answer, arrival)
        finally:
            gateway.seen.answered(entry, status, time.perf_counter() - begun)

    def _entry(self, request: web.Request, arrival: Arrival) -> SeenRequest:
        key = SeenKey(
            self.gateway.seen.client(request.headers.get("User-Agent", "")),
            arrival.account,
            arrival.surface,
            arrival.quota.rate_class,
            arrival.quota.start,
        )
        query = arrival.request.query
        return SeenRequest(
            key, arrival.at, request.method, request.path, query, request.headers.items()
        )

    async def _pause(self, seconds: float) -> None:
        """Sleep, unless the simulator is asked to end meanwhile."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _deliver(self, _: web.Application) -> AsyncIterator[None]:
        """Let events be delivered for as long as the application is served."""
        walk = asyncio.create_task(self._postman.walk())
        yield
        walk.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await walk

    async def _close(self, _: web.Application) -> None:
        self._closing.set()


async def _content(request: web.Request) -> bytes | Reply:
    """Read the body, or find the answer to one that cannot be read."""
    if not request.can_read_body:
        return b""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return problem(413, "The body is larger than 1 MiB")
    except web.RequestPayloadError:
        # What follows on this connection cannot be told from the rest of the body.
        request.content.feed_eof()
        request.protocol.close()
        detail = "The body is not what its Content-Encoding says"
        return problem(400, detail, {"Connection": "close"})


async def _send(request: web.Request, answer: Reply, arrival: Arrival) -> web.StreamResponse:
    if arrival.treatment.body == "huge":
        return await _huge(request, answer, arrival.knobs.huge_bytes)
    if arrival.treatment.truncate:
        return await _truncated(request, answer)
    return _response(answer)


def _response(answer: Reply) -> web.Response:
    body = answer.body
    if isinstance(body, dict):
        body = msgspec.json.encode(body)
    headers = answer.headers if body is None else _with_media(answer)
    return web.Response(status=answer.status, body=body, headers=headers)


def _with_media(answer: Reply) -> dict[str, str]:
    return merged({"Content-Type": answer.media}, answer.headers)


async def _huge(request: web.Request, answer: Reply, size: int) -> web.StreamResponse:
    """Send a JSON array that goes on for many bytes."""
    response = web.StreamResponse(status=answer.status, headers=_with_media(answer))
    response.content_length = size
    await response.prepare(request)
    while size > 0:
        await response.write(_CHUNK[:size])
        size -= len(_CHUNK)
    return response


async def _truncated(request: web.Request, answer: Reply) -> web.StreamResponse:
    """Announce the whole body, send half of it, and hang up."""
    whole = _response(answer).body
    content = whole if isinstance(whole, bytes) else b""
    response = web.StreamResponse(status=answer.status, headers=_with_media(answer))
    response.content_length = max(2, len(content))
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _reset(request: web.Request) -> web.Response:
    """Drop the connection with an RST, so that the client sees a reset and no tidy end."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_OFF)
        transport.abort()
    return web.Response(status=503)
