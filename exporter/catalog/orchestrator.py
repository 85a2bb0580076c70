"""Intents, plans and deployments."""

from typing import Final

from exporter.catalog.surface import Ids, Surface

DEPLOYMENT_STATUS: Final = Surface(
    id="orchestrator.deployments.get",
    component="orchestrator",
    method="GET",
    path="/orchestrator/deployments/{deploymentId}",
    rate_class="monitoring",
    safety="read",
    ids=Ids("deployments", "each"),
)
"""Only the guide's text names it and gives no path: the configuration may give another."""

SURFACES: Final = (
    Surface(
        id="orchestrator.intents.list",
        component="orchestrator",
        method="GET",
        path="/orchestrator/intents",
        rate_class="standard",
        safety="read",
        lists="intents",
        paged=True,
    ),
    Surface(
        id="orchestrator.intents.create",
        component="orchestrator",
        method="POST",
        path="/orchestrator/intents",
        rate_class="standard",
        safety="write",
    ),
    Surface(
        id="orchestrator.intents.get",
        component="orchestrator",
        method="GET",
        path="/orchestrator/intents/{intentId}",
        rate_class="standard",
        safety="read",
        ids=Ids("intents", "rotate"),
    ),
    Surface(
        id="orchestrator.intents.update",
        component="orchestrator",
        method="PUT",
        path="/orchestrator/intents/{intentId}",
        rate_class="standard",
        safety="write",
    ),
    Surface(
        id="orchestrator.intents.delete",
        component="orchestrator",
        method="DELETE",
        path="/orchestrator/intents/{intentId}",
        rate_class="standard",
        safety="write",
    ),
    Surface(
        id="orchestrator.plan",
        component="orchestrator",
        method="POST",
        path="/orchestrator/plan",
        rate_class="standard",
        safety="dry_run",
        body=b'{"intents":[{"bandwidth":100,"latency":10,"slice_type":"uRLLC"}],"dry_run":true}',
    ),
    Surface(
        id="orchestrator.deploy",
        component="orchestrator",
        method="POST",
        path="/orchestrator/deploy",
        rate_class="deployment",
        safety="write",
    ),
    DEPLOYMENT_STATUS,
)
