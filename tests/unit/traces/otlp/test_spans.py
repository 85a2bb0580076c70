import re
from pathlib import Path

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode

from exporter.model.headers import RateLimit
from exporter.model.observation import Phases, Transport
from exporter.model.reasons import Reason
from exporter.model.trace_context import TraceContext
from exporter.traces.otlp.record import SpanRecord
from exporter.traces.otlp.spans import span_of
from tests.unit.status.factories import INTENTS, NOW, run
from tests.unit.traces.otlp.records import CONTEXT, call, record

RESOURCE = Resource({"service.name": "test"})


def span(made: SpanRecord, context: TraceContext = CONTEXT) -> ReadableSpan:
    return span_of(made, context, RESOURCE)


def attributes(made: SpanRecord) -> dict[str, object]:
    return dict(span(made).attributes or {})


def judged(reason: Reason | None, detail: str = "", **given: object) -> SpanRecord:
    """A call, and the run that it decided."""
    deciding = call(**given)
    conclusion = run(INTENTS, reason=reason, deciding=deciding, detail=detail)
    return SpanRecord(deciding, "http://lab.example/v1", conclusion)


def test_a_span_is_the_call() -> None:
    made = span(record(duration=0.25))
    assert (made.name, made.kind) == ("GET /orchestrator/intents/list", SpanKind.CLIENT)
    context = made.get_span_context()
    assert context is not None
    assert (context.trace_id, context.span_id) == (CONTEXT.trace_id, CONTEXT.span_id)
    assert context.trace_flags.sampled
    assert made.parent is None
    assert made.end_time == int(NOW * 1e9)
    assert made.start_time == int(NOW * 1e9) - 250_000_000
    assert made.status.status_code is StatusCode.UNSET
    assert made.resource is RESOURCE


def test_it_hangs_below_who_asked() -> None:
    parent = span(record(), TraceContext(CONTEXT.trace_id, 7, parent=99)).parent
    assert parent is not None
    assert (parent.trace_id, parent.span_id, parent.is_remote) == (CONTEXT.trace_id, 99, True)


def test_attributes_are_those_of_http() -> None:
    made = record(
        path="/orchestrator/intents?limit=200",
        response_bytes=512,
        rate_limit=RateLimit(1000, 0, None),
        transport=Transport(6, "1.1", "TLSv1.3"),
        lag=0.0012345678,
    )
    assert attributes(made) == {
        "oran_mano.lag": 0.001235,
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "http.response.body.size": 512,
        "url.full": "http://lab.example/v1/orchestrator/intents?limit=200",
        "url.template": "/orchestrator/intents/list",
        "server.address": "lab.example",
        "server.port": 80,
        "network.protocol.version": "1.1",
        "network.type": "ipv6",
        "tls.protocol.version": "1.3",
        "oran_mano.target": "lab",
        "oran_mano.component": "orchestrator",
        "oran_mano.surface": "orchestrator.intents.list",
        "oran_mano.rate_limit.remaining": 0,
    }


def test_what_is_not_known_is_absent() -> None:
    made = attributes(record(status=None, fault="dns", transport=Transport()))
    unknown = ("http.response", "network", "tls", "oran_mano.rate", "oran_mano.promoted")
    assert not [name for name in made if name.startswith(unknown)]


def test_a_promoted_span_says_so() -> None:
    assert attributes(record(promoted=True))["oran_mano.promoted"] is True


@pytest.mark.parametrize(
    ("base", "path", "url", "address", "port"),
    [
        ("https://lab/v1", "/a", "https://lab/v1/a", "lab", 443),
        ("http://lab:8080/v1/", "/a", "http://lab:8080/v1/a", "lab", 8080),
        ("http://me:hunter2@lab/v1", "/a", "http://lab/v1/a", "lab", 80),
        ("http://[::1]:8080/v1", "/a", "http://[::1]:8080/v1/a", "::1", 8080),
        (
            "http://lab/v1",
            "https://me:hunter2@sso/token?key=hunter2#x",
            "https://sso/token",
            "sso",
            443,
        ),
    ],
)
def test_the_url_is_whole_and_without_secrets(
    base: str, path: str, url: str, address: str, port: int
) -> None:
    made = attributes(SpanRecord(call(path=path), base))
    assert (made["url.full"], made["server.address"], made["server.port"]) == (url, address, port)
    assert "hunter2" not in str(made)


@pytest.mark.parametrize(
    ("made", "error", "words"),
    [
        (record(), None, None),
        (judged(None), None, None),
        (judged("check_failed", "no list"), "check_failed", "no list"),
        (judged("slow", "took 7 s"), "slow", "took 7 s"),
        (judged("http_5xx", "answered 503", status=503), "http_5xx", None),
        (
            judged("dns", "no such name", status=None, fault="dns"),
            "dns",
            "no such name",
        ),
        (record(run(INTENTS, reason="http_5xx"), status=None, fault="reset"), "reset", None),
        (record(run(INTENTS, reason="http_5xx")), None, None),
        (record(status=401), "401", None),
        (record(status=399), None, None),
    ],
)
def test_what_went_wrong(made: SpanRecord, error: str | None, words: str | None) -> None:
    status = span(made).status
    assert attributes(made).get("error.type") == error
    assert status.status_code is (StatusCode.UNSET if error is None else StatusCode.ERROR)
    assert status.description == words


def test_what_found_it_is_told_of_the_call_that_decided() -> None:
    found = run(INTENTS, reason="body_invalid", check="body", deciding=call())
    assert attributes(record(found))["oran_mano.check"] == "body"
    for made in (judged(None), record(), record(found, context=TraceContext(1, 2))):
        assert "oran_mano.check" not in attributes(made)


def test_phases_are_events_at_their_beginnings() -> None:
    phases = Phases(queue=3.0, dns=0.01, connect=0.02, send=0.001, wait=0.1, receive=0.2)
    made = span(record(duration=0.2, phases=phases))
    start = made.start_time or 0
    at = [(event.name, round((event.timestamp - start) / 1e6)) for event in made.events]
    assert at == [("dns", 0), ("connect", 10), ("send", 30), ("wait", 31), ("receive", 131)]
    short = span(record(duration=0.02, phases=phases))
    assert max(event.timestamp for event in short.events) == short.end_time


def test_the_page_names_every_attribute_and_no_other() -> None:
    page = (Path(__file__).parents[4] / "docs" / "traces.md").read_text()
    section = page.partition("## What is in a span")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`.*?`) \|", section, re.MULTILINE)
    documented = {name for cell in cells for name in re.findall("`(.+?)`", cell)}
    everything = record(
        run(INTENTS, reason="body_invalid", check="body", deciding=call()),
        promoted=True,
        response_bytes=1,
        rate_limit=RateLimit(1, 1, None),
        transport=Transport(4, "1.1", "TLSv1.2"),
    )
    assert set(attributes(everything)) == documented
