"""Answers that break the document: one breach for each kind that a contract check tells apart."""

import copy
from dataclasses import replace
from typing import Final

from exporter.simulator.exchange import HTML, JsonObject, Reply
from exporter.simulator.knobs import BodyKind, DriftKind

_STATES: Final = ("status", "slice_type", "type", "cloud_type")
_RANGED: Final = {"bandwidth": 99999, "latency": 0, "progress_percent": 250, "reliability": 2}
_UNDOCUMENTED: Final = 203
_NO_SUCCESS: Final = 300
_PAGE: Final = b"<!doctype html><title>Sign in</title><h1>Welcome to the portal</h1>\n"
_GARBAGE: Final = b'{"status": "healthy", "timest\xff\xfe\x00'


def drifted(answer: Reply, kinds: tuple[DriftKind, ...]) -> Reply:
    """Break an answer.

    Args:
        answer: A good answer; errors are returned as they are.
        kinds: The breaches.

    Returns:
        The answer with every breach that its body has a place for.
    """
    if answer.status >= _NO_SUCCESS:
        return answer
    body = copy.deepcopy(answer.body)
    for kind in kinds:
        if kind == "undocumented_status":
            answer = replace(answer, status=_UNDOCUMENTED)
        elif kind == "not_json":
            return replace(answer, body=_PAGE, media=HTML)
        elif isinstance(body, dict):
            _break(_target(body), kind)
    return replace(answer, body=body)


def replaced(kind: BodyKind) -> Reply:
    """Make a good status with a body that is not the document's.

    Args:
        kind: Which; the bytes of a ``huge`` one are added when it is sent.

    Returns:
        The answer.
    """
    if kind == "html":
        return Reply(200, _PAGE, HTML)
    return Reply(200, _GARBAGE if kind == "garbage" else b"")


def _target(body: JsonObject) -> JsonObject:
    """Choose what to break: the first item of a list, or a resource itself."""
    if "id" in body or "status" in body:
        return body
    for value in body.values():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return value[0]
    return body


def _break(target: JsonObject, kind: DriftKind) -> None:
    numbers = [
        name
        for name, value in target.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    states = [name for name in _STATES if isinstance(target.get(name), str)]
    if kind == "missing_field":
        target.pop(next(iter([*reversed(states), *target]), ""), None)
    elif kind == "type":
        for name in numbers[:1]:
            target[name] = f"{target[name]} units"
        if not numbers:
            target[next(iter(target))] = 17
    elif kind == "enum":
        for name in states[:1]:
            target[name] = "quantum"
    elif kind == "range":
        ranged = [name for name in numbers if name in _RANGED]
        for name in ranged or numbers[:1]:
            target[name] = _RANGED.get(name, -1)
