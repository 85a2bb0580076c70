"""The way from a request to the row of its operation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from exporter.simulator.operation import Operation
from exporter.simulator.operations import (
    auth,
    intents,
    monitoring,
    o2_client,
    orchestrator,
    tn_manager,
    vnf_operator,
    webhooks,
)

PREFIX: Final = "/v1"

OPERATIONS: Final = (
    *auth.OPERATIONS,
    *intents.OPERATIONS,
    *orchestrator.OPERATIONS,
    *vnf_operator.OPERATIONS,
    *tn_manager.OPERATIONS,
    *o2_client.OPERATIONS,
    *monitoring.OPERATIONS,
    *webhooks.OPERATIONS,
)

SURFACES: Final = tuple(operation.surface for operation in OPERATIONS)
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request leads.

    Attributes:
        operation: The operation, or None.
        ids: The identifiers of the path.
        allow: The methods of the path; empty for a path that the API does not have.
    """

    operation: Operation | None
    ids: Mapping[str, str]
    allow: tuple[str, ...]


_NOWHERE: Final = Route(None, {}, ())


def _table() -> dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]]:
    templates: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        templates.setdefault(PREFIX + operation.path, {})[operation.method] = operation
    table: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
    for template, methods in templates.items():
        parts = tuple(template.split("/"))
        table.setdefault(len(parts), []).append((parts, methods))
    return table


_TABLE: Final = _table()


def route(method: str, path: str) -> Route:
    """Find the operation of a request.

    Args:
        method: The HTTP method.
        path: The path, decoded, with its prefix.

    Returns:
        The operation with its identifiers; what the path allows where the method is wrong.
    """
    parts = path.split("/")
    for template, methods in _TABLE.get(len(parts), ()):
        ids: dict[str, str] = {}
        for wanted, given in zip(template, parts, strict=True):
            if wanted[:1] == "{":
                if not given:
                    break
                ids[wanted[1:-1]] = given
            elif wanted != given:
                break
        else:
            return Route(methods.get(method), ids, tuple(methods))
    return _NOWHERE
