"""What exists when the simulator starts."""

import random
from typing import TYPE_CHECKING, Final

from exporter.simulator.churn import churn
from exporter.simulator.resources import new_agent, new_intent, new_nf, new_vnf
from exporter.simulator.tokens import Tokens
from exporter.simulator.world import Manager, Rollout, World

if TYPE_CHECKING:
    from exporter.simulator.exchange import JsonObject

_DAY: Final = 86400.0
_HOUR: Final = 3600.0
_QUIET: Final = 30.0  # seconds after the start in which nobody else changes anything

# bandwidth Mbps, latency ms, slice type, jitter ms, packet loss, reliability, status
_INTENTS: Final = (
    (1000.0, 50.0, "eMBB", 10.0, 0.01, 0.999, "deployed"),
    (100.0, 10.0, "uRLLC", 2.0, 0.001, 0.9999, "deployed"),
    (50.0, 100.0, "mIoT", 20.0, 0.02, 0.99, "deployed"),
    (400.0, 30.0, "balanced", 5.0, 0.005, 0.999, "deployed"),
    (2500.0, 20.0, "eMBB", 8.0, 0.01, 0.999, "planned"),
    (150.0, 5.0, "uRLLC", 1.0, 0.0001, 0.99999, "planned"),
)

# name, type, status, bandwidth Mbps, latency ms, cloud, zone
_VNFS: Final = (
    ("upf-edge-a", "UPF", "Running", 2000.0, 10.0, "edge", "edge01"),
    ("upf-edge-b", "UPF", "Running", 2000.0, 10.0, "edge", "edge02"),
    ("amf-core", "AMF", "Running", 200.0, 40.0, "central", "core01"),
    ("smf-core", "SMF", "Running", 200.0, 40.0, "central", "core01"),
    ("nrf-core", "NRF", "Running", 50.0, 60.0, "central", "core01"),
    ("cu-north", "CU", "Running", 1000.0, 15.0, "regional", "regional01"),
    ("du-north", "DU", "Running", 1000.0, 5.0, "edge", "edge01"),
    ("ru-north-1", "RU", "Pending", 500.0, 2.0, "edge", "edge01"),
)

# name, capacity Mbps
_AGENTS: Final = (
    ("edge01", 10000.0),
    ("edge02", 10000.0),
    ("regional01", 40000.0),
    ("core01", 100000.0),
)

# name, endpoint, capabilities, network function types on offer
_MANAGERS: Final = (
    ("Edge cloud", "https://dms-edge.example", ("kubernetes", "sriov"), ("UPF", "DU")),
    ("Core cloud", "https://dms-core.example", ("kubernetes",), ("AMF", "SMF", "NRF")),
)


def seeded(now: float, rng: random.Random) -> World:
    """Build the world as it is at the start.

    Args:
        now: Unix time in seconds.
        rng: Where chance comes from.

    Returns:
        6 intents of which 4 are deployed, 8 VNFs, 4 agents, 2 deployment managers.
    """
    world = World(started=now, rng=rng, tokens=Tokens(rng))
    for *figures, status in _INTENTS:
        names = ("bandwidth", "latency", "slice_type", "jitter", "packet_loss", "reliability")
        wanted: JsonObject = dict(zip(names, figures, strict=True))
        new_intent(world, wanted, now - 3 * _DAY)["status"] = status
    for number, (name, kind, status, bandwidth, latency, cloud, zone) in enumerate(_VNFS):
        wanted = {
            "name": name,
            "type": kind,
            "version": "2.3.1",
            "qos": {"bandwidth": bandwidth, "latency": latency, "slice_type": "balanced"},
            "placement": {"cloud_type": cloud, "region": "north", "zone": zone},
            "target_clusters": [zone],
            "resources": {"cpu_cores": 4, "memory_gb": 8, "storage_gb": 40},
            "config": {"log_level": "info"},
            "image": {"repository": f"registry.example/oran/{kind.lower()}", "tag": "2.3.1"},
        }
        new_vnf(world, wanted, now - 2 * _DAY + number * _HOUR)["status"] = status
    for name, capacity in _AGENTS:
        wanted = {
            "name": name,
            "endpoint": f"https://{name}.tn.example",
            "capabilities": ["vxlan", "tc", "iperf3"],
        }
        agent = new_agent(world, wanted, now - 5 * _DAY)
        agent.about["status"] = "connected"
        agent.capacity_mbps = capacity
    for name, endpoint, capabilities, kinds in _MANAGERS:
        _add_manager(world, name, endpoint, capabilities, kinds)
        _fill(world, world.managers[f"dm-{len(world.managers):02d}"], now - _DAY)
    # The guide follows a deployment of this name.
    first = Rollout(world.new_id("deploy"), now - _DAY, 20.0, "completed", ("intent-001",))
    world.rollouts[first.id] = first
    world.agenda.plan(now + _QUIET, lambda at: churn(world, at))
    return world


def _add_manager(
    world: World, name: str, endpoint: str, capabilities: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    ident = world.new_id("dm", 2)
    about: JsonObject = {
        "id": ident,
        "name": name,
        "description": f"{name} of the simulator",
        "endpoint": endpoint,
        "status": "available",
        "capabilities": list(capabilities),
        "supported_nf_types": list(kinds),
        "version": "3.0.0",
    }
    descriptors: list[JsonObject] = [
        {
            "id": f"{ident}-{kind.lower()}",
            "name": f"{kind} standard",
            "version": "2.3.1",
            "nf_type": kind,
            "vendor": "Example Networks",
            "description": f"{kind} with two replicas",
            "input_parameters": {"replicas": {"type": "integer", "default": 2}},
            "artifacts": [
                {"name": "chart", "type": "helm", "url": f"https://charts.example/{kind.lower()}"}
            ],
        }
        for kind in kinds
    ]
    world.managers[ident] = Manager(about=about, descriptors=descriptors)


def _fill(world: World, manager: Manager, at: float) -> None:
    for descriptor in manager.descriptors:
        wanted = {
            "name": f"{descriptor['nf_type'].lower()}-a",
            "description": descriptor["description"],
            "nf_deployment_descriptor_id": descriptor["id"],
        }
        new_nf(world, manager, wanted, at)["status"] = "instantiated"
