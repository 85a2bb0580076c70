"""QoS intents."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import OperationCall, Reply
from exporter.simulator.motion import stamp
from exporter.simulator.operation import Operation
from exporter.simulator.operations.orchestrator import under_way
from exporter.simulator.operations.paging import fits, page
from exporter.simulator.problems import conflict, not_found
from exporter.simulator.resources import new_intent, promise
from exporter.simulator.world import World


def list_intents(world: World, call: OperationCall) -> Reply:
    """GET /orchestrator/intents."""
    found = (i for i in world.intents.values() if fits(i, call, "slice_type", "status"))
    return page("intents", found, call)


def create_intent(world: World, call: OperationCall) -> Reply:
    """POST /orchestrator/intents."""
    return Reply(201, new_intent(world, call.body, call.now))


def get_intent(world: World, call: OperationCall) -> Reply:
    """GET /orchestrator/intents/{intentId}."""
    intent = world.intents.get(call.ids["intentId"])
    return not_found("intent", call.ids["intentId"]) if intent is None else Reply(200, intent)


def update_intent(world: World, call: OperationCall) -> Reply:
    """PUT /orchestrator/intents/{intentId}: replaces what the intent asks for."""
    ident = call.ids["intentId"]
    intent = world.intents.get(ident)
    if intent is None:
        return not_found("intent", ident)
    if intent["status"] == "deleting":
        return conflict(f"Intent '{ident}' is being deleted")
    kept = {key: intent[key] for key in ("id", "status", "created_at")}
    world.intents[ident] = {**kept, **promise(call.body), "updated_at": stamp(call.now)}
    return Reply(200, world.intents[ident])


def delete_intent(world: World, call: OperationCall) -> Reply:
    """DELETE /orchestrator/intents/{intentId}: refused while it is deployed."""
    ident = call.ids["intentId"]
    intent = world.intents.get(ident)
    if intent is None:
        return not_found("intent", ident)
    if intent["status"] == "deleting":
        return conflict(f"Intent '{ident}' is already being deleted")
    if intent["status"] == "deployed" or under_way(world, ident, call.now):
        return conflict(f"Cannot delete intent '{ident}' with active deployments")
    del world.intents[ident]
    return Reply(204)


_INTENTS: Final = "/orchestrator/intents"
_INTENT: Final = "/orchestrator/intents/{intentId}"

OPERATIONS: Final = (
    Operation(
        surface="orchestrator.intents.list",
        method="GET",
        path=_INTENTS,
        rate_class="standard",
        handler=list_intents,
        query=fields.INTENT_QUERY,
        typical_ms=14,
    ),
    Operation(
        surface="orchestrator.intents.create",
        method="POST",
        path=_INTENTS,
        rate_class="standard",
        handler=create_intent,
        body=fields.INTENT,
        typical_ms=25,
    ),
    Operation(
        surface="orchestrator.intents.get",
        method="GET",
        path=_INTENT,
        rate_class="standard",
        handler=get_intent,
    ),
    Operation(
        surface="orchestrator.intents.update",
        method="PUT",
        path=_INTENT,
        rate_class="standard",
        handler=update_intent,
        body=fields.INTENT,
        typical_ms=25,
    ),
    Operation(
        surface="orchestrator.intents.delete",
        method="DELETE",
        path=_INTENT,
        rate_class="standard",
        handler=delete_intent,
        typical_ms=20,
    ),
)
