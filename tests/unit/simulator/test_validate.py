import pytest

from exporter.simulator import fields
from exporter.simulator.validate import Complaint, FieldRule, parse_query, validate

INTENT = {"bandwidth": 100.0, "latency": 10.0, "slice_type": "uRLLC"}
VNF = {
    "name": "upf-1",
    "type": "UPF",
    "version": "1",
    "qos": {"bandwidth": 100, "latency": 10},
    "placement": {"cloud_type": "edge"},
    "image": {"repository": "r", "tag": "t"},
}


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (fields.INTENT, INTENT),
        (fields.INTENT, INTENT | {"bandwidth": 1}),
        (fields.INTENT, INTENT | {"bandwidth": 10000}),
        (fields.INTENT, INTENT | {"reliability": 0.95}),
        (fields.INTENT, INTENT | {"reliability": 0.99999}),
        (fields.INTENT, INTENT | {"id": "intent-001", "status": "planned", "note": None}),
        (fields.PLAN, {}),
        (fields.PLAN, {"intents": [], "dry_run": False}),
        (fields.SCALE, {"replicas": 0}),
        (fields.SCALE, {"replicas": 5.0}),
        (fields.VNF, VNF),
        (fields.VNF, VNF | {"name": "a"}),
        (fields.VNF, VNF | {"name": "a" * 63}),
        (fields.VNF, VNF | {"config": {"any": "text"}}),
        (fields.AGENT, {"name": "edge", "endpoint": "http://10.0.0.1:8080/a?b=c#d"}),
        (fields.AGENT, {"name": "edge", "endpoint": "https://[::1]/%20"}),
    ],
)
def test_good_values_pass(rule: FieldRule, value: object) -> None:
    assert list(validate(rule, value)) == []


@pytest.mark.parametrize(
    ("rule", "value", "field", "message", "code"),
    [
        (
            fields.INTENT,
            INTENT | {"bandwidth": 50000.0},
            "bandwidth",
            "bandwidth must be between 1 and 10000",
            "RANGE_ERROR",
        ),
        (
            fields.INTENT,
            INTENT | {"latency": 0.5},
            "latency",
            "latency must be between 1 and 1000",
            "RANGE_ERROR",
        ),
        (
            fields.INTENT,
            INTENT | {"slice_type": "invalid_type"},
            "slice_type",
            "slice_type must be one of: eMBB, uRLLC, mIoT, balanced",
            "ENUM_ERROR",
        ),
        (
            fields.INTENT,
            {"bandwidth": 1, "latency": 1},
            "slice_type",
            "slice_type is required",
            "REQUIRED_ERROR",
        ),
        (
            fields.INTENT,
            INTENT | {"slice_type": None},
            "slice_type",
            "slice_type is required",
            "REQUIRED_ERROR",
        ),
        (
            fields.INTENT,
            INTENT | {"bandwidth": True},
            "bandwidth",
            "bandwidth must be a number",
            "TYPE_ERROR",
        ),
        (
            fields.INTENT,
            INTENT | {"jitter": None},
            "jitter",
            "jitter must be a number",
            "TYPE_ERROR",
        ),
        (fields.INTENT, [INTENT], "body", "body must be an object", "TYPE_ERROR"),
        (
            fields.PLAN,
            {"intents": [INTENT, INTENT | {"latency": 2000}]},
            "intents[1].latency",
            "latency must be between 1 and 1000",
            "RANGE_ERROR",
        ),
        (
            fields.SCALE,
            {"replicas": 2.5},
            "replicas",
            "replicas must be an integer",
            "TYPE_ERROR",
        ),
        (
            fields.SCALE,
            {"replicas": 101},
            "replicas",
            "replicas must be between 0 and 100",
            "RANGE_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"name": "Not Good"},
            "name",
            "name must match ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            "PATTERN_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"name": "ends-with-a-line\n"},
            "name",
            "name must match ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
            "PATTERN_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"name": "a" * 64},
            "name",
            "name must have 1 to 63 characters",
            "LENGTH_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"qos": {"bandwidth": 5001, "latency": 10}},
            "qos.bandwidth",
            "bandwidth must be between 1 and 5000",
            "RANGE_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"config": {"level": 5}},
            "config.level",
            "level must be a string",
            "TYPE_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"resources": {"gpu": {}}},
            "resources.gpu.count",
            "count is required",
            "REQUIRED_ERROR",
        ),
        (
            fields.VNF,
            VNF | {"resources": {"cpu_cores": 0}},
            "resources.cpu_cores",
            "cpu_cores must be at least 1",
            "RANGE_ERROR",
        ),
        (
            fields.AGENT,
            {"name": "edge", "endpoint": "10.0.0.1:80 80"},
            "endpoint",
            "endpoint must be an absolute URI",
            "FORMAT_ERROR",
        ),
    ],
)
def test_a_bad_value_is_one_complaint(
    rule: FieldRule, value: object, field: str, message: str, code: str
) -> None:
    assert list(validate(rule, value)) == [Complaint(field, message, code)]


def test_an_upper_bound_alone_is_told() -> None:
    rule = FieldRule(kind="number", high=3)
    assert list(validate(rule, 4, "x")) == [Complaint("x", "x must be at most 3", "RANGE_ERROR")]


def test_every_fault_is_told() -> None:
    told = list(validate(fields.INTENT, {"bandwidth": 0, "latency": "fast", "jitter": 101}))
    assert [(c.field, c.code) for c in told] == [
        ("slice_type", "REQUIRED_ERROR"),
        ("bandwidth", "RANGE_ERROR"),
        ("latency", "TYPE_ERROR"),
        ("jitter", "RANGE_ERROR"),
    ]


@pytest.mark.parametrize(
    ("given", "values", "codes"),
    [
        ({}, {"limit": 50, "offset": 0}, []),
        ({"limit": "7", "offset": "3", "else": "x"}, {"limit": 7, "offset": 3}, []),
        ({"limit": "0"}, {"limit": 0, "offset": 0}, ["RANGE_ERROR"]),
        ({"limit": "1001"}, {"limit": 1001, "offset": 0}, ["RANGE_ERROR"]),
        ({"offset": "-1"}, {"limit": 50, "offset": -1}, ["RANGE_ERROR"]),
        ({"limit": "many"}, {"limit": "many", "offset": 0}, ["TYPE_ERROR"]),
        ({"limit": "-"}, {"limit": "-", "offset": 0}, ["TYPE_ERROR"]),
        ({"limit": "\u0665"}, {"limit": "\u0665", "offset": 0}, ["TYPE_ERROR"]),
        ({"limit": "9" * 5000}, {"limit": int("9" * 40), "offset": 0}, ["RANGE_ERROR"]),
    ],
)
def test_queries(given: dict[str, str], values: dict[str, object], codes: list[str]) -> None:
    told, complaints = parse_query(fields.PAGE, given.items())
    assert told == values
    assert [c.code for c in complaints] == codes
