"""Transport network agents."""

from typing import Final

from exporter.catalog.surface import Ids, Surface

SURFACES: Final = (
    Surface(
        id="tn-manager.agents.list",
        component="tn-manager",
        method="GET",
        path="/tn-manager/agents",
        rate_class="standard",
        safety="read",
        lists="agents",
    ),
    Surface(
        id="tn-manager.agents.register",
        component="tn-manager",
        method="POST",
        path="/tn-manager/agents",
        rate_class="standard",
        safety="write",
    ),
    Surface(
        id="tn-manager.agents.slices",
        component="tn-manager",
        method="POST",
        path="/tn-manager/agents/{agentId}/slices",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="tn-manager.agents.performance",
        component="tn-manager",
        method="POST",
        path="/tn-manager/agents/{agentId}/performance",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="tn-manager.agents.status",
        component="tn-manager",
        method="GET",
        path="/tn-manager/agents/{agentId}/status",
        rate_class="monitoring",
        safety="read",
        ids=Ids("agents", "each"),
    ),
)
