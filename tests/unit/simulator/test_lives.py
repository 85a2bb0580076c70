"""What operations do to the state behind them, and what time does to it."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.simulator.support import UNLIMITED, Api, Json, body, logged_in

INTENT: Json = {"bandwidth": 100.0, "latency": 10.0, "slice_type": "uRLLC"}
VNF: Json = {
    "name": "upf-new",
    "type": "UPF",
    "version": "3.0.0",
    "qos": {"bandwidth": 500, "latency": 10},
    "placement": {"cloud_type": "edge"},
    "image": {"repository": "registry.example/upf", "tag": "3"},
}
NF: Json = {"name": "upf-b", "nf_deployment_descriptor_id": "dm-01-upf"}
DM = "/o2-client/deployment-managers/dm-01/deployments"


def test_an_intent_lives() -> None:
    api = logged_in()
    created = body(api.post("/orchestrator/intents", {**INTENT, "note": "dropped"}))
    path = f"/orchestrator/intents/{created['id']}"
    assert created["status"] == "planned"
    assert created.items() >= INTENT.items()
    assert "note" not in created
    assert body(api.get(path)) == created
    assert body(api.get("/orchestrator/intents"))["total"] == 7
    api.clock.pass_(5)
    updated = body(api.ask("PUT", path, {**INTENT, "bandwidth": 150.0}))
    assert updated["bandwidth"] == 150.0
    assert updated["created_at"] == created["created_at"]
    assert updated["updated_at"] > created["updated_at"]
    assert body(api.get(path)) == updated
    assert api.ask("DELETE", path).status == 204
    assert api.get(path).status == 404
    assert api.ask("DELETE", path).status == 404


def test_a_deployed_intent_is_not_deleted() -> None:
    api = logged_in()
    answer = api.ask("DELETE", "/orchestrator/intents/intent-001")
    assert answer.status == 409
    assert api.get("/orchestrator/intents/intent-001").status == 200


def test_an_update_replaces_what_was_asked_for() -> None:
    api = logged_in()
    path = "/orchestrator/intents/intent-005"
    assert "jitter" in body(api.get(path))
    assert "jitter" not in body(api.ask("PUT", path, INTENT))
    vnf = "/vnf-operator/vnfs/vnf-001"
    assert "resources" in body(api.get(vnf))
    assert "resources" not in body(api.ask("PUT", vnf, VNF))


@pytest.mark.parametrize("choice", [{"dry_run": True}, {}])
def test_a_dry_run_leaves_nothing_behind(choice: Json) -> None:
    api = logged_in()
    plan = body(api.post("/orchestrator/plan", {"intents": [INTENT, INTENT], **choice}))
    assert plan["total_slices"] == len(plan["allocations"]) == 2
    assert len({a["slice_id"] for a in plan["allocations"]}) == 2
    assert body(api.get("/orchestrator/intents"))["total"] == 6
    assert api.post("/orchestrator/deploy", {"plan_id": plan["id"]}).status == 404


def deployed(api: Api, intent: Json) -> tuple[str, str]:
    plan = body(api.post("/orchestrator/plan", {"intents": [intent], "dry_run": False}))
    told = api.post("/orchestrator/deploy", {"plan_id": plan["id"]})
    assert told.status == 202
    return plan["allocations"][0]["slice_id"], body(told)["deployment_id"]


def test_a_deployment_takes_its_time() -> None:
    api = logged_in(deploy_seconds=20)
    intent = body(api.post("/orchestrator/intents", INTENT))
    slice_id, deployment = deployed(api, intent)
    assert slice_id == intent["id"]
    path = f"/orchestrator/deployments/{deployment}"
    course = []
    for _ in range(5):
        status = body(api.get(path))
        course.append((status["status"], status["progress_percent"]))
        assert ("completed_at" in status) == (status["status"] == "completed")
        api.clock.pass_(5)
    assert course == [
        ("queued", 0),
        ("running", 25),
        ("running", 50),
        ("running", 75),
        ("completed", 100),
    ]
    assert body(api.get(f"/orchestrator/intents/{slice_id}"))["status"] == "deployed"
    assert api.get(f"/monitoring/slices/{slice_id}/metrics").status == 200


def test_an_intent_under_deployment_is_not_deleted() -> None:
    api = logged_in()
    intent = body(api.post("/orchestrator/intents", INTENT))
    deployed(api, intent)
    path = f"/orchestrator/intents/{intent['id']}"
    assert body(api.get(path))["status"] == "planned"
    assert api.ask("DELETE", path).status == 409


def test_a_plan_for_what_is_no_intent_yet_makes_it_one() -> None:
    api = logged_in()
    slice_id, _ = deployed(api, INTENT)
    assert body(api.get(f"/orchestrator/intents/{slice_id}"))["status"] == "planned"
    api.clock.pass_(20)
    assert body(api.get(f"/orchestrator/intents/{slice_id}"))["status"] == "deployed"


def test_deployments_may_fail() -> None:
    api = logged_in(deploy_outcome="failed", deploy_seconds=10)
    slice_id, deployment = deployed(api, INTENT)
    created = body(api.post(DM, NF))
    api.clock.pass_(10)
    assert body(api.get(f"/orchestrator/deployments/{deployment}"))["status"] == "failed"
    assert body(api.get(f"/orchestrator/intents/{slice_id}"))["status"] == "failed"
    assert body(api.get(f"{DM}/{created['id']}"))["status"] == "failed"
    assert api.ask("DELETE", f"/orchestrator/intents/{slice_id}").status == 204


def test_conflicts_may_be_forced() -> None:
    api = logged_in()
    intent = body(api.get("/orchestrator/intents/intent-001"))
    plan = body(api.post("/orchestrator/plan", {"intents": [intent], "dry_run": False}))
    refused = api.post("/orchestrator/deploy", {"plan_id": plan["id"]})
    assert refused.status == 409
    assert "intent-001" in body(refused)["detail"]
    assert api.post("/orchestrator/deploy", {"plan_id": plan["id"], "force": True}).status == 202


def test_a_deployment_needs_a_plan() -> None:
    answer = logged_in().post("/orchestrator/deploy", {})
    assert answer.status == 422
    assert body(answer)["errors"][0]["code"] == "REQUIRED_ERROR"


def test_an_update_leaves_a_deployed_intent_deployed() -> None:
    api = logged_in()
    path = "/orchestrator/intents/intent-001"
    assert body(api.ask("PUT", path, INTENT))["status"] == "deployed"
    assert body(api.get(path))["status"] == "deployed"
    assert api.ask("DELETE", path).status == 409


@pytest.mark.parametrize("seconds", [0, 20, 45])
def test_a_plan_tells_how_long_it_will_take(seconds: int) -> None:
    api = logged_in(deploy_seconds=seconds)
    assert body(api.post("/orchestrator/plan", {"intents": [INTENT]}))["estimated_time"] == seconds


@pytest.mark.parametrize(
    ("query", "timeframe", "seconds"),
    [
        ({}, "1h", 3600),
        ({"timeframe": "1h"}, "1h", 3600),
        ({"timeframe": "6h"}, "6h", 21600),
        ({"timeframe": "24h"}, "24h", 86400),
        ({"timeframe": "7d"}, "7d", 604800),
    ],
)
def test_measurements_are_of_the_time_asked_for(
    query: dict[str, str], timeframe: str, seconds: int
) -> None:
    told = body(logged_in().get("/monitoring/slices/intent-001/metrics", **query))
    assert told["timeframe"] == timeframe
    down = 1 - told["availability"]["uptime_percent"] / 100
    assert told["availability"]["downtime_seconds"] == pytest.approx(down * seconds, abs=1)


def test_a_vnfs_name_is_taken_until_it_is_gone() -> None:
    api = logged_in()
    created = body(api.post("/vnf-operator/vnfs", VNF))
    path = f"/vnf-operator/vnfs/{created['id']}"
    refused = api.post("/vnf-operator/vnfs", VNF)
    assert refused.status == 409
    assert "upf-new" in body(refused)["detail"]
    assert body(api.get("/vnf-operator/vnfs"))["total"] == 9
    assert api.ask("PUT", path, VNF).status == 200
    assert api.ask("PUT", "/vnf-operator/vnfs/vnf-001", VNF).status == 409
    api.ask("DELETE", path)
    assert api.post("/vnf-operator/vnfs", VNF).status == 409
    api.clock.pass_(5)
    assert api.post("/vnf-operator/vnfs", VNF).status == 201


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"url": "mailto:a"}, "url", "PATTERN_ERROR"),
        ({"url": "ftp://r.example/hook"}, "url", "PATTERN_ERROR"),
        ({"url": "https://"}, "url", "PATTERN_ERROR"),
        ({"url": "r.example/hook"}, "url", "PATTERN_ERROR"),
        ({"events": []}, "events", "LENGTH_ERROR"),
        ({"events": ["slice.gone"]}, "events[0]", "ENUM_ERROR"),
        ({"secret": ""}, "secret", "LENGTH_ERROR"),
    ],
)
def test_a_subscription_that_could_never_be_served(changes: Json, field: str, code: str) -> None:
    wanted = {"url": "http://r.example/hook", "events": ["slice.failed"], "secret": "s"}
    api = logged_in()
    answer = api.post("/webhooks/subscriptions", {**wanted, **changes})
    assert answer.status == 422
    assert (field, code) in {(e["field"], e["code"]) for e in body(answer)["errors"]}
    assert api.gateway.world.subscriptions == {}


def test_a_vnf_lives() -> None:
    api = logged_in(deploy_seconds=20)
    created = body(api.post("/vnf-operator/vnfs", VNF))
    path = f"/vnf-operator/vnfs/{created['id']}"
    assert created.items() >= VNF.items()
    course = []
    for seconds in (0, 2, 8):
        api.clock.pass_(seconds)
        vnf = body(api.get(path))
        course.append((vnf["status"], len(vnf["instances"])))
    assert course == [("Pending", 0), ("Creating", 0), ("Running", 1)]
    assert body(api.ask("PUT", path, {**VNF, "version": "4"}))["version"] == "4"
    operation = api.post(f"{path}/scale", {"replicas": 3})
    assert (operation.status, body(operation)["status"]) == (202, "pending")
    assert len(body(api.get(path))["instances"]) == 1
    api.clock.pass_(2)
    assert len({i["name"] for i in body(api.get(path))["instances"]}) == 3
    assert api.ask("DELETE", path).status == 204
    assert body(api.get(path))["status"] == "Deleting"
    assert api.ask("DELETE", path).status == 204
    assert api.ask("PUT", path, VNF).status == 409
    assert api.post(f"{path}/scale", {"replicas": 1}).status == 409
    api.clock.pass_(5)
    assert api.get(path).status == 404


def test_what_is_going_does_not_come_back() -> None:
    api = logged_in(deploy_seconds=20)
    path = f"/vnf-operator/vnfs/{body(api.post('/vnf-operator/vnfs', VNF))['id']}"
    api.ask("DELETE", path)
    api.clock.pass_(3)
    assert body(api.get(path))["status"] == "Deleting"


def test_an_agent_connects_after_a_while() -> None:
    api = logged_in()
    wanted = {"name": "edge03", "endpoint": "https://edge03.example", "capabilities": ["tc"]}
    created = body(api.post("/tn-manager/agents", wanted))
    assert created.items() >= wanted.items()
    assert created["status"] == "disconnected"
    api.clock.pass_(5)
    agents = {a["id"]: a for a in body(api.get("/tn-manager/agents"))["agents"]}
    assert agents[created["id"]]["status"] == "connected"
    assert body(api.get(f"/tn-manager/agents/{created['id']}/status"))["status"] == "healthy"


def test_slices_take_bandwidth_of_their_agent() -> None:
    api = logged_in()
    status, slices = "/tn-manager/agents/agent-01/status", "/tn-manager/agents/agent-01/slices"
    before = body(api.get(status))
    told = body(api.post(slices, {"slice_id": "a", "bandwidth_mbps": 1000, "vlan_id": 7}))
    assert (told["status"], told["bandwidth_allocated"], told["vlan_id"]) == ("configured", 1000, 7)
    api.post(slices, {"slice_id": "a", "bandwidth_mbps": 2000})
    after = body(api.get(status))
    assert after["active_slices"] == before["active_slices"] + 1
    taken = before["available_bandwidth_mbps"] - after["available_bandwidth_mbps"]
    assert taken == pytest.approx(2000)
    assert (
        body(api.post(slices, {"slice_id": "a", "bandwidth_mbps": 9000}))["status"] == "configured"
    )
    api.post(slices, {"slice_id": "a", "bandwidth_mbps": 2000})
    refused = body(api.post(slices, {"slice_id": "b", "bandwidth_mbps": 8001}))
    assert (refused["status"], refused["bandwidth_allocated"]) == ("failed", 0)
    assert body(api.get(status))["active_slices"] == 1


def test_an_nf_deployment_lives() -> None:
    api = logged_in(deploy_seconds=20)
    created = body(api.post(DM, {**NF, "input_params": {"replicas": 2}}))
    path = f"{DM}/{created['id']}"
    course = [created["status"]]
    for seconds in (2, 8):
        api.clock.pass_(seconds)
        course.append(body(api.get(path))["status"])
    assert course == ["not_instantiated", "instantiating", "instantiated"]
    assert body(api.get(path))["input_params"] == {"replicas": 2}
    assert api.ask("DELETE", path).status == 204
    assert body(api.get(path))["status"] == "terminating"
    assert api.ask("DELETE", path).status == 204
    api.clock.pass_(5)
    assert api.get(path).status == 404


def test_an_nf_deployment_needs_a_descriptor_of_its_manager() -> None:
    answer = logged_in().post(DM, {**NF, "nf_deployment_descriptor_id": "dm-02-amf"})
    assert answer.status == 422
    assert body(answer)["errors"] == [
        {
            "field": "nf_deployment_descriptor_id",
            "message": "nf_deployment_descriptor_id must be one of: dm-01-upf, dm-01-du",
            "code": "ENUM_ERROR",
        }
    ]


def test_a_subscription_never_tells_its_secret() -> None:
    api = logged_in()
    wanted = {"url": "https://r.example/hook", "events": ["slice.failed"], "secret": "tell-nobody"}
    told = api.post("/webhooks/subscriptions", wanted)
    assert told.status == 201
    assert body(told)["id"]
    assert "tell-nobody" not in str(told)
    assert api.gateway.world.subscriptions[body(told)["id"]]["secret"] == "tell-nobody"


LISTS: list[tuple[str, Callable[[Json], object]]] = [
    ("/orchestrator/intents", lambda told: told["intents"]),
    ("/vnf-operator/vnfs", lambda told: told["vnfs"]),
    ("/tn-manager/agents", lambda told: told["agents"]),
    (DM, lambda told: told["deployments"]),
]


@pytest.mark.parametrize(("path", "items"), LISTS)
def test_two_lists_a_minute_apart_differ(path: str, items: Callable[[Json], object]) -> None:
    api = logged_in(token_seconds=10**6)
    for _ in range(100):
        before = items(body(api.get(path)))
        api.clock.pass_(60)
        assert items(body(api.get(path))) != before
        api.clock.pass_(7)


def test_what_others_make_comes_and_goes() -> None:
    api = logged_in()
    totals, states = set(), set()
    for _ in range(60):
        told = body(api.get("/orchestrator/intents"))
        totals.add(told["total"])
        states |= {i["status"] for i in told["intents"]}
        api.clock.pass_(5)
    assert totals == {6, 7}
    assert states == {"planned", "deployed", "deleting"}


def test_what_is_being_deleted_cannot_be_changed() -> None:
    api = logged_in()
    api.clock.pass_(30)
    ident = body(api.get("/orchestrator/intents"))["intents"][-1]["id"]
    api.clock.pass_(80)
    path = f"/orchestrator/intents/{ident}"
    assert body(api.get(path))["status"] == "deleting"
    assert api.ask("DELETE", path).status == 409
    assert api.ask("PUT", path, INTENT).status == 409


def test_others_can_be_kept_away() -> None:
    api = logged_in(churn_seconds=0, token_seconds=10**6)
    before = body(api.get("/orchestrator/intents"))
    api.clock.pass_(600)
    assert body(api.get("/orchestrator/intents")) == before
    api.play("healthy")
    api.clock.pass_(40)
    assert body(api.get("/orchestrator/intents"))["total"] == 7


def test_health_moves() -> None:
    api = Api()
    first = body(api.get("/monitoring/health"))["timestamp"]
    api.clock.pass_(0.01)
    assert body(api.get("/monitoring/health"))["timestamp"] > first


def test_counters_rise() -> None:
    api = Api()

    def read() -> dict[tuple[str, str], float]:
        answer = api.get("/monitoring/metrics")
        assert answer.media.startswith("text/plain")
        assert isinstance(answer.body, bytes)
        return {
            (sample.name, str(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.body.decode())
            for sample in family.samples
            if family.type == "counter"
        }

    before = read()
    api.get("/orchestrator/intents")
    api.clock.pass_(1)
    after = read()
    assert any(name == "http_requests_total" for name, _ in before)
    assert all(after[key] > before[key] for key in before)
    assert ("http_requests_total", "[('method', 'GET'), ('status', '401')]") in after


def test_memory_is_bounded() -> None:
    api = logged_in(**UNLIMITED)
    for _ in range(1001):
        plan = body(api.post("/orchestrator/plan", {"dry_run": False}))
        api.post("/orchestrator/deploy", {"plan_id": plan["id"]})
    assert len(api.gateway.world.plans) == 1000
    assert len(api.gateway.world.rollouts) == 1000
