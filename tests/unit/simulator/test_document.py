"""The simulator against the API's document: the same operations, requests and answers."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporter.catalog import CATALOG
from exporter.simulator.operation import Operation
from exporter.simulator.routes import OPERATIONS, SURFACES
from exporter.simulator.validate import FieldRule
from tests.unit.simulator.document import (
    DOCUMENTS,
    Documented,
    Schema,
    closed,
    core,
    documented,
    fullest,
    mutants,
    valid,
    validator,
)
from tests.unit.simulator.support import UNLIMITED, Api, Json, body, logged_in

OWN = documented("catalog")
GUIDE = {where for where, told in OWN.items() if told.guide_only}
GUIDE_ONLY = {o.surface for o in OPERATIONS if (o.method, o.path) in GUIDE}
BY_SURFACE = {operation.surface: operation for operation in OPERATIONS}

every_document = pytest.mark.parametrize("name", DOCUMENTS)


def schemas(name: str, operation: Operation) -> Documented | None:
    return documented(name).get((operation.method, operation.path))


def as_schema(field: FieldRule) -> Schema:
    told: Schema = {"type": field.kind}
    for key, value in (
        ("minimum", field.low),
        ("maximum", field.high),
        ("maxLength", field.longest),
        ("minLength", field.shortest or None),
        ("minItems", field.fewest or None),
        ("pattern", field.pattern.pattern if field.pattern else None),
        ("format", "uri" if field.uri else None),
        ("enum", sorted(field.choices) or None),
        ("required", sorted(field.required) or None),
        ("items", as_schema(field.items) if field.items else None),
        ("additionalProperties", as_schema(field.values) if field.values else None),
        ("properties", {k: as_schema(v) for k, v in field.fields.items()} or None),
    ):
        if value is not None:
            told[key] = value
    return told


def test_what_each_operation_is_charged_to() -> None:
    """The guide does not say which path is in which class: what others are told of it is ours."""
    charged = {operation.surface: operation.rate_class for operation in OPERATIONS}
    assert charged == {row.id: row.rate_class for row in CATALOG if row.id in charged}


def test_there_is_a_document() -> None:
    assert DOCUMENTS


def test_ids_are_unique() -> None:
    assert len(set(SURFACES)) == len(SURFACES)


@every_document
def test_the_operations_are_the_documents(name: str) -> None:
    ours = {(operation.method, operation.path) for operation in OPERATIONS}
    assert ours - GUIDE == set(documented(name)) - GUIDE


@every_document
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.surface)
def test_what_is_asked_for_is_the_documents(name: str, operation: Operation) -> None:
    told = schemas(name, operation)
    if told is None:
        assert operation.surface in GUIDE_ONLY
        return
    assert operation.bearer == told.bearer
    assert {n: as_schema(f) for n, f in operation.query.items()} == {
        n: core(s) for n, s in told.query.items()
    }
    assert {n: f.default for n, f in operation.query.items()} == {
        n: s.get("default") for n, s in told.query.items()
    }
    ours = as_schema(operation.body) if operation.body else None
    assert ours == (core(told.body) if told.body else None)


# What is asked of each operation: path, body, status. The first one of a surface is its good
# case; `{plan}` is a plan made before.
INTENT: Json = {
    "bandwidth": 100.0,
    "latency": 10.0,
    "slice_type": "uRLLC",
    "jitter": 2,
    "packet_loss": 0.001,
    "reliability": 0.9999,
}
VNF: Json = {
    "name": "upf-new",
    "type": "UPF",
    "version": "3.0.0",
    "qos": {"bandwidth": 500, "latency": 10},
    "placement": {"cloud_type": "edge", "affinity_rules": []},
    "resources": {"cpu_cores": 2, "gpu": {"count": 1}},
    "image": {"repository": "registry.example/upf", "tag": "3"},
}
SLICE = {"slice_id": "intent-001", "bandwidth_mbps": 100}
TEST = {"test_id": "t1", "duration_seconds": 10}
NF = {"name": "upf-b", "nf_deployment_descriptor_id": "dm-01-upf"}
HOOK = {"url": "https://r.example/hook", "events": ["slice.failed"], "secret": "s", "active": True}
DM = "/o2-client/deployment-managers"

ASKED: tuple[tuple[str, str, object, int], ...] = (
    ("auth.login", "/auth/login", {"username": "demo", "password": "demo"}, 200),
    ("auth.login", "/auth/login", {"username": "demo", "password": "no"}, 401),
    ("auth.login", "/auth/login", {"username": "demo"}, 422),
    ("auth.refresh", "/auth/refresh", {"refresh_token": "{refresh}"}, 200),
    ("auth.refresh", "/auth/refresh", {"refresh_token": "no"}, 401),
    ("orchestrator.intents.list", "/orchestrator/intents", None, 200),
    ("orchestrator.intents.create", "/orchestrator/intents", INTENT, 201),
    ("orchestrator.intents.create", "/orchestrator/intents", {}, 422),
    ("orchestrator.intents.create", "/orchestrator/intents", b"{", 400),
    ("orchestrator.intents.get", "/orchestrator/intents/intent-001", None, 200),
    ("orchestrator.intents.get", "/orchestrator/intents/none", None, 404),
    ("orchestrator.intents.update", "/orchestrator/intents/intent-005", INTENT, 200),
    ("orchestrator.intents.update", "/orchestrator/intents/none", INTENT, 404),
    ("orchestrator.intents.update", "/orchestrator/intents/intent-005", {}, 422),
    ("orchestrator.intents.delete", "/orchestrator/intents/intent-006", None, 204),
    ("orchestrator.intents.delete", "/orchestrator/intents/none", None, 404),
    ("orchestrator.intents.delete", "/orchestrator/intents/intent-001", None, 409),
    ("orchestrator.plan", "/orchestrator/plan", {"intents": [INTENT, INTENT]}, 200),
    ("orchestrator.deploy", "/orchestrator/deploy", {"plan_id": "{plan}"}, 202),
    ("orchestrator.deploy", "/orchestrator/deploy", {"plan_id": "{plan}"}, 409),
    ("orchestrator.deployments.get", "/orchestrator/deployments/deploy-001", None, 200),
    ("vnf-operator.vnfs.list", "/vnf-operator/vnfs", None, 200),
    ("vnf-operator.vnfs.create", "/vnf-operator/vnfs", VNF, 201),
    ("vnf-operator.vnfs.create", "/vnf-operator/vnfs", {}, 422),
    ("vnf-operator.vnfs.get", "/vnf-operator/vnfs/vnf-001", None, 200),
    ("vnf-operator.vnfs.get", "/vnf-operator/vnfs/none", None, 404),
    ("vnf-operator.vnfs.update", "/vnf-operator/vnfs/vnf-001", {**VNF, "name": "upf-a"}, 200),
    ("vnf-operator.vnfs.delete", "/vnf-operator/vnfs/vnf-002", None, 204),
    ("vnf-operator.vnfs.delete", "/vnf-operator/vnfs/none", None, 404),
    ("vnf-operator.vnfs.scale", "/vnf-operator/vnfs/vnf-003/scale", {"replicas": 3}, 202),
    ("tn-manager.agents.list", "/tn-manager/agents", None, 200),
    (
        "tn-manager.agents.register",
        "/tn-manager/agents",
        {"name": "new", "endpoint": "https://new.example"},
        201,
    ),
    ("tn-manager.agents.slices", "/tn-manager/agents/agent-01/slices", SLICE, 200),
    ("tn-manager.agents.performance", "/tn-manager/agents/agent-01/performance", TEST, 200),
    ("tn-manager.agents.status", "/tn-manager/agents/agent-01/status", None, 200),
    ("o2-client.deployment-managers.list", DM, None, 200),
    ("o2-client.nf-descriptors.list", f"{DM}/dm-01/nf-descriptors", None, 200),
    ("o2-client.deployments.list", f"{DM}/dm-01/deployments", None, 200),
    ("o2-client.deployments.create", f"{DM}/dm-01/deployments", NF, 201),
    ("o2-client.deployments.get", f"{DM}/dm-01/deployments/nfd-001", None, 200),
    ("o2-client.deployments.delete", f"{DM}/dm-01/deployments/nfd-001", None, 204),
    ("monitoring.health", "/monitoring/health", None, 200),
    ("monitoring.metrics", "/monitoring/metrics", None, 200),
    ("monitoring.slices.metrics", "/monitoring/slices/intent-001/metrics", None, 200),
    ("webhooks.subscriptions", "/webhooks/subscriptions", HOOK, 201),
)

# Members that a good answer may leave out.
MAY_MISS = {
    "jitter",
    "packet_loss",
    "reliability",
    "created_at",
    "updated_at",
    "completed_at",
    "config",
    "target_clusters",
    "resources",
    "slice_type",
    "region",
    "zone",
    "site",
    "preferred_zones",
    "affinity_rules",
    "gpu",
    "type",
    "pull_policy",
    "pull_secrets",
    "external_ip",
    "instances",
    "storage_gb",
    "memory_gb",
}


def filled(content: object, values: dict[str, str]) -> object:
    if isinstance(content, dict):
        return {key: values.get(str(value), value) for key, value in content.items()}
    return content


@every_document
def test_every_answer_is_the_documents(name: str) -> None:
    assert {surface for surface, *_ in ASKED} == set(SURFACES)
    api = Api(**UNLIMITED)
    plan = {"intents": [INTENT], "dry_run": False}
    values = {"{refresh}": api.login()["refresh_token"]}
    values["{plan}"] = body(api.post("/orchestrator/plan", plan))["id"]
    for surface, path, content, status in ASKED:
        operation = BY_SURFACE[surface]
        answer = api.ask(operation.method, path, filled(content, values))
        told = schemas(name, operation)
        assert answer.status == status, (surface, answer)
        if told is None:
            continue
        assert status in told.answers, surface
        schema = told.answers[status]
        if answer.status == 204:
            assert answer.body is None
        elif schema is not None and schema["type"] == "object":
            # Of what the guide alone knows it shows a part, and errors may tell more.
            strict = closed(schema) if status < 300 and surface not in GUIDE_ONLY else schema
            validator(strict).validate(answer.body)
        else:
            assert isinstance(answer.body, bytes | dict)


@every_document
def test_good_answers_leave_nothing_out(name: str) -> None:
    api = Api(**UNLIMITED)
    plan = {"intents": [INTENT], "dry_run": False}
    values = {"{refresh}": api.login()["refresh_token"]}
    values["{plan}"] = body(api.post("/orchestrator/plan", plan))["id"]
    seen: set[str] = set()
    for surface, path, content, status in ASKED:
        told = schemas(name, BY_SURFACE[surface])
        answer = api.ask(BY_SURFACE[surface].method, path, filled(content, values))
        if surface not in seen and told is not None and isinstance(answer.body, dict):
            seen.add(surface)
            schema = told.answers[status]
            assert schema is not None
            assert missing(schema, answer.body) - MAY_MISS == set(), surface


def missing(schema: Schema, value: object) -> set[str]:
    found: set[str] = set()
    if isinstance(value, dict):
        for member, part in schema.get("properties", {}).items():
            if member in value:
                found |= missing(part, value[member])
            else:
                found.add(member)
    if isinstance(value, list) and value:
        found |= missing(schema["items"], value[0])
    return found


@every_document
@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 415, 429, 500, 503])
def test_every_error_is_a_problem(name: str, status: int) -> None:
    schema = documented(name)["GET", "/orchestrator/intents/{intentId}"].answers[404]
    assert schema is not None
    api = logged_in(status={"orchestrator.intents.get": status})
    told = api.get("/orchestrator/intents/intent-001")
    assert told.status == status
    validator(closed(schema)).validate(told.body)
    assert body(told)["status"] == status


BODIES = [operation for operation in OPERATIONS if operation.body]
# What the schemas cannot know: names of things that exist.
EXISTING: dict[str, Json] = {
    "auth.login": {"username": "demo", "password": "demo"},
    "o2-client.deployments.create": {"nf_deployment_descriptor_id": "dm-01-upf"},
}


def path_of(operation: Operation) -> str:
    ids = {"intentId": "intent-005", "vnfId": "vnf-001", "agentId": "agent-01", "dmId": "dm-01"}
    return operation.path.format(**ids)


def known(api: Api, operation: Operation, content: Json) -> Json:
    values = {**content, **EXISTING.get(operation.surface, {})}
    if operation.surface == "auth.refresh":
        values["refresh_token"] = api.login()["refresh_token"]
    if operation.surface == "orchestrator.deploy":
        values["plan_id"] = body(api.post("/orchestrator/plan", {"dry_run": False}))["id"]
    return values


@every_document
@pytest.mark.parametrize("operation", BODIES, ids=lambda o: o.surface)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bodies_that_the_document_allows_are_accepted(
    name: str,
    operation: Operation,
    data: st.DataObject,
) -> None:
    told = schemas(name, operation)
    if told is None or told.body is None:
        return
    api = logged_in(**UNLIMITED)
    content = known(api, operation, data.draw(valid(told.body)))
    validator(told.body).validate(content)
    answer = api.ask(operation.method, path_of(operation), content)
    assert answer.status in {200, 201, 202}, answer
    schema = told.answers[answer.status]
    assert schema is not None
    strict = schema if operation.surface in GUIDE_ONLY else closed(schema)
    validator(strict).validate(answer.body)


@every_document
@pytest.mark.parametrize("operation", BODIES, ids=lambda o: o.surface)
def test_bodies_that_the_document_forbids_are_refused(name: str, operation: Operation) -> None:
    told = schemas(name, operation)
    if told is None or told.body is None:
        return
    api = logged_in(**UNLIMITED)
    error = documented(name)["POST", "/orchestrator/intents"].answers[422]
    assert error is not None
    checker = validator(told.body)
    broken = list(mutants(told.body, fullest(told.body)))
    assert len(broken) > 1
    for mutant in broken:
        assert not checker.is_valid(mutant.body), mutant
        answer = api.ask(operation.method, path_of(operation), mutant.body)
        assert answer.status == 422, mutant
        validator(error).validate(answer.body)
        errors = body(answer)["errors"]
        assert (mutant.field, mutant.code) in {(e["field"], e["code"]) for e in errors}, mutant


@every_document
@pytest.mark.parametrize("operation", BODIES, ids=lambda o: o.surface)
def test_the_fullest_body_is_accepted(name: str, operation: Operation) -> None:
    told = schemas(name, operation)
    if told is None or told.body is None:
        return
    api = logged_in(**UNLIMITED)
    content = known(api, operation, fullest(told.body))
    validator(told.body).validate(content)
    answer = api.ask(operation.method, path_of(operation), content)
    assert answer.status < 300, answer


@pytest.mark.parametrize("operation", BODIES, ids=lambda o: o.surface)
@every_document
def test_the_documents_own_examples_are_accepted(name: str, operation: Operation) -> None:
    told = schemas(name, operation)
    if told is None:
        assert operation.surface in GUIDE_ONLY
        return
    assert told.examples or documented(name) is not OWN
    for example in told.examples:
        api = logged_in(**UNLIMITED)
        # Its credentials are not those of the only account: refused, and not for their form.
        expected = {401} if operation.surface == "auth.login" else {200, 201, 202}
        content = example if operation.surface == "auth.login" else known(api, operation, example)
        answer = api.ask(operation.method, path_of(operation), content)
        assert answer.status in expected, (example, answer)
        for mutant in mutants(told.body or {}, example):
            answer = api.ask(operation.method, path_of(operation), mutant.body)
            assert answer.status == 422, mutant
