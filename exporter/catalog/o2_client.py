"""Deployment managers behind the O2 interface, their descriptors and deployments."""

from typing import Final

from exporter.catalog.surface import Ids, Surface

SURFACES: Final = (
    Surface(
        id="o2-client.deployment-managers.list",
        component="o2-client",
        method="GET",
        path="/o2-client/deployment-managers",
        rate_class="standard",
        safety="read",
        lists="managers",
        paged=True,
    ),
    Surface(
        id="o2-client.nf-descriptors.list",
        component="o2-client",
        method="GET",
        path="/o2-client/deployment-managers/{dmId}/nf-descriptors",
        rate_class="standard",
        safety="read",
        ids=Ids("managers", "rotate"),
    ),
    Surface(
        id="o2-client.deployments.list",
        component="o2-client",
        method="GET",
        path="/o2-client/deployment-managers/{dmId}/deployments",
        rate_class="standard",
        safety="read",
        ids=Ids("managers", "rotate"),
        lists="nf_deployments",
        paged=True,
    ),
    Surface(
        id="o2-client.deployments.create",
        component="o2-client",
        method="POST",
        path="/o2-client/deployment-managers/{dmId}/deployments",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="o2-client.deployments.get",
        component="o2-client",
        method="GET",
        path="/o2-client/deployment-managers/{dmId}/deployments/{deploymentId}",
        rate_class="standard",
        safety="read",
        ids=Ids("nf_deployments", "rotate"),
    ),
    Surface(
        id="o2-client.deployments.delete",
        component="o2-client",
        method="DELETE",
        path="/o2-client/deployment-managers/{dmId}/deployments/{deploymentId}",
        rate_class="deployment",
        safety="write",
    ),
)
