"""What a client meets in each of the scenarios."""

import pytest

from exporter.simulator.exchange import Reply
from exporter.simulator.operation import Operation
from exporter.simulator.request import ReceivedRequest
from exporter.simulator.routes import OPERATIONS
from exporter.simulator.scenarios import SCENARIOS
from tests.unit.simulator.support import START, Api, Json, body, logged_in

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
    return api.gateway.arrive(ReceivedRequest("GET", f"/v1{path}", (), headers, "::1")).delay


def charged(api: Api, rate_class: str) -> Reply:
    """One request of a class; nothing comes of it."""
    asked = {
        "standard": ("GET", INTENTS),
        "deployment": ("DELETE", "/vnf-operator/vnfs/none"),
        "monitoring": ("GET", HEALTH),
    }
    return api.ask(*asked[rate_class])


@pytest.mark.parametrize(
    ("rate_class", "count"), [("standard", 20), ("deployment", 5), ("monitoring", 30)]
)
def test_throttled(rate_class: str, count: int) -> None:
    api = logged_in("throttled")
    statuses = [charged(api, rate_class).status for _ in range(count + 2)]
    assert [status == 429 for status in statuses] == [False] * count + [True] * 2
    api.clock.pass_(60)
    assert charged(api, rate_class).status != 429


@pytest.mark.parametrize(
    ("rate_class", "limit"), [("standard", 1000), ("deployment", 100), ("monitoring", 5000)]
)
def test_quota_eaten(rate_class: str, limit: int) -> None:
    api = logged_in("quota_eaten")
    left = []
    for _ in range(2):
        left.append(int(charged(api, rate_class).headers["X-RateLimit-Remaining"]))
        api.clock.pass_(40)
    assert left == [limit - 1, limit - limit * 4 // 5 - 2]
    api.clock.pass_(-30)
    assert charged(api, rate_class).status == 429
    api.clock.pass_(10)
    assert charged(api, rate_class).status != 429


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


def test_a_scenario_that_is_played_again_begins_again() -> None:
    api = Api("flapping")
    api.clock.pass_(20)
    assert api.get(HEALTH).status == 503
    api.play("flapping")
    assert api.get(HEALTH).status == 200
    api.clock.pass_(19)
    assert api.get(HEALTH).status == 200
    api.clock.pass_(1)
    assert api.get(HEALTH).status == 503


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.surface)
def test_down_is_down_for_all(operation: Operation) -> None:
    api = logged_in()
    api.play("down")
    answer = api.ask(operation.method, operation.path.replace("{", "").replace("}", ""), {})
    assert answer.status == 503


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
    assert set(told) == set(SCENARIOS) - {"scripted"}
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
