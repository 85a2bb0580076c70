"""The scenarios: how documents are read, what the rows do, what is in force when."""

import pytest

from exporter.simulator.knobs import Fault, Knobs, treatment
from exporter.simulator.request import Request
from exporter.simulator.routes import SURFACES
from exporter.simulator.scenario import Scenario, ScenarioError, Step, knobs_of, phase, read
from exporter.simulator.scenarios import SCENARIOS
from tests.unit.simulator.support import START, Api, Json, body, logged_in

NAMES = {
    *("healthy", "slow", "throttled", "quota_eaten", "expiring_tokens", "login_refused"),
    *("failing_component", "degraded", "slice_breach", "deprecated", "sunset_moved_earlier"),
    *("contract_drift", "flapping", "down", "scripted"),
}


def test_the_rows() -> None:
    assert set(SCENARIOS) == NAMES


@pytest.mark.parametrize("row", SCENARIOS.values(), ids=lambda row: row.name)
def test_every_row_is_a_good_document(row: Scenario) -> None:
    assert row.summary.endswith(".")
    read({"name": "copy", "base": row.name, **row.knobs}, SCENARIOS, SURFACES)
    for step in row.steps:
        read({"name": "healthy", **step.knobs}, SCENARIOS, SURFACES)
        assert not step.scenario or step.scenario in SCENARIOS


def test_healthy_is_what_the_knobs_mean_by_themselves() -> None:
    assert SCENARIOS["healthy"].knobs == {}
    assert all(treatment(Knobs(), surface) == treatment(Knobs(), "x") for surface in SURFACES)


def test_the_script_walks_through_all_the_others() -> None:
    script = SCENARIOS["scripted"]
    seconds = script.steps[0].seconds
    walked = [phase(script, SCENARIOS, (number + 0.5) * seconds).path[2] for number in range(15)]
    assert set(walked) == NAMES - {"scripted"}
    assert walked[0] == walked[14] == "healthy"


STEPS = (
    Step(seconds=20),
    Step(seconds=10, knobs={"token_seconds": 2}),
    Step(seconds=5, scenario="down"),
)


@pytest.mark.parametrize(
    ("elapsed", "repeat", "step", "began"),
    [
        (0, True, "1", 0),
        (19.99, True, "1", 0),
        (20, True, "2", 20),
        (34.9, True, "3", 30),
        (35, True, "1", 35),
        (56, True, "2", 55),
        (34, False, "3", 30),
        (1000, False, "3", 30),
    ],
)
def test_steps(elapsed: float, *, repeat: bool, step: str, began: float) -> None:
    row = Scenario(name="x", knobs={"token_seconds": 1}, steps=STEPS, repeat=repeat)
    found = phase(row, SCENARIOS, elapsed)
    assert found.path[:2] == ("x", step)
    assert found.began == pytest.approx(began)
    assert found.knobs["token_seconds"] == (2 if step == "2" else 1)
    assert found.knobs.get("status") == ({"*": 503} if step == "3" else None)


def test_steps_within_steps() -> None:
    row = Scenario(name="x", steps=(Step(seconds=5), Step(seconds=100, scenario="flapping")))
    assert "status" not in phase(row, SCENARIOS, 6).knobs
    found = phase(row, SCENARIOS, 26)
    assert found.path == ("x", "2", "flapping", "2")
    assert found.knobs["status"] == {"*": 503}
    assert found.began == pytest.approx(25)


