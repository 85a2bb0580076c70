import pytest
from jsonschema import ValidationError

from exporter.simulator.drift import drifted
from exporter.simulator.exchange import Reply
from exporter.simulator.knobs import DriftKind
from exporter.simulator.problems import problem
from tests.unit.simulator.document import DOCUMENTS, documented, validator
from tests.unit.simulator.support import body, logged_in

PATHS = {
    "/orchestrator/intents": "/orchestrator/intents",
    "/orchestrator/intents/{intentId}": "/orchestrator/intents/intent-001",
    "/vnf-operator/vnfs/{vnfId}": "/vnf-operator/vnfs/vnf-001",
    "/tn-manager/agents/{agentId}/status": "/tn-manager/agents/agent-01/status",
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("/orchestrator/intents", "missing_field"),
        ("/orchestrator/intents", "enum"),
        ("/orchestrator/intents", "type"),
        ("/orchestrator/intents", "range"),
        ("/orchestrator/intents/{intentId}", "missing_field"),
        ("/orchestrator/intents/{intentId}", "enum"),
        ("/orchestrator/intents/{intentId}", "type"),
        ("/orchestrator/intents/{intentId}", "range"),
        ("/vnf-operator/vnfs/{vnfId}", "enum"),
        ("/vnf-operator/vnfs/{vnfId}", "type"),
        ("/tn-manager/agents/{agentId}/status", "enum"),
        ("/tn-manager/agents/{agentId}/status", "type"),
    ],
)
def test_a_breach_is_a_breach(name: str, template: str, kind: DriftKind) -> None:
    schema = documented(name)["GET", template].answers[200]
    assert schema is not None
    answer = logged_in().get(PATHS[template])
    validator(schema).validate(answer.body)
    with pytest.raises(ValidationError):
        validator(schema).validate(drifted(answer, (kind,)).body)


def test_the_inventory_is_left_alone() -> None:
    api = logged_in()
    answer = api.get("/orchestrator/intents")
    drifted(answer, ("missing_field", "enum", "type", "range"))
    assert body(api.get("/orchestrator/intents")) == body(answer)


def test_errors_and_bodies_without_a_place_stay() -> None:
    refused = problem(404, "no")
    assert drifted(refused, ("missing_field", "not_json")) == refused
    text = Reply(200, b"up 1\n", "text/plain")
    assert drifted(text, ("type",)) == text
    assert drifted(Reply(200, {}), ("missing_field", "enum")).body == {}
    assert drifted(Reply(200, {"key": "value"}), ("type",)).body == {"key": 17}
    assert drifted(Reply(204), ("undocumented_status",)).status == 203
