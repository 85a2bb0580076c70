"""One shape of a run and of a call, wherever JSON shows them, and schemas that say what it is."""

import json
from collections.abc import Iterator
from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import ValidationError
from msgspec.structs import replace

from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import Call, Key, OnDemandRun, Phases, Run, Skip, Transport
from exporter.model.trace_context import TraceContext
from exporter.protocol.problem import FieldError, RateLimited, ServerFault, Validation
from exporter.report.probe_json import document
from exporter.report.run_json import call_json, run_json
from exporter.report.run_text import Step
from tests.support.observed import CALLS, RUNS, SKIPS
from tests.support.schemas import described, validator
from tests.unit.status.factories import HEALTH, INTENTS, LOGIN, NOW, call, run, skip
from tests.unit.status.scenario import ALL_PHASES
from tools.schemas import FOLDER, SHAPES, schema

FULL: Final = call(
    INTENTS,
    status=503,
    phases=ALL_PHASES,
    path="/orchestrator/intents/7",
    reused=False,
    response_bytes=12,
    rate_limit=RateLimit(1000, 953, NOW + 60),
    lifecycle=Lifecycle("1.0.0", NOW, NOW + 86400, unparseable=True, relations=("sunset",)),
    certificate_expiry=NOW + 7200,
    context=TraceContext(0xABC, 0xDEF, sampled=True),
    transport=Transport(4, "1.1", "TLSv1.3", 1),
)
BARE: Final = call(status=None, fault="connect_refused", phases=Phases())
ROUND: Final = (FULL, call(INTENTS, path="/orchestrator/intents/8"))
STEPS: Final = {
    "well": Step(run(lateness=None), (call(),), asked=True),
    "slow": Step(run(slow=True, deciding=FULL), (FULL,)),
    "failed": Step(run(INTENTS, reason="http_5xx", detail="answered 503", deciding=FULL), (FULL,)),
    "a fault": Step(run(reason="connect_refused", deciding=BARE), (BARE,)),
    "a fault of ours": Step(run(reason="internal", detail="KeyError")),
    "a round": Step(run(INTENTS, reason="not_found", deciding=FULL), ROUND, asked=True),
    "a joined run": Step(run(lateness=0.25, deciding=FULL), (FULL,)),
    "skipped": Step(skip("no_token", INTENTS), asked=True),
    "what the API says": Step(
        run(reason="validation", deciding=FULL),
        problem=Validation(422, "Invalid", errors=(FieldError("a", "unknown", "ENUM_ERROR"),)),
    ),
    "when to come back": Step(run(reason="throttled"), problem=RateLimited(429, delay=1.5)),
    "a page of an error": Step(run(reason="http_5xx"), problem=ServerFault(503)),
}


# --- The schemas ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHAPES)
def test_the_schema_is_as_it_would_be_written_now(name: str) -> None:
    file = FOLDER / f"{name}.schema.json"
    assert file.read_text(encoding="utf-8") == schema(SHAPES[name]), "run `make docs`"


def test_there_is_no_schema_of_what_is_gone() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.schema.json" for name in SHAPES}


def objects(value: object) -> Iterator[dict[str, object]]:
    """Every object of a document, also those within others."""
    if isinstance(value, dict):
        yield value
        yield from (inner for each in value.values() for inner in objects(each))
    elif isinstance(value, list):
        yield from (inner for each in value for inner in objects(each))


def test_what_is_not_described_is_refused_and_what_is_missing_too() -> None:
    told = json.loads(document([STEPS["what the API says"], STEPS["failed"]]))
    found = list(objects(told))
    assert len(found) > 20
    for each in found:
        each["colour"] = "red"
        with pytest.raises(ValidationError, match="colour"):
            validator("probe").validate(told)
        del each["colour"]
    del told["calls"][0]["at"]
    with pytest.raises(ValidationError, match="'at' is a required property"):
        validator("probe").validate(told)


