"""Webhook subscriptions: in the guide alone."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import JsonObject, OperationCall, Reply
from exporter.simulator.motion import stamp
from exporter.simulator.operation import Operation
from exporter.simulator.world import World


def subscribe(world: World, call: OperationCall) -> Reply:
    """POST /webhooks/subscriptions: the secret is kept, and never told again."""
    wanted = call.body
    ident = world.new_id("webhook")
    told: JsonObject = {
        "id": ident,
        "url": wanted["url"],
        "events": wanted["events"],
        "active": wanted.get("active", True),
        "created_at": stamp(call.now),
    }
    world.subscriptions[ident] = {**told, "secret": wanted["secret"]}
    return Reply(201, told)


OPERATIONS: Final = (
    Operation(
        surface="webhooks.subscriptions",
        method="POST",
        path="/webhooks/subscriptions",
        rate_class="standard",
        handler=subscribe,
        body=fields.SUBSCRIPTION,
        typical_ms=20,
    ),
)
