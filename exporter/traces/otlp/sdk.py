"""The SDK's exporters, resource and samplers, as its own variables configure them."""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    DEFAULT_OFF,
    DEFAULT_ON,
    Decision,
    ParentBasedTraceIdRatio,
    Sampler,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)

from exporter import __version__
from exporter.traces.otlp.failures import Failures
from exporter.traces.otlp.record import SpanRecord
from exporter.traces.otlp.sender import SpanSender, Tally
from exporter.traces.otlp.settings import Settings
from exporter.traces.otlp.spans import span_of

if TYPE_CHECKING:
    from exporter.model import trace_context

SERVICE: Final = "oran-mano-exporter"

_CHANNEL: Final = (("grpc.max_receive_message_length", 1024 * 1024),)
"""An answer is bounded over gRPC as well; its deadline is for the whole of it in any case."""

_SAMPLERS: Final[Mapping[str, Callable[[float], Sampler]]] = {
    "always_on": lambda _: ALWAYS_ON,
    "always_off": lambda _: ALWAYS_OFF,
    "traceidratio": TraceIdRatioBased,
    "parentbased_always_on": lambda _: DEFAULT_ON,
    "parentbased_always_off": lambda _: DEFAULT_OFF,
    "parentbased_traceidratio": ParentBasedTraceIdRatio,
}


def sender_of(settings: Settings, tally: Tally) -> SpanSender:
    """Make what sends spans, not started yet; the tally counts what becomes of them."""
    for name in [
        name for name, text in os.environ.items() if name.startswith("OTEL_") and not text
    ]:
        del os.environ[name]  # by the specification it is unset, and parts of the SDK choke on it
    failures = Failures()
    exporter = _exporter(settings, failures)
    resource = _resource()

    def export(records: Sequence[SpanRecord]) -> str | None:
        contexts = [(record, record.call.context) for record in records]
        spans = [span_of(record, context, resource) for record, context in contexts if context]
        failures.forget()
        result = exporter.export(spans)
        return None if result is SpanExportResult.SUCCESS else failures.reason

    return SpanSender(export, exporter.shutdown, tally, settings)


def sampler_of(name: str, ratio: float) -> "trace_context.Sampler":
    """Make the sampler that ``OTEL_TRACES_SAMPLER`` names; some take the ratio."""
    sampler = _SAMPLERS[name](ratio)

    def sampled(trace_id: int, parent: "trace_context.TraceContext | None") -> bool:
        above = None if parent is None else set_span_in_context(NonRecordingSpan(_remote(parent)))
        result = sampler.should_sample(above, trace_id, SERVICE, SpanKind.CLIENT)
        return result.decision is Decision.RECORD_AND_SAMPLE

    return sampled


def _remote(parent: "trace_context.TraceContext") -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    return SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=flags)


def _exporter(settings: Settings, failures: Failures) -> SpanExporter:
    """The exporter asked for; gRPC costs 11 MiB, and only those who ask for it."""
    if settings.kind == "console":
        return ConsoleSpanExporter(service_name=SERVICE, out=sys.stdout)
    if settings.protocol == "grpc":
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # else it writes to stderr by itself
        # Else it holds NO_PROXY against the collector, in its own way; it reads no other spelling.
        os.environ["no_grpc_proxy"] = ""  # noqa: SIM112
        from opentelemetry.exporter.otlp.proto.grpc import trace_exporter as grpc  # noqa: PLC0415

        way = (*_CHANNEL, *_way(settings))
        return grpc.OTLPSpanExporter(channel_options=way)  # type: ignore[arg-type]  # said wrong
    from opentelemetry.exporter.otlp.proto.http import trace_exporter as http  # noqa: PLC0415

    from exporter.traces.otlp.session import Watched  # noqa: PLC0415  # it takes requests along

    provided = any(re.fullmatch("OTEL_.*_CREDENTIAL_PROVIDER", name) for name in os.environ)
    session = None if provided else Watched(failures, settings.proxy)
    return http.OTLPSpanExporter(session=session)


def _way(settings: Settings) -> tuple[tuple[str, str | int], ...]:
    """The proxy that gRPC is to use, or that it is to use none: it would, also for localhost."""
    if settings.proxy is None:
        return (("grpc.enable_http_proxy", 0),)
    return (("grpc.http_proxy", settings.proxy.reveal()),)


def _resource() -> Resource:
    """Who tells: what the environment says goes before our own name and version."""
    given = OTELResourceDetector().detect().attributes
    return Resource.create({"service.name": SERVICE, "service.version": __version__, **given})
