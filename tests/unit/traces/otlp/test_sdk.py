"""The SDK as its variables configure it: what leaves the process, and what it says."""

import json
import logging
from collections.abc import Iterator

import pytest

from exporter.metrics.series import Families, SpanSeries
from exporter.model.trace_context import TraceContext
from exporter.traces.otlp.sdk import sampler_of, sender_of
from exporter.traces.otlp.settings import Settings
from tests.support.servers import LOOPBACK, free_port
from tests.unit.traces.otlp.records import CONTEXT, record

LOW, HIGH = 1, 2**64 - 1
"""Trace ids that a ratio takes first and last."""


def asked_by(*, sampled: bool) -> TraceContext:
    return TraceContext(HIGH, 9, sampled)


@pytest.mark.parametrize(
    ("name", "low", "high", "below_sampled", "below_unsampled"),
    [
        ("always_on", True, True, True, True),
        ("always_off", False, False, False, False),
        ("traceidratio", True, False, False, False),
        ("parentbased_always_on", True, True, True, False),
        ("parentbased_always_off", False, False, True, False),
        ("parentbased_traceidratio", True, False, True, False),
    ],
)
def test_samplers_are_those_of_the_sdk(
    name: str,
    low: bool,  # noqa: FBT001
    high: bool,  # noqa: FBT001
    below_sampled: bool,  # noqa: FBT001
    below_unsampled: bool,  # noqa: FBT001
) -> None:
    sampler = sampler_of(name, 0.5)
    assert sampler(LOW, None) is low
    assert sampler(HIGH, None) is high
    assert sampler(HIGH, asked_by(sampled=True)) is below_sampled
    assert sampler(HIGH, asked_by(sampled=False)) is below_unsampled


@pytest.fixture
def _quiet_afterwards() -> Iterator[None]:
    logger = logging.getLogger("opentelemetry.exporter")
    yield
    logger.handlers, logger.propagate = [], True


def sent(settings: Settings) -> Families:
    """Send one span, and count."""
    families = Families()
    sender = sender_of(settings, SpanSeries(families))
    sender.start()
    sender.push(record())
    sender.close(10)
    return families


@pytest.mark.usefixtures("_quiet_afterwards")
@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({}, "oran-mano-exporter"),
        ({"OTEL_SERVICE_NAME": "mine"}, "mine"),
        ({"OTEL_SERVICE_NAME": "", "OTEL_RESOURCE_ATTRIBUTES": "service.name=theirs"}, "theirs"),
    ],
)
def test_the_environment_names_the_service(
    variables: dict[str, str],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    sent(Settings(kind="console"))
    printed = json.loads(capsys.readouterr().out)
    assert printed["resource"]["attributes"]["service.name"] == name
    assert printed["context"]["trace_id"] == f"0x{CONTEXT.trace_id:032x}"
    assert printed["name"] == "GET /orchestrator/intents/list"


@pytest.mark.usefixtures("_quiet_afterwards")
@pytest.mark.parametrize(
    ("protocol", "reason"), [("http/protobuf", "Connection refused"), ("grpc", "UNAVAILABLE")]
)
def test_an_outage_is_one_line_without_secrets(
    protocol: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    endpoint = f"http://me:hunter2@{LOOPBACK}:{free_port()}/x?key=hunter2"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    settings = Settings(protocol="grpc" if protocol == "grpc" else "http/protobuf")
    failed = sent(settings).counters["oran_mano_exporter_spans_failed_total"]
    assert failed.labels().value == 1
    (line,) = caplog.records
    assert line.getMessage() == "traces cannot be exported"
    assert line.__dict__["fields"] == {"reason": reason}
    assert capfd.readouterr() == ("", "")
