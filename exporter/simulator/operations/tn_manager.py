"""Transport network agents."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import JsonObject, OperationCall, Reply
from exporter.simulator.knobs import last_fit
from exporter.simulator.motion import stamp, wave
from exporter.simulator.operation import Operation
from exporter.simulator.problems import not_found
from exporter.simulator.resources import CONNECTS_AFTER, new_agent
from exporter.simulator.world import Agent, World

_HEARTBEAT: Final = 10.0
_LINK_STATUS: Final = {"degraded": "connected", "failed": "error"}


def list_agents(world: World, call: OperationCall) -> Reply:
    """GET /tn-manager/agents."""
    return Reply(200, {"agents": [_told(agent, call) for agent in world.agents.values()]})


def register_agent(world: World, call: OperationCall) -> Reply:
    """POST /tn-manager/agents: the agent connects a little later."""
    agent = new_agent(world, call.body, call.now)
    world.agenda.plan(
        call.now + CONNECTS_AFTER, lambda _: agent.about.__setitem__("status", "connected")
    )
    return Reply(201, _told(agent, call))


def configure_slice(world: World, call: OperationCall) -> Reply:
    """POST /tn-manager/agents/{agentId}/slices: without the bandwidth it fails, and says so."""
    agent = world.agents.get(call.ids["agentId"])
    if agent is None:
        return not_found("TN agent", call.ids["agentId"])
    wanted = call.body
    slice_id, bandwidth = wanted["slice_id"], wanted["bandwidth_mbps"]
    others = sum(
        s["bandwidth_allocated"] for s in agent.slices.values() if s["slice_id"] != slice_id
    )
    fits = others + bandwidth <= agent.capacity_mbps
    status: JsonObject = {
        "slice_id": slice_id,
        "status": "configured" if fits else "failed",
        "bandwidth_allocated": bandwidth if fits else 0,
        "vlan_id": wanted.get("vlan_id", 100 + len(agent.slices)),
        "message": "Slice configured" if fits else "Not enough bandwidth",
        "configured_at": stamp(call.now),
    }
    if fits:
        agent.slices[slice_id] = status
    return Reply(200, status)


def run_performance_test(world: World, call: OperationCall) -> Reply:
    """POST /tn-manager/agents/{agentId}/performance."""
    ident = call.ids["agentId"]
    if ident not in world.agents:
        return not_found("TN agent", ident)
    asked = call.body
    bandwidth = float(asked.get("bandwidth_mbps", 1000))
    average = round(bandwidth * wave(f"{ident}/test", call.now, 0.9, 0.98), 3)
    sent = min(int(asked["duration_seconds"]) * 10_000, 10**9)
    lost = int(sent * wave(f"{ident}/loss", call.now, 0.0, 0.001))
    return Reply(
        200,
        {
            "test_id": asked["test_id"],
            "throughput": {
                "avg_mbps": average,
                "max_mbps": round(bandwidth, 3),
                "min_mbps": round(average * 0.8, 3),
            },
            "latency": {
                "avg_rtt_ms": wave(f"{ident}/rtt", call.now, 2, 4),
                "max_rtt_ms": wave(f"{ident}/rtt", call.now, 6, 12),
                "min_rtt_ms": wave(f"{ident}/rtt", call.now, 1, 2),
                "jitter_ms": wave(f"{ident}/jitter", call.now, 0.1, 0.8),
            },
            "packet_loss": {
                "rate": round(lost / sent, 6),
                "packets_sent": sent,
                "packets_received": sent - lost,
            },
            "test_duration": int(asked["duration_seconds"]),
            "timestamp": stamp(call.now),
        },
    )


def agent_status(world: World, call: OperationCall) -> Reply:
    """GET /tn-manager/agents/{agentId}/status."""
    ident = call.ids["agentId"]
    agent = world.agents.get(ident)
    if agent is None:
        return not_found("TN agent", ident)
    state = last_fit(call.knobs.agents, ident) or "healthy"
    busy = 1.0 if state == "healthy" else 1.8
    used = sum(s["bandwidth_allocated"] for s in agent.slices.values())
    share = wave(f"{ident}/bandwidth", call.now, 0.2, 0.4)
    free = max(0.0, agent.capacity_mbps * (1 - share) - used)
    return Reply(
        200,
        {
            "agent_id": ident,
            "status": state,
            "uptime_seconds": max(0, int(call.now - agent.since)),
            "active_slices": len(agent.slices),
            "total_bandwidth_mbps": agent.capacity_mbps,
            "available_bandwidth_mbps": round(free, 3),
            "cpu_usage_percent": round(busy * wave(f"{ident}/cpu", call.now, 20, 50), 2),
            "memory_usage_percent": round(busy * wave(f"{ident}/memory", call.now, 40, 52), 2),
            "interfaces": [
                _interface("eth0", agent, share, down=False),
                _interface("vxlan0", agent, share / 2, down=state != "healthy"),
            ],
            "last_updated": stamp(call.now),
        },
    )


def _told(agent: Agent, call: OperationCall) -> JsonObject:
    about = agent.about
    if about["status"] == "disconnected":
        return about
    state = last_fit(call.knobs.agents, about["id"]) or "healthy"
    status = _LINK_STATUS.get(state, about["status"])
    heard = call.now // _HEARTBEAT * _HEARTBEAT
    return {**about, "status": status, "last_seen": stamp(heard)}


def _interface(name: str, agent: Agent, share: float, *, down: bool) -> JsonObject:
    return {
        "name": name,
        "status": "down" if down else "up",
        "speed_mbps": agent.capacity_mbps,
        "utilization_percent": 0.0 if down else round(100 * share, 2),
    }


_AGENTS: Final = "/tn-manager/agents"
_AGENT: Final = "/tn-manager/agents/{agentId}"

OPERATIONS: Final = (
    Operation(
        surface="tn-manager.agents.list",
        method="GET",
        path=_AGENTS,
        rate_class="standard",
        handler=list_agents,
        typical_ms=10,
    ),
    Operation(
        surface="tn-manager.agents.register",
        method="POST",
        path=_AGENTS,
        rate_class="standard",
        handler=register_agent,
        body=fields.AGENT,
        typical_ms=25,
    ),
    Operation(
        surface="tn-manager.agents.slices",
        method="POST",
        path=f"{_AGENT}/slices",
        rate_class="deployment",
        handler=configure_slice,
        body=fields.TN_SLICE,
        typical_ms=50,
    ),
    Operation(
        surface="tn-manager.agents.performance",
        method="POST",
        path=f"{_AGENT}/performance",
        rate_class="deployment",
        handler=run_performance_test,
        body=fields.PERFORMANCE,
        typical_ms=400,
    ),
    Operation(
        surface="tn-manager.agents.status",
        method="GET",
        path=f"{_AGENT}/status",
        rate_class="monitoring",
        handler=agent_status,
        typical_ms=12,
    ),
)
