"""What the API says of itself and of its slices."""

from typing import Final

from exporter.catalog.surface import Ids, Surface

SURFACES: Final = (
    Surface(
        id="monitoring.health",
        component="monitoring",
        method="GET",
        path="/monitoring/health",
        rate_class="monitoring",
        safety="read",
        auth="none",
        checks=("healthy", "moving"),
        timestamp="timestamp",
        essential=True,
    ),
    Surface(
        id="monitoring.metrics",
        component="monitoring",
        method="GET",
        path="/monitoring/metrics",
        rate_class="monitoring",
        safety="read",
        auth="none",
        media="text",
        checks=("exposition",),
    ),
    Surface(
        id="monitoring.slices.metrics",
        component="monitoring",
        method="GET",
        path="/monitoring/slices/{sliceId}/metrics",
        rate_class="monitoring",
        safety="read",
        ids=Ids("slices", "each"),
    ),
)
