from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from exporter.simulator.headers import lifecycle_headers, limit_headers, merged
from exporter.simulator.knobs import Knobs
from exporter.simulator.limits import Quota
from tests.unit.simulator.support import START, Api, Json, body, logged_in

RESET = int(START) + 30


def quota(*, admitted: bool) -> Quota:
    return Quota("standard", admitted, 100, 7, RESET, 30, 60, RESET - 60)


@pytest.mark.parametrize(
    ("dialect", "told", "refused"),
    [
        (
            "guide",
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "7",
                "X-RateLimit-Reset": str(RESET),
            },
            {"X-RateLimit-Retry-After": "30"},
        ),
        (
            "http_date",
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "7",
                "X-RateLimit-Reset": str(RESET),
            },
            {"Retry-After": "Tue, 14 Nov 2023 22:14:30 GMT"},
        ),
        (
            "delta",
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "7",
                "X-RateLimit-Reset": "30",
            },
            {"Retry-After": "30"},
        ),
        (
            "milliseconds",
            {
                "X-RateLimit-Limit": "100",
                "X-RateLimit-Remaining": "7",
                "X-RateLimit-Reset": f"{RESET}000",
            },
            {"X-RateLimit-Retry-After": "30"},
        ),
        (
            "ietf",
            {"RateLimit": '"standard";r=7;t=30', "RateLimit-Policy": '"standard";q=100;w=60'},
            {"Retry-After": "30"},
        ),
        (
            "ietf_old",
            {"RateLimit-Limit": "100", "RateLimit-Remaining": "7", "RateLimit-Reset": "30"},
            {"Retry-After": "30"},
        ),
        ("none", {}, {}),
    ],
)
def test_dialects(dialect: str, told: Json, refused: Json) -> None:
    api = Api(limit_headers=dialect)
    knobs, _ = api.gateway.stage.at(START)
    assert limit_headers(knobs, quota(admitted=True), START) == told
    assert limit_headers(knobs, quota(admitted=False), START) == told | refused


@pytest.mark.parametrize(("told", "expected"), [(-1, None), (0, "0"), (3600, "3600"), (None, "30")])
def test_a_server_may_lie_about_the_wait(told: int | None, expected: str | None) -> None:
    headers = limit_headers(Knobs(retry_after=told), quota(admitted=False), START)
    assert headers.get("X-RateLimit-Retry-After") == expected


@pytest.mark.parametrize(
    ("knobs", "told"),
    [
        (Knobs(), {"API-Version": "1.0.0"}),
        (Knobs(version=""), {}),
        (
            Knobs(deprecated_days=0, sunset_days=184),
            {
                "API-Version": "1.0.0",
                "API-Deprecation-Date": "2023-11-14T23:59:59Z",
                "API-Sunset-Date": "2024-05-16T23:59:59Z",
            },
        ),
        (
            Knobs(version="", deprecated_days=-1, sunset_days=1, lifecycle_headers="rfc"),
            {"Deprecation": "@1699919999", "Sunset": "Wed, 15 Nov 2023 23:59:59 GMT"},
        ),
    ],
)
def test_life_cycle(knobs: Knobs, told: Json) -> None:
    assert lifecycle_headers(knobs, START) == told


INTENT: Json = {"bandwidth": 100, "latency": 10, "slice_type": "eMBB"}
TEXT = {"Content-Type": "text/plain"}


@pytest.mark.parametrize(
    ("asked", "status", "limit"),
    [
        (("GET", "/monitoring/health", None, {}), 200, "5000"),
        (("GET", "/orchestrator/intents", None, {}), 200, "1000"),
        (("POST", "/orchestrator/intents", INTENT, {}), 201, "1000"),
        (("DELETE", "/orchestrator/intents/intent-005", None, {}), 204, "1000"),
        (("POST", "/orchestrator/intents", b"{", {}), 400, "1000"),
        (("GET", "/orchestrator/intents", None, {"Authorization": ""}), 401, "1000"),
        (("GET", "/orchestrator/intents", None, {"Authorization": "Bearer x"}), 401, "1000"),
        (("POST", "/auth/login", {"username": "demo", "password": "x"}, {}), 401, "1000"),
        (("POST", "/auth/refresh", {"refresh_token": "x"}, {}), 401, "1000"),
        (("GET", "/orchestrator/intents/none", None, {}), 404, "1000"),
        (("GET", "/monitoring/slices/none/metrics", None, {}), 404, "5000"),
        (("GET", "/nowhere", None, {}), 404, "1000"),
        (("GET", "/orchestrator/plan", None, {}), 405, "1000"),
        (("DELETE", "/orchestrator/intents/intent-001", None, {}), 409, "1000"),
        (("POST", "/orchestrator/intents", b"{}", TEXT), 415, "1000"),
        (("POST", "/orchestrator/intents", {}, {}), 422, "1000"),
        (("POST", "/vnf-operator/vnfs", {}, {}), 422, "100"),
    ],
)
def test_every_answer_has_the_headers(
    asked: tuple[str, str, object, dict[str, str]], status: int, limit: str
) -> None:
    method, path, content, headers = asked
    answer = logged_in().ask(method, path, content, headers=headers)
    assert answer.status == status
    assert answer.headers["X-RateLimit-Limit"] == limit
    assert int(answer.headers["X-RateLimit-Remaining"]) < int(limit)
    assert answer.headers["X-RateLimit-Reset"] == str(int(START) + 60)
    assert answer.headers["API-Version"] == "1.0.0"
    assert answer.headers["Date"] == "Tue, 14 Nov 2023 22:14:00 GMT"


