"""What an operation of the API is: one row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from exporter.simulator.exchange import OperationCall, Reply
from exporter.simulator.knobs import LimitClass
from exporter.simulator.validate import FieldRule
from exporter.simulator.world import World

OperationHandler: TypeAlias = Callable[[World, OperationCall], Reply]


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
    rate_class: LimitClass
    handler: OperationHandler
    body: FieldRule | None = None
    query: Mapping[str, FieldRule] = field(default_factory=dict)
    bearer: bool = True
    typical_ms: float = 8.0
