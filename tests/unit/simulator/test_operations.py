"""What the operations answer, and what they refuse."""

import pytest

from tests.unit.simulator.support import Json, body, logged_in

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


def test_the_inventory_at_the_start() -> None:
    api = logged_in()
    intents = body(api.get("/orchestrator/intents"))
    assert (intents["total"], intents["limit"], intents["offset"]) == (6, 50, 0)
    assert [i["status"] for i in intents["intents"]].count("deployed") == 4
    assert body(api.get("/vnf-operator/vnfs"))["total"] == 8
    assert len(body(api.get("/tn-manager/agents"))["agents"]) == 4
    managers = body(api.get("/o2-client/deployment-managers"))["deployment_managers"]
    assert [m["id"] for m in managers] == ["dm-01", "dm-02"]
    for ident in ("dm-01", "dm-02"):
        base = f"/o2-client/deployment-managers/{ident}"
        assert body(api.get(f"{base}/nf-descriptors"))["descriptors"]
        assert body(api.get(f"{base}/deployments"))["deployments"]


@pytest.mark.parametrize(
    ("path", "key", "query", "ids"),
    [
        ("/orchestrator/intents", "intents", {"limit": "2"}, ["intent-001", "intent-002"]),
        ("/orchestrator/intents", "intents", {"offset": "5"}, ["intent-006"]),
        ("/orchestrator/intents", "intents", {"offset": "6"}, []),
        ("/orchestrator/intents", "intents", {"status": "planned"}, ["intent-005", "intent-006"]),
        ("/orchestrator/intents", "intents", {"status": "planned", "limit": "1"}, ["intent-005"]),
        (
            "/orchestrator/intents",
            "intents",
            {"slice_type": "uRLLC", "status": "deployed"},
            ["intent-002"],
        ),
        ("/vnf-operator/vnfs", "vnfs", {"type": "UPF"}, ["vnf-001", "vnf-002"]),
        ("/vnf-operator/vnfs", "vnfs", {"status": "Pending"}, ["vnf-008"]),
        ("/o2-client/deployment-managers", "deployment_managers", {"offset": "1"}, ["dm-02"]),
        (DM, "deployments", {"limit": "1"}, ["nfd-001"]),
        (
            "/o2-client/deployment-managers/dm-02/nf-descriptors",
            "descriptors",
            {"limit": "1", "offset": "1"},
            ["dm-02-smf"],
        ),
    ],
)
def test_pages_and_filters(path: str, key: str, query: dict[str, str], ids: list[str]) -> None:
    assert [item["id"] for item in body(logged_in().get(path, **query))[key]] == ids


@pytest.mark.parametrize(
    ("path", "query", "field", "code"),
    [
        ("/orchestrator/intents", {"limit": "0"}, "limit", "RANGE_ERROR"),
        ("/orchestrator/intents", {"status": "gone"}, "status", "ENUM_ERROR"),
        ("/vnf-operator/vnfs", {"type": "upf"}, "type", "ENUM_ERROR"),
        ("/o2-client/deployment-managers", {"offset": "x"}, "offset", "TYPE_ERROR"),
        (
            "/monitoring/slices/intent-001/metrics",
            {"timeframe": "2h"},
            "timeframe",
            "ENUM_ERROR",
        ),
    ],
)
def test_bad_queries(path: str, query: dict[str, str], field: str, code: str) -> None:
    answer = logged_in().get(path, **query)
    assert answer.status == 422
    errors = body(answer)["errors"]
    assert [(e["field"], e["code"]) for e in errors] == [(field, code)]


def test_the_total_is_that_of_the_filter() -> None:
    told = body(logged_in().get("/orchestrator/intents", status="planned", limit="1"))
    assert (told["total"], told["limit"]) == (2, 1)


@pytest.mark.parametrize(
    "path",
    [
        "/orchestrator/intents/none",
        "/orchestrator/deployments/none",
        "/vnf-operator/vnfs/none",
        "/tn-manager/agents/none/status",
        "/o2-client/deployment-managers/none/nf-descriptors",
        "/o2-client/deployment-managers/none/deployments",
        "/o2-client/deployment-managers/none/deployments/nfd-001",
        f"{DM}/none",
        "/monitoring/slices/none/metrics",
        "/monitoring/slices/intent-005/metrics",
        "/orchestrator/intents/",
        "/orchestrator",
        "/",
    ],
)
def test_what_does_not_exist(path: str) -> None:
    answer = logged_in().get(path)
    assert answer.status == 404
    assert body(answer)["instance"].startswith("urn:uuid:")


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PUT", "/orchestrator/intents/none", INTENT),
        ("DELETE", "/orchestrator/intents/none", None),
        ("POST", "/orchestrator/deploy", {"plan_id": "none"}),
        ("PUT", "/vnf-operator/vnfs/none", VNF),
        ("DELETE", "/vnf-operator/vnfs/none", None),
        ("POST", "/vnf-operator/vnfs/none/scale", {"replicas": 1}),
        ("POST", "/tn-manager/agents/none/slices", {"slice_id": "s", "bandwidth_mbps": 1}),
        (
            "POST",
            "/tn-manager/agents/none/performance",
            {"test_id": "t", "duration_seconds": 1},
        ),
        ("POST", "/o2-client/deployment-managers/none/deployments", NF),
        ("DELETE", "/o2-client/deployment-managers/none/deployments/nfd-001", None),
        ("DELETE", f"{DM}/none", None),
    ],
)
def test_what_does_not_exist_cannot_be_changed(method: str, path: str, content: object) -> None:
    assert logged_in().ask(method, path, content).status == 404


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"\xff", {}, 400),
        (b'{"bandwidth": NaN}', {}, 400),
        (b'{"bandwidth": 1e999}', {}, 400),
        (b"[" * 100_000, {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-8"}, 422),
        (b"{}", {"Content-Type": "application/vnd.oran+json"}, 422),
        (b"", {}, 422),
        (b"null", {}, 422),
        (b'"text"', {}, 422),
    ],
)
def test_bodies_that_cannot_be_read(content: bytes, headers: dict[str, str], status: int) -> None:
    api = logged_in()
    answer = api.ask("POST", "/orchestrator/intents", content, headers=headers)
    assert answer.status == status


def test_a_wrong_method_is_told_the_right_ones() -> None:
    answer = logged_in().ask("PATCH", "/orchestrator/intents/intent-001")
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET, PUT, DELETE"
