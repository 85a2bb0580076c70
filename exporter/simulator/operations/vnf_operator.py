"""Virtual network functions."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import OperationCall, Reply
from exporter.simulator.motion import stamp
from exporter.simulator.operation import Operation
from exporter.simulator.operations.paging import fits, page
from exporter.simulator.problems import conflict, not_found
from exporter.simulator.resources import LEAVES_AFTER, new_vnf, vnf_fields, vnf_told
from exporter.simulator.world import World

# Shares of a deployment's time.
_CREATING: Final = 0.1
_RUNNING: Final = 0.5


def list_vnfs(world: World, call: OperationCall) -> Reply:
    """GET /vnf-operator/vnfs."""
    found = (vnf_told(world, v) for v in world.vnfs.values() if fits(v, call, "type", "status"))
    return page("vnfs", found, call)


def create_vnf(world: World, call: OperationCall) -> Reply:
    """POST /vnf-operator/vnfs: a name is taken until its VNF is gone."""
    if _taken(world, call.body["name"]):
        return conflict(f"There is a VNF '{call.body['name']}' already")
    vnf = new_vnf(world, call.body, call.now)
    took = call.knobs.deploy_seconds
    course = ((took * _CREATING, "Creating"), (took * _RUNNING, "Running"))
    world.course(world.vnfs, vnf["id"], call.now, course)
    return Reply(201, vnf_told(world, vnf))


def get_vnf(world: World, call: OperationCall) -> Reply:
    """GET /vnf-operator/vnfs/{vnfId}."""
    vnf = world.vnfs.get(call.ids["vnfId"])
    return not_found("VNF", call.ids["vnfId"]) if vnf is None else Reply(200, vnf_told(world, vnf))


def update_vnf(world: World, call: OperationCall) -> Reply:
    """PUT /vnf-operator/vnfs/{vnfId}: replaces what the VNF is made of."""
    ident = call.ids["vnfId"]
    vnf = world.vnfs.get(ident)
    if vnf is None:
        return not_found("VNF", ident)
    if vnf["status"] == "Deleting":
        return conflict(f"VNF '{ident}' is being deleted")
    if _taken(world, call.body["name"], but=ident):
        return conflict(f"There is a VNF '{call.body['name']}' already")
    kept = {key: vnf[key] for key in ("id", "status", "created_at")}
    world.vnfs[ident] = {**kept, **vnf_fields(call.body), "updated_at": stamp(call.now)}
    return Reply(200, vnf_told(world, world.vnfs[ident]))


def delete_vnf(world: World, call: OperationCall) -> Reply:
    """DELETE /vnf-operator/vnfs/{vnfId}: it is `Deleting` for a while, then gone."""
    ident = call.ids["vnfId"]
    vnf = world.vnfs.get(ident)
    if vnf is None:
        return not_found("VNF", ident)
    if vnf["status"] != "Deleting":
        world.turn(world.vnfs, ident, call.now, "Deleting")
        world.course(world.vnfs, ident, call.now, ((LEAVES_AFTER, ""),))
    return Reply(204)


def scale_vnf(world: World, call: OperationCall) -> Reply:
    """POST /vnf-operator/vnfs/{vnfId}/scale: the instances follow a little later."""
    ident = call.ids["vnfId"]
    vnf = world.vnfs.get(ident)
    if vnf is None:
        return not_found("VNF", ident)
    if vnf["status"] == "Deleting":
        return conflict(f"VNF '{ident}' is being deleted")
    replicas = int(call.body["replicas"])
    done = call.now + call.knobs.deploy_seconds * _CREATING
    world.agenda.plan(done, lambda _: world.replicas.__setitem__(ident, replicas))
    return Reply(
        202,
        {
            "operation_id": world.new_id("operation"),
            "status": "pending",
            "message": f"Scaling {vnf['name']} to {replicas} replicas",
            "started_at": stamp(call.now),
        },
    )


def _taken(world: World, name: str, but: str = "") -> bool:
    return any(vnf["name"] == name and ident != but for ident, vnf in world.vnfs.items())


_VNFS: Final = "/vnf-operator/vnfs"
_VNF: Final = "/vnf-operator/vnfs/{vnfId}"

OPERATIONS: Final = (
    Operation(
        surface="vnf-operator.vnfs.list",
        method="GET",
        path=_VNFS,
        rate_class="standard",
        handler=list_vnfs,
        query=fields.VNF_QUERY,
        typical_ms=18,
    ),
    Operation(
        surface="vnf-operator.vnfs.create",
        method="POST",
        path=_VNFS,
        rate_class="deployment",
        handler=create_vnf,
        body=fields.VNF,
        typical_ms=50,
    ),
    Operation(
        surface="vnf-operator.vnfs.get",
        method="GET",
        path=_VNF,
        rate_class="standard",
        handler=get_vnf,
    ),
    Operation(
        surface="vnf-operator.vnfs.update",
        method="PUT",
        path=_VNF,
        rate_class="deployment",
        handler=update_vnf,
        body=fields.VNF,
        typical_ms=50,
    ),
    Operation(
        surface="vnf-operator.vnfs.delete",
        method="DELETE",
        path=_VNF,
        rate_class="deployment",
        handler=delete_vnf,
        typical_ms=35,
    ),
    Operation(
        surface="vnf-operator.vnfs.scale",
        method="POST",
        path=f"{_VNF}/scale",
        rate_class="deployment",
        handler=scale_vnf,
        body=fields.SCALE,
        typical_ms=35,
    ),
)