def test_knobs_of_a_step_win_over_its_scenario_and_that_over_the_row() -> None:
    step = Step(seconds=5, scenario="expiring_tokens", knobs={"token_seconds": 3})
    row = Scenario(name="x", knobs={"refresh_seconds": 1, "version": "2"}, steps=(step,))
    found = phase(row, SCENARIOS, 0).knobs
    assert (found["token_seconds"], found["refresh_seconds"], found["version"]) == (3, 120, "2")


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "a scenario is an object"),
        (None, "a scenario is an object"),
        ({"name": "healty"}, "unknown scenario 'healty'; did you mean 'healthy'?"),
        ({"name": "mine"}, "unknown scenario 'mine'; known are "),
        ({"name": 5}, "name: Expected `str | null`, got `int`"),
        ({"name": "mine", "base": "dwn"}, "unknown scenario 'dwn'; did you mean 'down'?"),
        ({"name": "healthy", "tokenseconds": 1}, "did you mean 'token_seconds'?"),
        ({"name": "healthy", "token_seconds": "1"}, "token_seconds: Expected `int`, got `str`"),
        ({"name": "healthy", "token_seconds": 0}, "token_seconds: Expected `int` >= 1"),
        ({"name": "healthy", "latency_factor": -1}, "latency_factor: Expected `float` >= 0"),
        ({"name": "healthy", "status": {"*": 99}}, "status: Expected `int` >= 200"),
        ({"name": "healthy", "status": {"*": {"status": 500, "ratio": 2}}}, "status: Expected"),
        ({"name": "healthy", "drift": {"*": ["typo"]}}, "drift: Invalid enum value 'typo'"),
        ({"name": "healthy", "limits": {"standrd": {"requests": 1}}}, "limits: Invalid enum"),
        (
            {"name": "healthy", "hang": ["tn-manager.agent.status"]},
            "fits no surface; did you mean 'tn-manager.agents.status'?",
        ),
        ({"name": "healthy", "steps": [{"seconds": 0}]}, "steps: Expected `float` > 0"),
        (
            {"name": "healthy", "steps": [{"seconds": 1, "scenario": "dwn"}]},
            "steps: unknown scenario 'dwn'; did you mean 'down'?",
        ),
        ({"name": "healthy", "steps": [{"seconds": 1, "knobs": {"x": 1}}]}, "unknown knob 'x'"),
        ({"name": "healthy", 5: 6}, "unknown knob 5; known are "),
        ({"name": "healthy", "repeat": "yes"}, "repeat: Expected `bool | null`"),
    ],
)
def test_a_document_that_is_not_understood(document: object, told: str) -> None:
    with pytest.raises(ScenarioError) as error:
        read(document, SCENARIOS, SURFACES)
    assert told in str(error.value)


def test_a_document_of_ones_own() -> None:
    api = logged_in()
    api.gateway.stage.play(
        {
            "name": "mine",
            "base": "deprecated",
            "summary": "Mine.",
            "token_seconds": 7,
            "steps": [{"seconds": 10}, {"seconds": 10, "knobs": {"version": "2.0.0"}}],
            "repeat": True,
        },
        api.clock(),
    )
    told = api.gateway.stage.told(api.clock())
    assert (told["name"], told["summary"], told["phase"]) == ("mine", "Mine.", ["1"])
    assert told["knobs"] == {"deprecated_days": -30, "sunset_days": 180, "token_seconds": 7}
    api.clock.pass_(10)
    assert api.get("/monitoring/health").headers["API-Version"] == "2.0.0"
    assert "API-Sunset-Date" in api.get("/monitoring/health").headers


def test_overrides_lie_on_top_of_every_step() -> None:
    api = Api("flapping", status={"monitoring.health": 418})
    assert api.get("/monitoring/health").status == 418
    api.clock.pass_(20)
    assert api.get("/monitoring/health").status == 418


def test_a_bad_document_leaves_the_old_scenario() -> None:
    api = Api("down")
    with pytest.raises(ScenarioError):
        api.play("nothing")
    assert api.get("/monitoring/health").status == 503


def test_the_last_glob_that_fits_holds() -> None:
    knobs = knobs_of(
        {
            "status": {"*": 503, "monitoring.*": {"status": 500, "ratio": 0.5}},
            "delay": {"vnf-operator.*": 2, "vnf-operator.vnfs.get": 0},
            "hang": ["auth.*"],
        }
    )
    assert treatment(knobs, "auth.login").fault == Fault(status=503)
    assert treatment(knobs, "auth.login").hang
    assert treatment(knobs, "monitoring.health").fault == Fault(status=500, ratio=0.5)
    assert treatment(knobs, "vnf-operator.vnfs.list").delay == 2
    assert treatment(knobs, "vnf-operator.vnfs.get").delay == 0


# What a client meets in each scenario: path, status, and what the answer or its headers hold.
HEALTH = "/monitoring/health"
INTENTS = "/orchestrator/intents"


def test_healthy() -> None:
    api = logged_in("healthy")
    assert body(api.get(HEALTH))["status"] == "healthy"
    assert api.get(INTENTS).status == 200


def test_slow() -> None:
    api = logged_in("slow", latency_factor=4)
    for path, low, high in ((HEALTH, 2.2, 5), (INTENTS, 2.2, 5), ("/vnf-operator/vnfs", 5.5, 9)):
        drawn = [_delay(api, path) for _ in range(200)]
        assert low < min(drawn)
        assert max(drawn) < high


