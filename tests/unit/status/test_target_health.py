"""The guide's health check, answered out of what was seen."""

from collections.abc import Mapping
from typing import Final

import msgspec
import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Auth
from exporter.config.values import Secret
from exporter.model.observation import Key, Observation, Rejection, Renewal
from exporter.planning.job import Plan
from exporter.status.target_health import SURFACES, HealthCheck, TargetHealth, health
from tests.unit.status.factories import (
    HEALTH,
    INTENTS,
    LOGIN,
    NOW,
    Bench,
    call,
    job,
    plan,
    run,
    skip,
    target_plan,
)

VNFS: Final = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
WELL: Final = run(deciding=call())
TOKEN: Final = Renewal(LOGIN, NOW, "login", None, NOW + 3600, 3600, 0.5)
LOGGED_IN: Final = (TOKEN, run(LOGIN, lateness=None, deciding=call(LOGIN)))
REFUSED: Final = (
    Renewal(LOGIN, NOW, "login", "auth_rejected"),
    run(LOGIN, reason="auth_rejected", deciding=call(LOGIN, status=401), detail="answered 401"),
)
BEARER: Final = Auth(type="bearer", token_file="t")
BASIC: Final = Auth(type="basic", username="u", password=Secret("p"))

INTENTS_PATH: Final = job(INTENTS).endpoint
HEALTH_PATH: Final = job(HEALTH).endpoint


def of_one(bench: Bench) -> TargetHealth:
    (only,) = health(bench.latest.snapshot())
    return only


def after(*observations: Observation, auth: Auth | None = None) -> TargetHealth:
    bench = Bench(plan(**({} if auth is None else {"auth": auth})))
    bench.take(*observations)
    return of_one(bench)


def told(found: TargetHealth) -> Mapping[str, str]:
    return {name: f"{check.status}: {check.message}" for name, check in found.checks.items()}


def test_before_anything_was_seen_nothing_is_known() -> None:
    bench = Bench()
    found = of_one(bench)
    assert found.overall_status == "unknown"
    assert told(found) == {
        "authentication": "unknown: Authentication not tried yet",
        HEALTH_PATH: "unknown: Health endpoint not asked lately",
        INTENTS_PATH: "unknown: Orchestrator API not asked lately",
    }
    assert bench.value("oran_mano_target_healthy", None, target="lab") is None


def test_all_is_well_in_the_shape_of_the_guide() -> None:
    found = after(*LOGGED_IN, WELL, run(INTENTS, deciding=call(INTENTS)))
    assert msgspec.to_builtins(found) == {
        "target": "lab",
        "overall_status": "healthy",
        "timestamp": NOW,
        "checks": {
            "authentication": {
                "status": "healthy",
                "message": "Authentication successful",
                "response_time_ms": 250.0,
                "since": NOW,
                "lasted": 0.0,
            },
            HEALTH_PATH: {
                "status": "healthy",
                "message": "Health endpoint responding",
                "response_time_ms": 250.0,
                "since": NOW,
                "lasted": 0.0,
            },
            INTENTS_PATH: {
                "status": "healthy",
                "message": "Orchestrator API responding",
                "response_time_ms": 250.0,
                "since": NOW,
                "lasted": 0.0,
            },
        },
    }


def test_what_is_not_known_is_not_in_the_json() -> None:
    assert msgspec.to_builtins(HealthCheck("unknown", "m")) == {"status": "unknown", "message": "m"}


REFUSED_CONNECTION: Final = run(INTENTS, reason="connect_refused", detail="nobody listens")
UNAVAILABLE: Final = run(INTENTS, reason="http_5xx", deciding=call(INTENTS, status=503))
SURFACE_CASES: Final[dict[str, tuple[tuple[Observation, ...], str]]] = {
    "another status": ((UNAVAILABLE,), "unhealthy: Orchestrator API returned 503"),
    "told to come back later": (
        (run(INTENTS, reason="throttled", deciding=call(INTENTS, status=429)),),
        "unhealthy: Orchestrator API returned 429",
    ),
    "no answer": (
        (REFUSED_CONNECTION,),
        "unhealthy: Orchestrator API error: connect_refused: nobody listens",
    ),
    "a good status with a bad body": (
        (run(INTENTS, reason="body_invalid", deciding=call(INTENTS), detail="no JSON"),),
        "unhealthy: Orchestrator API error: body_invalid: no JSON",
    ),
    "a fault of our own": (
        (run(INTENTS, reason="internal", detail="KeyError"),),
        "unknown: Orchestrator API not known: internal: KeyError",
    ),
    "slow and yet good": (
        (run(INTENTS, slow=True, deciding=call(INTENTS)),),
        "healthy: Orchestrator API responding",
    ),
    "well, and the budget is used up": (
        (run(INTENTS, deciding=call(INTENTS)), skip("budget", INTENTS)),
        "healthy: Orchestrator API responding, not asked since: budget",
    ),
    "well, and there is no token any more": (
        (run(INTENTS, deciding=call(INTENTS)), skip("no_token", INTENTS)),
        "healthy: Orchestrator API responding, not asked since: no_token",
    ),
    "failing, and there is no token any more": (
        (UNAVAILABLE, skip("no_token", INTENTS)),
        "unhealthy: Orchestrator API returned 503, not asked since: no_token",
    ),
    "never asked": (
        (skip("retry_after", INTENTS),),
        "unknown: Orchestrator API not asked: retry_after",
    ),
    "another replica asks": (
        (UNAVAILABLE, skip("not_leader", INTENTS)),
        "unknown: Orchestrator API not asked: not_leader",
    ),
}


@pytest.mark.parametrize(("seen", "check"), SURFACE_CASES.values(), ids=SURFACE_CASES.keys())
def test_a_surface(seen: tuple[Observation, ...], check: str) -> None:
    assert told(after(*seen))[INTENTS_PATH] == check