def test_headers_may_be_set_and_taken_away() -> None:
    api = Api(headers={"X-RateLimit-Reset": "soon", "X-RateLimit-Remaining": None, "X-Else": "1"})
    headers = api.get("/monitoring/health").headers
    assert headers["X-RateLimit-Reset"] == "soon"
    assert headers["X-Else"] == "1"
    assert "X-RateLimit-Remaining" not in headers


def test_headers_are_set_and_taken_away_by_names_of_any_case() -> None:
    asked = {"x-ratelimit-reset": "soon", "API-VERSION": None, "date": "today"}
    told = Api(headers=asked).get("/monitoring/health").headers
    assert sorted(told) == [
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "date",
        "x-ratelimit-reset",
    ]


def test_a_faults_headers_take_the_place_of_others_whatever_their_case() -> None:
    fault = {"status": 401, "headers": {"api-version": "2", "www-authenticate": "Basic"}}
    told = Api(status={"*": fault}).get("/monitoring/health").headers
    assert (told["api-version"], told["www-authenticate"]) == ("2", "Basic")
    assert not {"API-Version", "WWW-Authenticate"} & set(told)


LAYERS = st.lists(
    st.dictionaries(st.sampled_from(["Date", "date", "DATE", "X-A", "x-a"]), st.none() | st.text())
)


@given(LAYERS)
def test_merged_headers_are_those_of_the_last_layer(layers: list[dict[str, str | None]]) -> None:
    def put(onto: CIMultiDict[str | None], layer: dict[str, str | None]) -> CIMultiDict[str | None]:
        for name, value in layer.items():
            onto[name] = value
        return onto

    last = reduce(put, layers, CIMultiDict[str | None]())
    told = merged(*layers)
    assert len({name.lower() for name in told}) == len(told)
    assert CIMultiDict(told) == CIMultiDict({k: v for k, v in last.items() if v is not None})


def test_a_refusal_says_when_to_come_again() -> None:
    api = logged_in(limits={"standard": {"requests": 1}})
    assert api.get("/orchestrator/intents").status == 200
    api.clock.pass_(20)
    refused = api.get("/orchestrator/intents")
    assert refused.status == 429
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert refused.headers["X-RateLimit-Limit"] == "1"
    assert refused.headers["X-RateLimit-Reset"] == str(int(START) + 60)
    assert refused.headers["X-RateLimit-Retry-After"] == "40"
    assert refused.headers["API-Version"] == "1.0.0"
    api.clock.pass_(40)
    assert api.get("/orchestrator/intents").status == 200


def test_headers_show_just_what_others_took() -> None:
    api = logged_in(background={"standard": 300})
    left = []
    for _ in range(4):
        left.append(int(api.get("/orchestrator/intents").headers["X-RateLimit-Remaining"]))
        api.clock.pass_(12)
    # One request of ours each, 60 of the others in every 12 s.
    assert left == [999, 938, 877, 816]


def test_a_clock_that_is_ahead_is_ahead_everywhere() -> None:
    api = Api(clock_skew_seconds=3600)
    told = api.get("/monitoring/health")
    assert told.headers["Date"] == "Tue, 14 Nov 2023 23:14:00 GMT"
    assert told.headers["X-RateLimit-Reset"] == str(int(START) + 3660)
    # What will happen happens by that clock, too: others are at work half a minute after a start.
    ahead = logged_in(clock_skew_seconds=31)
    assert body(ahead.get("/orchestrator/intents"))["total"] == 7
