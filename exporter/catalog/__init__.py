"""Every operation of the API, a row each: a new surface is one row in its family's file."""

from typing import Final

from exporter.catalog import (
    auth,
    monitoring,
    o2_client,
    orchestrator,
    tn_manager,
    vnf_operator,
    webhooks,
)
from exporter.catalog.surface import Surface

CATALOG: Final[tuple[Surface, ...]] = (
    *auth.SURFACES,
    *orchestrator.SURFACES,
    *vnf_operator.SURFACES,
    *tn_manager.SURFACES,
    *o2_client.SURFACES,
    *monitoring.SURFACES,
    *webhooks.SURFACES,
)
