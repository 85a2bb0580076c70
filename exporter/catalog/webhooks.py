"""Subscriptions to events (named by the guide only)."""

from typing import Final

from exporter.catalog.surface import Surface

SURFACES: Final = (
    Surface(
        id="webhooks.subscriptions",
        component="webhooks",
        method="POST",
        path="/webhooks/subscriptions",
        rate_class="standard",
        safety="write",
    ),
)
