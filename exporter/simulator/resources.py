"""How resources come into being, and the course that they take from there."""

from typing import Final

from exporter.simulator.exchange import JsonObject
from exporter.simulator.motion import stamp
from exporter.simulator.world import Agent, Manager, World

_PROMISED: Final = (
    *("bandwidth", "latency", "slice_type"),
    *("jitter", "packet_loss", "reliability"),
)
_VNF: Final = (
    *("name", "type", "version", "qos", "placement"),
    *("target_clusters", "resources", "config", "image"),
)
CONNECTS_AFTER: Final = 5.0
LEAVES_AFTER: Final = 5.0


def promise(wanted: JsonObject) -> JsonObject:
    """Take the promised figures out of a request.

    Args:
        wanted: A validated request.

    Returns:
        The fields that an intent request and an intent have in common.
    """
    return {name: wanted[name] for name in _PROMISED if name in wanted}


def new_intent(world: World, wanted: JsonObject, now: float, ident: str = "") -> JsonObject:
    """Create a QoS intent.

    Args:
        world: Where.
        wanted: A validated request; fields that the document does not know are dropped.
        now: Unix time in seconds.
        ident: Its identifier where one was promised before; a new one otherwise.

    Returns:
        The intent, planned.
    """
    ident = ident or world.new_id("intent")
    intent = {
        "id": ident,
        **promise(wanted),
        "status": "planned",
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }
    world.intents[ident] = intent
    return intent


def vnf_fields(wanted: JsonObject) -> JsonObject:
    """Take what describes a VNF out of a request.

    Args:
        wanted: A validated request.

    Returns:
        The fields that a VNF request and a VNF have in common.
    """
    return {name: wanted[name] for name in _VNF if name in wanted}


def new_vnf(world: World, wanted: JsonObject, now: float) -> JsonObject:
    """Create a VNF.

    Args:
        world: Where.
        wanted: A validated request.
        now: Unix time in seconds.

    Returns:
        The VNF, pending; `world.course` takes it further.
    """
    ident = world.new_id("vnf")
    vnf: JsonObject = {
        "id": ident,
        **vnf_fields(wanted),
        "status": "Pending",
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }
    world.vnfs[ident] = vnf
    world.replicas[ident] = 1
    return vnf


def vnf_told(world: World, vnf: JsonObject) -> JsonObject:
    """Describe a VNF as it is answered.

    Args:
        world: Where it lies.
        vnf: The VNF.

    Returns:
        The VNF with its instances; it has some while it runs.
    """
    count = world.replicas.get(vnf["id"], 1) if vnf["status"] == "Running" else 0
    return {**vnf, "instances": [_instance(vnf, number) for number in range(count)]}


def new_agent(world: World, wanted: JsonObject, now: float) -> Agent:
    """Register a transport agent.

    Args:
        world: Where.
        wanted: A validated request.
        now: Unix time in seconds.

    Returns:
        The agent, not yet connected.
    """
    ident = world.new_id("agent", 2)
    about: JsonObject = {
        "id": ident,
        "name": wanted["name"],
        "endpoint": wanted["endpoint"],
        "status": "disconnected",
        "version": "1.4.2",
        "capabilities": wanted.get("capabilities", []),
        "last_seen": stamp(now),
        "created_at": stamp(now),
    }
    agent = world.agents[ident] = Agent(about=about, capacity_mbps=10000.0, since=now)
    return agent


def new_nf(world: World, manager: Manager, wanted: JsonObject, now: float) -> JsonObject:
    """Create a network function deployment.

    Args:
        world: Where identifiers come from.
        manager: Who runs it.
        wanted: A validated request.
        now: Unix time in seconds.

    Returns:
        The deployment, not yet instantiated; `world.course` takes it further.
    """
    ident = world.new_id("nfd")
    deployment: JsonObject = {
        "id": ident,
        "name": wanted["name"],
        "description": wanted.get("description", ""),
        "nf_deployment_descriptor_id": wanted["nf_deployment_descriptor_id"],
        "status": "not_instantiated",
        "input_params": wanted.get("input_params", {}),
        "location_constraints": wanted.get("location_constraints", []),
        "created_at": stamp(now),
        "updated_at": stamp(now),
    }
    manager.deployments[ident] = deployment
    return deployment


def _instance(vnf: JsonObject, number: int) -> JsonObject:
    return {
        "cluster": (vnf.get("target_clusters") or ["cluster-01"])[0],
        "namespace": "oran-mano",
        "name": f"{vnf['name']}-{number}",
        "status": "Running",
        "ip_address": f"10.42.{number // 250}.{number % 250 + 4}",
        "endpoints": [{"name": "service", "protocol": "SCTP", "port": 38412}],
    }
