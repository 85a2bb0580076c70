"""What goes in and out of an operation: plain data, no HTTP library."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from exporter.simulator.knobs import Knobs

JsonObject: TypeAlias = dict[str, Any]

JSON = "application/json"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class OperationCall:
    """One request to an operation, already routed, authorised and validated.

    Attributes:
        ids: The identifiers of the path, by the names of the path template.
        query: The query parameters that the operation knows, converted and with defaults.
        body: The JSON object that was sent, empty where none was.
        now: Unix time in seconds.
        knobs: What the scenario in force wants.
    """

    ids: Mapping[str, str]
    query: Mapping[str, Any]
    body: JsonObject
    now: float
    knobs: Knobs


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back.

    Attributes:
        status: The HTTP status code.
        body: A JSON object, raw bytes, or None for an answer without a body.
        media: The Content-Type.
        headers: Headers of this answer alone.
    """

    status: int
    body: JsonObject | bytes | None = None
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