LATE_REFRESH: Final = (
    Renewal(LOGIN, NOW, "login", "http_5xx"),
    run(LOGIN, reason="http_5xx", deciding=call(LOGIN, status=503), detail="answered 503"),
)
REJECTED: Final = run(
    INTENTS, reason="auth_rejected", deciding=call(INTENTS, status=401), detail="answered 401"
)
FILE: Final = Renewal(LOGIN, NOW, "file", None, NOW + 60, 60)
AUTHENTICATION_CASES: Final[dict[str, tuple[Auth | None, tuple[Observation, ...], str]]] = {
    "refused": (
        None,
        REFUSED,
        "unhealthy: Authentication failed: auth_rejected: answered 401",
    ),
    "renewed in vain, while the token is good": (
        None,
        (*LOGGED_IN, *LATE_REFRESH),
        "unhealthy: Authentication failed: http_5xx: answered 503, the token in use is still good",
    ),
    "well again": (None, (*REFUSED, *LOGGED_IN), "healthy: Authentication successful"),
    "given up": (
        None,
        (*LOGGED_IN, Rejection(INTENTS, NOW, dropped=True)),
        "unhealthy: Authentication failed: the token is not accepted any more",
    ),
    "ended": (
        None,
        (Renewal(LOGIN, NOW - 99, "login", None, NOW - 9, 90),),
        "unhealthy: Authentication failed: the token has ended",
    ),
    "a token out of a file": (BEARER, (FILE,), "healthy: Authentication successful"),
    "a file without a token": (
        BEARER,
        (Renewal(LOGIN, NOW, "file", "auth_rejected"),),
        "unhealthy: Authentication failed: the file holds no token",
    ),
    "no file": (
        BEARER,
        (skip("no_token", INTENTS),),
        "unhealthy: Authentication failed: there is no token in its file",
    ),
    "a token out of a file that nobody accepts": (
        BEARER,
        (FILE, REJECTED),
        "unhealthy: Authentication failed: auth_rejected: answered 401",
    ),
    "a password, not used yet": (
        BASIC,
        (skip("no_token", INTENTS),),
        "unknown: Authentication not tried yet",
    ),
    "a password that is accepted": (
        BASIC,
        (run(INTENTS, deciding=call(INTENTS)),),
        "healthy: Authentication successful",
    ),
    "a password that is not": (
        BASIC,
        (REJECTED,),
        "unhealthy: Authentication failed: auth_rejected: answered 401",
    ),
    "a password, and no answer": (
        BASIC,
        (REFUSED_CONNECTION,),
        "unknown: Authentication not tried yet",
    ),
}


@pytest.mark.parametrize(
    ("auth", "seen", "check"), AUTHENTICATION_CASES.values(), ids=AUTHENTICATION_CASES.keys()
)
def test_authentication(auth: Auth | None, seen: tuple[Observation, ...], check: str) -> None:
    assert told(after(*seen, auth=auth))["authentication"] == check


def test_a_token_that_one_surface_takes_is_good_though_another_refuses_it() -> None:
    bench = Bench(plan(job(LOGIN), job(INTENTS), job(VNFS)))
    bench.take(*LOGGED_IN, REJECTED)
    assert of_one(bench).checks["authentication"].status == "unhealthy"
    bench.take(run(VNFS, deciding=call(VNFS)))
    assert of_one(bench).checks["authentication"].status == "healthy"


def test_without_an_account_there_is_no_authentication_to_check() -> None:
    found = after(WELL, auth=Auth(type="none"))
    assert list(found.checks) == [HEALTH_PATH, INTENTS_PATH]


def test_what_is_off_is_not_checked() -> None:
    bench = Bench(Plan((target_plan(name="lab", auth=Auth(type="none")),)))
    assert of_one(bench) == TargetHealth("lab", "unknown", NOW, {})


OVERALL: Final[dict[str, tuple[tuple[Observation, ...], str, float | None]]] = {
    "nothing": ((), "unknown", None),
    "one well, the others unknown": ((WELL,), "healthy", 1),
    "one unhealthy, the others unknown": ((UNAVAILABLE,), "unhealthy", 0),
    "one unhealthy, the others well": ((*LOGGED_IN, WELL, UNAVAILABLE), "unhealthy", 0),
    "the login refused, and so nothing asked": (
        (*REFUSED, WELL, skip("no_token", INTENTS)),
        "unhealthy",
        0,
    ),
}


@pytest.mark.parametrize(("seen", "status", "gauge"), OVERALL.values(), ids=OVERALL.keys())
def test_overall(seen: tuple[Observation, ...], status: str, gauge: float | None) -> None:
    bench = Bench()
    bench.take(*seen)
    assert of_one(bench).overall_status == status
    assert bench.value("oran_mano_target_healthy", None, target="lab") == gauge


def test_what_expired_is_not_known_any_more() -> None:
    bench = Bench()
    bench.take(WELL)
    bench.clock.now += 3 * 30
    assert of_one(bench).overall_status == "unknown"
    assert bench.value("oran_mano_target_healthy", None, target="lab") is None


def test_each_target_has_its_own() -> None:
    targets = [target_plan(job(HEALTH), name=name, auth=Auth(type="none")) for name in ("lab", "b")]
    bench = Bench(Plan(tuple(targets)))
    assert [found.target for found in health(bench.latest.snapshot())] == ["lab", "b"]


def test_the_surfaces_are_those_of_the_guide() -> None:
    paths = {surface.id: surface.path for surface in CATALOG}
    assert [paths[name] for name in SURFACES] == [
        "/monitoring/health",
        "/orchestrator/intents",
        "/vnf-operator/vnfs",
        "/tn-manager/agents",
    ]
