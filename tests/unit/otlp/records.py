"""What tests of spans are made of."""

from msgspec.structs import replace

from exporter.observation import Call, Context, Run
from exporter.otlp.record import SpanRecord
from tests.unit.sinks import factories

CONTEXT = Context(trace_id=0xABC << 64, span_id=0x123)


def call(**given: object) -> Call:
    return replace(factories.call(factories.INTENTS), **{"context": CONTEXT, **given})


def record(run: Run | None = None, *, promoted: bool = False, **given: object) -> SpanRecord:
    return SpanRecord(call(**given), "http://lab.example/v1", run, promoted)
