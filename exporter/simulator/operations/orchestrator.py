"""Plans and their deployments."""

from functools import partial
from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import JsonObject, OperationCall, Reply
from exporter.simulator.motion import stamp
from exporter.simulator.operation import Operation
from exporter.simulator.problems import conflict, invalid, not_found
from exporter.simulator.resources import new_intent, promise
from exporter.simulator.validate import Complaint
from exporter.simulator.webhook import Happening
from exporter.simulator.world import Rollout, World

_KEPT: Final = 1000
_QUEUED: Final = 0.1  # share of a deployment's time before it starts
# Unix times have 7 digits after the point: what is due at an instant may lie just before it.
_DUST: Final = 1e-6
_CLOUDS: Final = {"uRLLC": "edge", "eMBB": "regional", "mIoT": "central", "balanced": "regional"}


def plan(world: World, call: OperationCall) -> Reply:
    """POST /orchestrator/plan: a dry run leaves nothing behind, and cannot be deployed."""
    dry_run = call.body.get("dry_run", True)
    allocations = [_allocation(world, wanted) for wanted in call.body.get("intents", ())]
    made: JsonObject = {
        "id": world.new_id("plan"),
        "timestamp": stamp(call.now),
        "allocations": allocations,
        "total_slices": len(allocations),
        "estimated_cost": round(sum(a["qos"]["bandwidth"] for a in allocations) * 0.12, 2),
        "estimated_time": round(call.knobs.deploy_seconds),
    }
    if not dry_run:
        world.plans[made["id"]] = made
        if len(world.plans) > _KEPT:
            del world.plans[next(iter(world.plans))]
    return Reply(200, made)


def deploy(world: World, call: OperationCall) -> Reply:
    """POST /orchestrator/deploy."""
    plan_id = call.body.get("plan_id", "")
    if not plan_id:
        return invalid([Complaint("plan_id", "plan_id is required", "REQUIRED_ERROR")])
    made = world.plans.get(plan_id)
    if made is None:
        return not_found("plan", plan_id)
    wanted = [(a["slice_id"], a["qos"]) for a in made["allocations"]]
    busy = [ident for ident, _ in wanted if _in_use(world, ident, call.now)]
    if busy and not call.body.get("force", False):
        return conflict(f"Deployment conflicts: {', '.join(busy)} already deployed or under way")
    for ident, qos in wanted:
        if ident not in world.intents:
            new_intent(world, qos, call.now, ident)
    rollout = Rollout(
        id=world.new_id("deploy"),
        started=call.now,
        seconds=call.knobs.deploy_seconds,
        outcome=call.knobs.deploy_outcome,
        intents=tuple(ident for ident, _ in wanted),
    )
    world.rollouts[rollout.id] = rollout
    if len(world.rollouts) > _KEPT:
        del world.rollouts[next(iter(world.rollouts))]
    _announce(world, rollout)
    final = "deployed" if rollout.outcome == "completed" else "failed"
    for ident in rollout.intents:
        world.announce_slice(ident, "created", call.now)
        world.course(world.intents, ident, call.now, ((rollout.seconds, final),))
    return Reply(202, status_of(rollout, call.now))


def get_deployment(world: World, call: OperationCall) -> Reply:
    """GET /orchestrator/deployments/{deploymentId}: in the guide alone."""
    rollout = world.rollouts.get(call.ids["deploymentId"])
    if rollout is None:
        return not_found("deployment", call.ids["deploymentId"])
    return Reply(200, status_of(rollout, call.now))


