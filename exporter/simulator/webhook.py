"""Events for webhook subscribers (guide, chapter "Webhook Integration"): what is sent to whom."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from exporter.simulator.exchange import JSON, JsonObject
from exporter.simulator.motion import stamp

DeliveryForm = Literal["signed", "forged", "unsigned", "malformed", "duplicated", "stale", "none"]

_STALE_BY: Final = 3 * 86400.0


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that subscribers are told of.

    Attributes:
        at: Unix time in seconds.
        event: Its name, such as ``slice.deployed``.
        facts: What else the event says.
    """

    at: float
    event: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST to one subscriber."""

    event: str
    url: str
    body: bytes
    headers: Mapping[str, str]


def deliveries(
    happenings: Iterable[Happening], subscriptions: Iterable[JsonObject], form: DeliveryForm
) -> list[Delivery]:
    """Find out what has to be sent.

    Args:
        happenings: What happened since the last time.
        subscriptions: Who subscribed, with their secrets.
        form: How the scenario wants events to be sent.

    Returns:
        A delivery for each event and active subscriber to it, in the order of the events.
    """
    receivers = [s for s in subscriptions if s["active"] and form != "none"]
    return [
        delivery
        for happening in happenings
        for receiver in receivers
        if happening.event in receiver["events"]
        for delivery in _prepared(happening, receiver["url"], receiver["secret"], form)
    ]


def signature(secret: str, body: bytes) -> str:
    """Sign a body.

    Args:
        secret: The subscription's secret.
        body: The raw body.

    Returns:
        The value of ``X-Webhook-Signature``.
    """
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _prepared(happening: Happening, url: str, secret: str, form: DeliveryForm) -> list[Delivery]:
    at = happening.at - (_STALE_BY if form == "stale" else 0)
    body = msgspec.json.encode(
        {"event": happening.event, **happening.facts, "timestamp": stamp(at)}
    )
    if form == "malformed":
        body = body[: len(body) // 2]
    headers = {"Content-Type": JSON}
    if form != "unsigned":
        key = secret + "?" if form == "forged" else secret
        headers["X-Webhook-Signature"] = signature(key, body)
    once = Delivery(happening.event, url, body, headers)
    return [once, once] if form == "duplicated" else [once]
