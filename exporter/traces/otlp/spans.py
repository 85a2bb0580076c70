"""From a call to the span that OpenTelemetry's exporters send."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from exporter import __version__
from exporter.model.observation import Call, Transport
from exporter.model.trace_context import TraceContext
from exporter.traces.otlp.record import SpanRecord

Attributes: TypeAlias = dict[str, str | int | float | bool]

_SCOPE: Final = InstrumentationScope("oran-mano-exporter", __version__)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_PHASES: Final = ("dns", "connect", "tls", "send", "wait", "receive")
_PORTS: Final = {"http": 80, "https": 443}
_NETWORKS: Final = {4: "ipv4", 6: "ipv6"}
_FIRST_ERROR: Final = 400
_MICROSECONDS: Final = 6
"""Decimals of seconds."""
_NANOSECONDS: Final = 1_000_000_000


class _ServerAddress(NamedTuple):
    """Who is asked: the URL without user and query, and what it names."""

    url: str
    address: str
    port: int


def span_of(record: SpanRecord, context: TraceContext, resource: Resource) -> ReadableSpan:
    """Make a client span by the semantic conventions for HTTP, of known ids and times.

    A promoted one was not sampled, and says so to the API; its own record is sampled, or nobody
    downstream would keep it. ``context`` is where the call stands in its trace, ``resource`` who
    tells of it.
    """
    call = record.call
    end = round(call.at * _NANOSECONDS)
    start = end - round(call.duration * _NANOSECONDS)
    error = _error(record)
    return ReadableSpan(
        name=f"{call.method} {call.endpoint}",
        context=SpanContext(
            context.trace_id, context.span_id, is_remote=False, trace_flags=_SAMPLED
        ),
        parent=_parent(context),
        resource=resource,
        attributes=_attributes(record, error),
        events=tuple(_events(call, start, end)),
        kind=SpanKind.CLIENT,
        status=_status(record, error),
        start_time=start,
        end_time=end,
        instrumentation_scope=_SCOPE,
    )


def _parent(context: TraceContext) -> SpanContext | None:
    if context.parent is None:
        return None
    return SpanContext(context.trace_id, context.parent, is_remote=True, trace_flags=_SAMPLED)


def _attributes(record: SpanRecord, error: str | None) -> Attributes:
    call = record.call
    server, url = _asked(record.base, call.path)
    carried, limit = call.transport or Transport(), call.rate_limit
    values: dict[str, str | int | float | None] = {
        "http.request.method": call.method,
        "http.response.status_code": call.status,
        "http.response.body.size": call.response_bytes,
        "url.full": url,
        "url.template": call.endpoint,
        "server.address": server.address,
        "server.port": server.port,
        "error.type": error,
        "oran_mano.check": _check(record),
        "network.protocol.version": carried.http,
        "network.type": _NETWORKS.get(carried.ip_protocol or 0),
        "tls.protocol.version": carried.tls and carried.tls.removeprefix("TLSv"),
        "oran_mano.target": call.key.target,
        "oran_mano.component": call.key.component,
        "oran_mano.surface": call.key.surface,
        "oran_mano.rate_limit.remaining": limit.remaining if limit else None,
        "oran_mano.lag": round(call.lag, _MICROSECONDS),
        "oran_mano.promoted": record.promoted or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _decided(record: SpanRecord) -> bool:
    """Whether this call is the one that its run was judged by."""
    run, context = record.run, record.call.context
    return run is not None and run.deciding is not None and run.deciding.context == context


def _check(record: SpanRecord) -> str | None:
    """What found it in this call's answer."""
    return record.run.check or None if record.run is not None and _decided(record) else None


def _error(record: SpanRecord) -> str | None:
    """Why it failed: what the run made of it, what happened on the wire, or its status."""
    call, run = record.call, record.run
    if run is not None and run.reason is not None and _decided(record):
        return run.reason
    if call.fault is not None:
        return call.fault
    return str(call.status) if call.status is not None and call.status >= _FIRST_ERROR else None


def _status(record: SpanRecord, error: str | None) -> Status:
    """An error with its words, where the status code does not say it all already."""
    if error is None:
        return Status(StatusCode.UNSET)
    told = record.call.status is not None and record.call.status >= _FIRST_ERROR
    detail = record.run.detail if record.run and _decided(record) and not told else None
    return Status(StatusCode.ERROR, detail or None)


def _events(call: Call, start: int, end: int) -> Iterator[Event]:
    """Each phase that was reached, when it began."""
    at = start
    for name in _PHASES:
        seconds: float | None = getattr(call.phases, name)
        if seconds is not None:
            yield Event(name, timestamp=min(at, end))
            at += round(seconds * _NANOSECONDS)


def _asked(base: str, path: str) -> tuple[_ServerAddress, str]:
    """Who was asked, and for what."""
    if path.startswith(("http://", "https://")):
        server = _server(path)
        return server, server.url
    server = _server(base)
    return server, server.url.rstrip("/") + path


@lru_cache(maxsize=1024)
def _server(url: str) -> _ServerAddress:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    place = parts.netloc.rpartition("@")[2]
    return _ServerAddress(f"{parts.scheme}://{place}{parts.path}", host, port)
