"""What an operation of the API is: one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from exporter.simulator.exchange import Answer, Call
from exporter.simulator.knobs import RateClass
from exporter.simulator.validate import Field
from exporter.simulator.world import World

Handler: TypeAlias = Callable[[World, Call], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API.

    Attributes:
        surface: Its id.
        method: The HTTP method.
        path: The path template under the prefix.
        rate_class: The quota that it is charged to.
        handler: What answers.
        body: What the request body has to look like; None for an operation without one.
        query: The query parameters that it knows.
        bearer: Whether it needs a token.
        typical_ms: Median of its latency in milliseconds.
    """

    surface: str
    method: str
    path: str
    rate_class: RateClass
    handler: Handler
    body: Field | None = None
    query: Mapping[str, Field] = field(default_factory=dict)
    bearer: bool = True
    typical_ms: float = 8.0