def status_of(rollout: Rollout, now: float) -> JsonObject:
    """Tell how far a deployment is.

    Args:
        rollout: The deployment.
        now: Unix time in seconds.

    Returns:
        A DeploymentStatus of the document.
    """
    done = 1.0
    if rollout.seconds > 0:
        done = min(1.0, (now - rollout.started) / rollout.seconds + _DUST)
    slices = len(rollout.intents)
    status: JsonObject = {
        "deployment_id": rollout.id,
        "status": "running",
        "progress_percent": int(100 * done),
        "message": f"Deploying {slices} slices",
        "started_at": stamp(rollout.started),
        "estimated_completion": stamp(rollout.started + rollout.seconds),
    }
    if done >= 1:
        failed = rollout.outcome == "failed"
        status["status"] = rollout.outcome
        status["message"] = "Resources exhausted at the site" if failed else "Deployed"
        status["completed_at"] = stamp(rollout.started + rollout.seconds)
    elif done < _QUEUED:
        status |= {"status": "queued", "progress_percent": 0, "message": "Waiting for resources"}
    return status


def under_way(world: World, ident: str, now: float) -> bool:
    """Tell whether an intent is being deployed.

    Args:
        world: Where.
        ident: The intent's identifier.
        now: Unix time in seconds.

    Returns:
        Whether a deployment of it has not ended yet.
    """
    return any(ident in r.intents and now < r.started + r.seconds for r in world.rollouts.values())


def _announce(world: World, rollout: Rollout) -> None:
    """Plan what subscribers are told of a deployment: its start, and its end."""
    for event, share in (("started", _QUEUED), (rollout.outcome, 1.0)):
        at = rollout.started + share * rollout.seconds
        status = status_of(rollout, at)
        facts = {name: status[name] for name in ("deployment_id", "status", "message")}
        happening = Happening(at, f"deployment.{event}", facts)
        world.agenda.plan(at, partial(_tell, world, happening))


def _tell(world: World, happening: Happening, _: float) -> None:
    world.happenings.append(happening)


def _in_use(world: World, ident: str, now: float) -> bool:
    intent = world.intents.get(ident)
    deployed = intent is not None and intent["status"] in {"deployed", "deleting"}
    return deployed or under_way(world, ident, now)


def _allocation(world: World, wanted: JsonObject) -> JsonObject:
    given = wanted.get("id")
    ident = given if isinstance(given, str) and given in world.intents else world.new_id("intent")
    bandwidth, latency, kind = wanted["bandwidth"], wanted["latency"], wanted["slice_type"]
    cloud = _CLOUDS[kind]
    return {
        "slice_id": ident,
        "qos": {"id": ident, **promise(wanted), "status": "planned"},
        "placement": {
            "site_id": f"{cloud}01",
            "cloud_type": cloud,
            "region": "north",
            "zone": f"{cloud}01",
            "score": round(100 - bandwidth / 200, 1),
            "constraints_met": True,
            "reasons": [f"{cloud} sites meet {latency:g} ms"],
        },
        "resources": {
            "ran_resources": {
                "cpu_cores": 4,
                "memory_mb": 8192,
                "antennas": 4,
                "frequency_mhz": 3500,
            },
            "cn_resources": {
                "cpu_cores": 8,
                "memory_mb": 16384,
                "storage_gb": 100,
                "upf_capacity": bandwidth,
            },
            "tn_resources": {
                "bandwidth_mbps": bandwidth,
                "vlan_id": 100 + world.numbers["intent"] % 3900,
                "qos_class": kind,
                "latency_budget_ms": round(latency * 0.4, 3),
            },
        },
        "status": "planned",
    }


OPERATIONS: Final = (
    Operation(
        surface="orchestrator.plan",
        method="POST",
        path="/orchestrator/plan",
        rate_class="standard",
        handler=plan,
        body=fields.PLAN,
        typical_ms=90,
    ),
    Operation(
        surface="orchestrator.deploy",
        method="POST",
        path="/orchestrator/deploy",
        rate_class="deployment",
        handler=deploy,
        body=fields.DEPLOY,
        typical_ms=60,
    ),
    Operation(
        surface="orchestrator.deployments.get",
        method="GET",
        path="/orchestrator/deployments/{deploymentId}",
        rate_class="monitoring",
        handler=get_deployment,
    ),
)
