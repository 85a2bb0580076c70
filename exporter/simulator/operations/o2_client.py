"""Deployment managers (O2 DMS) and what they run."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import JsonObject, OperationCall, Reply
from exporter.simulator.operation import Operation
from exporter.simulator.operations.paging import page
from exporter.simulator.problems import invalid, not_found
from exporter.simulator.resources import LEAVES_AFTER, new_nf
from exporter.simulator.validate import Complaint
from exporter.simulator.world import World

# Shares of a deployment's time.
_STARTS: Final = 0.1
_STANDS: Final = 0.5


def list_managers(world: World, call: OperationCall) -> Reply:
    """GET /o2-client/deployment-managers."""
    return _bare("deployment_managers", [m.about for m in world.managers.values()], call)


def list_descriptors(world: World, call: OperationCall) -> Reply:
    """GET /o2-client/deployment-managers/{dmId}/nf-descriptors."""
    manager = world.managers.get(call.ids["dmId"])
    if manager is None:
        return not_found("deployment manager", call.ids["dmId"])
    return _bare("descriptors", manager.descriptors, call)


def list_deployments(world: World, call: OperationCall) -> Reply:
    """GET /o2-client/deployment-managers/{dmId}/deployments."""
    manager = world.managers.get(call.ids["dmId"])
    if manager is None:
        return not_found("deployment manager", call.ids["dmId"])
    return _bare("deployments", list(manager.deployments.values()), call)


def create_deployment(world: World, call: OperationCall) -> Reply:
    """POST /o2-client/deployment-managers/{dmId}/deployments."""
    manager = world.managers.get(call.ids["dmId"])
    if manager is None:
        return not_found("deployment manager", call.ids["dmId"])
    wanted = call.body["nf_deployment_descriptor_id"]
    known = [descriptor["id"] for descriptor in manager.descriptors]
    if wanted not in known:
        message = f"nf_deployment_descriptor_id must be one of: {', '.join(known)}"
        return invalid([Complaint("nf_deployment_descriptor_id", message, "ENUM_ERROR")])
    deployment = new_nf(world, manager, call.body, call.now)
    took = call.knobs.deploy_seconds
    good = call.knobs.deploy_outcome == "completed"
    course = (
        (took * _STARTS, "instantiating"),
        (took * _STANDS, "instantiated" if good else "failed"),
    )
    world.course(manager.deployments, deployment["id"], call.now, course)
    return Reply(201, deployment)


def get_deployment(world: World, call: OperationCall) -> Reply:
    """GET /o2-client/deployment-managers/{dmId}/deployments/{deploymentId}."""
    found = _deployment(world, call)
    return found if isinstance(found, Reply) else Reply(200, found)


def delete_deployment(world: World, call: OperationCall) -> Reply:
    """DELETE /o2-client/deployment-managers/{dmId}/deployments/{deploymentId}."""
    found = _deployment(world, call)
    if isinstance(found, Reply):
        return found
    if found["status"] != "terminating":
        deployments = world.managers[call.ids["dmId"]].deployments
        world.turn(deployments, found["id"], call.now, "terminating")
        world.course(deployments, found["id"], call.now, ((LEAVES_AFTER, ""),))
    return Reply(204)


def _deployment(world: World, call: OperationCall) -> JsonObject | Reply:
    manager = world.managers.get(call.ids["dmId"])
    if manager is None:
        return not_found("deployment manager", call.ids["dmId"])
    found = manager.deployments.get(call.ids["deploymentId"])
    return not_found("deployment", call.ids["deploymentId"]) if found is None else found


def _bare(key: str, items: list[JsonObject], call: OperationCall) -> Reply:
    """Answer a page of a list for which the document has no total."""
    answer = page(key, items, call)
    body = answer.body if isinstance(answer.body, dict) else {}
    return Reply(200, {key: body[key]})


_MANAGERS: Final = "/o2-client/deployment-managers"
_MANAGER: Final = "/o2-client/deployment-managers/{dmId}"
_NF: Final = "/o2-client/deployment-managers/{dmId}/deployments/{deploymentId}"

OPERATIONS: Final = (
    Operation(
        surface="o2-client.deployment-managers.list",
        method="GET",
        path=_MANAGERS,
        rate_class="standard",
        handler=list_managers,
        query=fields.PAGE,
        typical_ms=20,
    ),
    Operation(
        surface="o2-client.nf-descriptors.list",
        method="GET",
        path=f"{_MANAGER}/nf-descriptors",
        rate_class="standard",
        handler=list_descriptors,
        query=fields.PAGE,
        typical_ms=20,
    ),
    Operation(
        surface="o2-client.deployments.list",
        method="GET",
        path=f"{_MANAGER}/deployments",
        rate_class="standard",
        handler=list_deployments,
        query=fields.PAGE,
        typical_ms=20,
    ),
    Operation(
        surface="o2-client.deployments.create",
        method="POST",
        path=f"{_MANAGER}/deployments",
        rate_class="deployment",
        handler=create_deployment,
        body=fields.NF_DEPLOYMENT,
        typical_ms=60,
    ),
    Operation(
        surface="o2-client.deployments.get",
        method="GET",
        path=_NF,
        rate_class="standard",
        handler=get_deployment,
        typical_ms=15,
    ),
    Operation(
        surface="o2-client.deployments.delete",
        method="DELETE",
        path=_NF,
        rate_class="deployment",
        handler=delete_deployment,
        typical_ms=45,
    ),
)
