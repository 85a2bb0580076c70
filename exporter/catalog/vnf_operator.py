"""Virtual network functions."""

from typing import Final

from exporter.catalog.surface import Ids, Surface

SURFACES: Final = (
    Surface(
        id="vnf-operator.vnfs.list",
        component="vnf-operator",
        method="GET",
        path="/vnf-operator/vnfs",
        rate_class="standard",
        safety="read",
        lists="vnfs",
        paged=True,
    ),
    Surface(
        id="vnf-operator.vnfs.create",
        component="vnf-operator",
        method="POST",
        path="/vnf-operator/vnfs",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="vnf-operator.vnfs.get",
        component="vnf-operator",
        method="GET",
        path="/vnf-operator/vnfs/{vnfId}",
        rate_class="standard",
        safety="read",
        ids=Ids("vnfs", "rotate"),
    ),
    Surface(
        id="vnf-operator.vnfs.update",
        component="vnf-operator",
        method="PUT",
        path="/vnf-operator/vnfs/{vnfId}",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="vnf-operator.vnfs.delete",
        component="vnf-operator",
        method="DELETE",
        path="/vnf-operator/vnfs/{vnfId}",
        rate_class="deployment",
        safety="write",
    ),
    Surface(
        id="vnf-operator.vnfs.scale",
        component="vnf-operator",
        method="POST",
        path="/vnf-operator/vnfs/{vnfId}/scale",
        rate_class="deployment",
        safety="write",
    ),
)
