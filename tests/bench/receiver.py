"""Where spans go: a receiver of OTLP over HTTP that counts them (opentelemetry.io, OTLP 1.x)."""

from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.support.servers import LOOPBACK, Server, free_port

_MOST: Final = 64 * 1024 * 1024
_TYPE: Final = "application/x-protobuf"


class Receiver(Server):
    """Takes whatever comes, and keeps the ids of the spans: one that is sent twice is one."""

    def __init__(self) -> None:
        self._port = free_port()
        self._spans: defaultdict[str, set[bytes]] = defaultdict(set)

    async def _start(self, stack: AsyncExitStack) -> None:
        app = web.Application(client_max_size=_MOST)
        app.router.add_post("/{sender}/v1/traces", self._take)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, LOOPBACK, self._port).start()

    def endpoint(self, sender: str) -> str:
        """Where this sender's spans go: the value of ``OTEL_EXPORTER_OTLP_ENDPOINT``."""
        return f"http://{LOOPBACK}:{self._port}/{sender}"

    def received(self, sender: str) -> int:
        """How many spans came of it so far."""
        return len(self._spans[sender])

    async def _take(self, request: web.Request) -> web.Response:
        told = ExportTraceServiceRequest.FromString(await request.read())
        self._spans[request.match_info["sender"]].update(
            span.span_id
            for resource in told.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        )
        answer = ExportTraceServiceResponse().SerializeToString()
        return web.Response(body=answer, content_type=_TYPE)
