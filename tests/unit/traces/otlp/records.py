"""What tests of spans are made of."""

from msgspec.structs import replace

from exporter.model.observation import Call, Run
from exporter.model.trace_context import TraceContext
from exporter.traces.otlp.record import SpanRecord
from tests.unit.status import factories

CONTEXT = TraceContext(trace_id=0xABC << 64, span_id=0x123)


def call(**given: object) -> Call:
    return replace(factories.call(factories.INTENTS), **{"context": CONTEXT, **given})


def record(run: Run | None = None, *, promoted: bool = False, **given: object) -> SpanRecord:
    return SpanRecord(call(**given), "http://lab.example/v1", run, promoted)