# --- What they describe --------------------------------------------------------------------------


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_what_the_command_prints_is_described(step: Step) -> None:
    login = Step(run(LOGIN), (call(LOGIN),))
    told = described("probe", document([login, step], ["a note"]))
    assert told["steps"][1] == {key: told[key] for key in told.keys() - {"notes", "steps"}}


@given(conclusion=RUNS | SKIPS, calls=st.lists(CALLS, max_size=3))
def test_whatever_was_observed_is_described(conclusion: Run | Skip, calls: list[Call]) -> None:
    described("probe", document([Step(conclusion, tuple(calls))]))
    described("run", msgspec.json.encode(run_json(conclusion)))


# --- The shape -----------------------------------------------------------------------------------


def test_a_call() -> None:
    assert json.loads(msgspec.json.encode(call_json(FULL))) == {
        "at": "2027-01-15T08:00:00.000Z",
        "method": "GET",
        "endpoint": "/orchestrator/intents/list",
        "path": "/orchestrator/intents/7",
        "rate_class": "standard",
        "credential": "account",
        "status_code": 503,
        "fault": None,
        "duration_seconds": 0.25,
        "phases_seconds": {
            "queue": 0.001,
            "before": 0.1149,
            "dns": 0.002,
            "connect": 0.003,
            "tls": 0.02,
            "send": 0.0001,
            "wait": 0.1,
            "receive": 0.01,
        },
        "connection_reused": False,
        "response_bytes": 12,
        "rate_limit": {"limit": 1000, "remaining": 953, "reset": "2027-01-15T08:01:00.000Z"},
        "lifecycle": {
            "version": "1.0.0",
            "deprecation": "2027-01-15T08:00:00.000Z",
            "sunset": "2027-01-16T08:00:00.000Z",
            "unparseable": True,
            "links": ["sunset"],
        },
        "certificate_expiry": "2027-01-15T10:00:00.000Z",
        "transport": {
            "ip_protocol": 4,
            "http_version": "1.1",
            "tls_version": "TLSv1.3",
            "redirects": 1,
        },
        "trace_id": f"{0xABC:032x}",
        "span_id": f"{0xDEF:016x}",
        "traceparent": f"00-{0xABC:032x}-{0xDEF:016x}-01",
    }


def test_a_run_and_one_that_did_not_happen() -> None:
    key = Key("lab", "monitoring", "monitoring.health")
    told = run_json(
        Run(
            key,
            NOW,
            0.1234567,
            "slow",
            lateness=0.0004,
            detail="took 9 s",
            check="duration",
            lag=0.012,
        )
    )
    assert json.loads(msgspec.json.encode(told)) == {
        "target": "lab",
        "component": "monitoring",
        "surface": "monitoring.health",
        "at": "2027-01-15T08:00:00.000Z",
        "result": "failed",
        "reason": "slow",
        "detail": "took 9 s",
        "check": "duration",
        "duration_seconds": 0.123457,
        "lateness_seconds": 0.0004,
        "lag_seconds": 0.012,
        "delayed": True,
        "asked": False,
        "call": None,
    }
    skipped = run_json(skip("no_token"))
    assert (skipped.result, skipped.reason, skipped.duration_seconds) == (
        "skipped",
        "no_token",
        None,
    )


def test_a_path_without_ids_is_told_as_well() -> None:
    assert call_json(BARE).path == call_json(BARE).endpoint


def test_who_asked_is_told() -> None:
    assert run_json(OnDemandRun(run(HEALTH))) == replace(run_json(run(HEALTH)), asked=True)


def test_a_date_that_no_calendar_has_is_not_known() -> None:
    far = replace(FULL, certificate_expiry=1e18, lifecycle=Lifecycle("1", None, -1e300))
    told = call_json(far)
    assert told.certificate_expiry is None
    assert told.lifecycle is not None
    assert told.lifecycle.sunset is None