def test_healthy_latencies_are_drawn() -> None:
    api = logged_in(latency_factor=1)
    drawn = sorted(_delay(api, INTENTS) for _ in range(900))
    assert len(set(drawn)) > 800
    assert 0.012 < drawn[450] < 0.016
    assert 0.025 < drawn[890] < 0.3


def _delay(api: Api, path: str) -> float:
    headers = {"Authorization": f"Bearer {api.token}"}
    return api.gateway.arrive(Request("GET", f"/v1{path}", {}, headers, "::1")).delay


def test_throttled() -> None:
    api = logged_in("throttled")
    statuses = [api.get(INTENTS).status for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    api.clock.pass_(60)
    assert api.get(INTENTS).status == 200


def test_quota_eaten() -> None:
    api = logged_in("quota_eaten")
    assert api.get(INTENTS).headers["X-RateLimit-Remaining"] == "999"
    api.clock.pass_(40)
    assert api.get(INTENTS).headers["X-RateLimit-Remaining"] == "198"
    api.clock.pass_(10)
    assert api.get(INTENTS).status == 429
    api.clock.pass_(10)
    assert api.get(INTENTS).status == 200


def test_expiring_tokens() -> None:
    api = logged_in()
    api.play("expiring_tokens")
    assert api.get(INTENTS).status == 200
    api.clock.pass_(40)
    assert api.get(INTENTS).status == 401  # though it says that it is good for an hour
    told = api.login()
    assert told["expires_in"] == 40
    refresh = {"refresh_token": told["refresh_token"]}
    assert api.post("/auth/refresh", refresh).status == 200
    assert api.post("/auth/refresh", refresh).status == 401


def test_login_refused() -> None:
    api = logged_in()
    api.play("login_refused")
    login = api.post("/auth/login", {"username": "demo", "password": "demo"})
    assert login.status == 401
    assert body(login)["detail"] == "Invalid credentials"
    assert login.headers["WWW-Authenticate"] == 'Bearer realm="oran-mano"'
    assert api.get(INTENTS).status == 401
    assert api.get(HEALTH).status == 200


def test_failing_component() -> None:
    api = logged_in("failing_component")
    health = body(api.get(HEALTH))
    assert health["status"] == "unhealthy"
    assert health["components"] == {
        "database": "healthy",
        "redis": "healthy",
        "message_queue": "unhealthy",
    }
    assert api.get("/o2-client/deployment-managers").status == 503
    assert api.get(INTENTS).status == 200


def test_degraded() -> None:
    api = logged_in("degraded")
    statuses = [api.get(INTENTS).status for _ in range(500)]
    assert 25 < statuses.count(500) < 85
    assert set(statuses) == {200, 500}
    states = [body(api.get(f"/tn-manager/agents/agent-0{n}/status"))["status"] for n in (1, 2, 3)]
    assert states == ["healthy", "degraded", "failed"]
    agents = body(api.get("/tn-manager/agents"))["agents"]
    assert [a["status"] for a in agents] == ["connected", "connected", "error", "connected"]


def metrics(api: Api, ident: str) -> Json:
    return body(api.get(f"/monitoring/slices/{ident}/metrics"))


def test_slices_keep_their_promises_while_all_is_well() -> None:
    api = logged_in()
    for intent in body(api.get(INTENTS, status="deployed"))["intents"]:
        for _ in range(50):
            api.clock.pass_(7)
            assert missed(intent, metrics(api, intent["id"])) == set()


def test_slice_breach() -> None:
    api = logged_in("slice_breach")
    expected = {"intent-001": {"latency", "packet_loss"}, "intent-002": {"bandwidth"}}
    for intent in body(api.get(INTENTS, status="deployed"))["intents"]:
        told = metrics(api, intent["id"])
        assert missed(intent, told) == expected.get(intent["id"], set())
        assert told["availability"]["sla_compliance"] == (intent["id"] not in expected)


@pytest.mark.parametrize(
    "objective", ["latency", "bandwidth", "jitter", "packet_loss", "reliability"]
)
def test_every_objective_can_be_missed(objective: str) -> None:
    api = logged_in(breach={"*": [objective]})
    intent = body(api.get(f"{INTENTS}/intent-002"))
    assert missed(intent, metrics(api, "intent-002")) == {objective}


def missed(intent: Json, told: Json) -> set[str]:
    checks = {
        "latency": told["latency"]["current_ms"] <= intent["latency"],
        "bandwidth": told["bandwidth_utilization"]["allocated_mbps"] >= intent["bandwidth"],
        "jitter": told["quality"]["jitter_ms"] <= intent["jitter"],
        "packet_loss": told["quality"]["packet_loss_rate"] <= intent["packet_loss"],
        "reliability": told["availability"]["uptime_percent"] / 100 >= intent["reliability"],
    }
    return {objective for objective, kept in checks.items() if not kept}


def test_deprecated() -> None:
    headers = Api("deprecated").get(HEALTH).headers
    assert headers["API-Deprecation-Date"] == "2023-10-15T23:59:59Z"
    assert headers["API-Sunset-Date"] == "2024-05-12T23:59:59Z"


def test_sunset_moved_earlier() -> None:
    api = Api("sunset_moved_earlier")
    before = api.get(HEALTH).headers["API-Sunset-Date"]
    api.clock.pass_(30)
    after = api.get(HEALTH).headers["API-Sunset-Date"]
    api.clock.pass_(3600)
    assert before == "2024-05-12T23:59:59Z"
    assert after == api.get(HEALTH).headers["API-Sunset-Date"] == "2023-12-05T23:59:59Z"


def test_contract_drift() -> None:
    api = logged_in("contract_drift")
    assert "slice_type" not in body(api.get(INTENTS))["intents"][0]
    assert "slice_type" in body(api.get(INTENTS))["intents"][1]
    intent = body(api.get(f"{INTENTS}/intent-001"))
    assert (intent["bandwidth"], intent["latency"]) == (99999, 0)
    assert body(api.get("/vnf-operator/vnfs"))["vnfs"][0]["status"] == "quantum"
    status = body(api.get("/tn-manager/agents/agent-01/status"))
    assert isinstance(status["uptime_seconds"], str)
    assert api.get("/tn-manager/agents").status == 203
    page = api.get("/o2-client/deployment-managers")
    assert (page.status, page.media) == (200, "text/html; charset=utf-8")
    api.play("healthy")
    assert "slice_type" in body(api.get(INTENTS))["intents"][0]
    assert body(api.get(f"{INTENTS}/intent-001"))["bandwidth"] == 1000


def test_flapping() -> None:
    api = Api("flapping")
    told = []
    for _ in range(8):
        told.append(api.get(HEALTH).status)
        api.clock.pass_(10)
    assert told == [200, 200, 503, 503] * 2


def test_down() -> None:
    api = logged_in()
    api.play("down")
    for path in (HEALTH, INTENTS, "/nowhere"):
        answer = api.get(path)
        assert answer.status == 503
        assert body(answer)["title"] == "Service Unavailable"
    assert api.post("/auth/login", {"username": "demo", "password": "demo"}).status == 503


def test_scripted_reaches_down_and_begins_again() -> None:
    api = Api("scripted", latency_factor=0)
    told: dict[str, list[int]] = {}
    for _ in range(2 * 14 * 9):
        name = api.gateway.stage.told(api.clock())["phase"][1]
        told.setdefault(name, []).append(api.get(HEALTH).status)
        api.clock.pass_(5)
    assert set(told) == NAMES - {"scripted"}
    assert set(told["down"]) == {503}
    assert set(told["flapping"]) == {200, 503}
    assert set(told["healthy"]) == {200}
    assert api.clock() == START + 2 * 14 * 45


@pytest.mark.parametrize(
    ("knobs", "status", "expected"),
    [
        ({"body": {"*": "garbage"}}, 200, b'{"status": "healthy", "timest\xff\xfe\x00'),
        ({"body": {"*": "empty"}}, 200, b""),
        ({"status": {"*": 203}}, 203, None),
        ({"status": {"*": {"status": 302, "headers": {"Location": "/login"}}}}, 302, None),
        ({"status": {"*": {"status": 503, "headers": {"Retry-After": "7"}}}}, 503, None),
    ],
)
def test_other_answers(knobs: Json, status: int, expected: bytes | None) -> None:
    answer = Api(**knobs).get(HEALTH)
    assert answer.status == status
    if expected is not None:
        assert answer.body == expected
    if status == 302:
        assert answer.headers["Location"] == "/login"
    if "Retry-After" in str(knobs):
        assert answer.headers["Retry-After"] == "7"


def test_health_may_stand_still() -> None:
    api = Api(frozen_health=True)
    first = body(api.get(HEALTH))["timestamp"]
    api.clock.pass_(30)
    assert body(api.get(HEALTH))["timestamp"] == first
    api.play("healthy")
    assert body(api.get(HEALTH))["timestamp"] != first
