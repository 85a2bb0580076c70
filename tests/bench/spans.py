"""What a span costs, made, encoded and sent: ours beside OpenTelemetry's SDK.

Both make equal spans, as many as they are told, and send them to the same receiver; CPU is that of
all threads of a process that does nothing else. It is started as
``python -m tests.bench.spans ours|sdk COUNT`` and prints seconds.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tests.bench.say import say
from tests.bench.situation import World

_PATIENCE: Final = 60.0
"""Seconds to send what waits."""
_ATTRIBUTES: Final[Mapping[str, str | int]] = {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "http.response.body.size": 152,
    "url.full": "http://lab.example/v1/monitoring/health",
    "url.template": "/monitoring/health",
    "server.address": "lab.example",
    "server.port": 80,
    "network.protocol.version": "1.1",
    "network.type": "ipv4",
    "oran_mano.target": "lab",
    "oran_mano.component": "monitoring",
    "oran_mano.surface": "monitoring.health",
}
_EVENTS: Final = ("send", "wait", "receive")


class Spans(NamedTuple):
    """Seconds of CPU that a span took, by round."""

    ours: Sequence[float]
    sdk: Sequence[float]


async def spans(world: World, rounds: int, count: int) -> Spans:
    """Have both send so many in each round, by turns; ValueError where some do not arrive."""
    told: list[tuple[float, ...]] = []
    for number in range(rounds):
        say(f"{count} spans, {number + 1} of {rounds}")
        told.append(tuple([await _cost(world, who, number, count) for who in MAKERS]))
    return Spans(*zip(*told, strict=True))


async def _cost(world: World, who: str, number: int, count: int) -> float:
    sender = f"{who}-{number}"
    known = {name: text for name, text in os.environ.items() if not name.startswith("OTEL_")}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.spans", who, str(count)),
        env={
            **known,
            "OTEL_EXPORTER_OTLP_ENDPOINT": world.receiver.endpoint(sender),
            "OTEL_BSP_MAX_QUEUE_SIZE": str(count + 1),  # what is dropped costs nothing
        },
        stdout=subprocess.PIPE,
    )
    told, _ = await child.communicate()
    if (came := world.receiver.received(sender)) != count:
        message = f"of {count} spans of {who} {came} came"
        raise ValueError(message)
    return float(told) / count


# --- In a process of its own ---------------------------------------------------------------------


class _Tally:
    def made(self) -> None:
        pass

    def dropped(self, count: int) -> None:
        pass

    def failed(self, count: int) -> None:
        pass


def _ours(count: int) -> float:
    """From the observations of a run, as the exporter's sink takes them; making those is none."""
    from msgspec.structs import replace  # noqa: PLC0415  # each side loads its own

    from exporter.model.observation import Phases, Transport  # noqa: PLC0415  # each side loads its own
    from exporter.model.trace_context import TraceContext  # noqa: PLC0415  # each side loads its own
    from exporter.traces.exporting import Tracing  # noqa: PLC0415  # each side loads its own
    from exporter.traces.otlp.settings import settings_of  # noqa: PLC0415  # each side loads its own
    from tests.unit.status.factories import HEALTH, call, plan, run  # noqa: PLC0415  # each side loads its own

    settings = settings_of(os.environ)
    assert settings is not None
    tracing = Tracing(settings, _Tally())
    tracing.sink.apply(plan())
    tracing.start()
    phases = Phases(send=0.0001, wait=0.0005, receive=0.0001)
    one = call(HEALTH, phases=phases, response_bytes=152, transport=Transport(4, "1.1"))
    observed = [
        (replace(one, context=TraceContext(nth, nth, sampled=True)), run(HEALTH))
        for nth in range(1, count + 1)
    ]
    began = time.process_time()
    for observations in observed:
        for observation in observations:
            tracing.sink(observation)
    asyncio.run(tracing.close(_PATIENCE))
    return time.process_time() - began


def _sdk(count: int) -> float:
    """By the SDK's documentation: a tracer, a batch processor, the exporter over HTTP."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415  # each side loads its own
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415  # each side loads its own
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415  # each side loads its own
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # each side loads its own

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("bench")
    began = time.process_time()
    for _ in range(count):
        span = tracer.start_span(
            "GET /monitoring/health", kind=SpanKind.CLIENT, attributes=dict(_ATTRIBUTES)
        )
        for name in _EVENTS:
            span.add_event(name)
        span.end()
    provider.shutdown()
    return time.process_time() - began


MAKERS: Final[Mapping[str, Callable[[int], float]]] = {"ours": _ours, "sdk": _sdk}

if __name__ == "__main__":
    sys.stdout.write(f"{MAKERS[sys.argv[1]](int(sys.argv[2]))}\n")
