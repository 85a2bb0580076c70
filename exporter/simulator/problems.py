"""Problem details (RFC 9457) and field errors, as the guide's "Error Handling" shows them."""

import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final

from exporter.simulator.exchange import Reply
from exporter.simulator.headers import merged
from exporter.simulator.validate import Complaint

_TYPES = "https://api.oran-mano.io/problems/"
CHALLENGE: Final = 'Bearer realm="oran-mano"'
_TITLES = {422: "Validation Error"}


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Make an error answer.

    Args:
        status: The HTTP status code, 400 or above.
        detail: What went wrong, for a person.
        headers: Headers that belong to the error, such as ``Allow``.

    Returns:
        The answer, without the ``instance`` that `numbered` adds.
    """
    title = _TITLES.get(status) or _phrase(status)
    body = {
        "status": status,
        "title": title,
        "detail": detail,
        "type": _TYPES + title.lower().replace(" ", "-"),
    }
    # RFC 9110, section 11.6.1: a 401 says how to authenticate.
    challenge = {"WWW-Authenticate": CHALLENGE} if status == HTTPStatus.UNAUTHORIZED else {}
    return Reply(status, body, headers=merged(challenge, headers or {}))


def invalid(complaints: Iterable[Complaint]) -> Reply:
    """Make the 422 that lists every field at fault.

    Args:
        complaints: What is wrong, in the order in which it was found.

    Returns:
        The answer with its ``errors`` list.
    """
    answer = problem(HTTPStatus.UNPROCESSABLE_ENTITY, "Input validation failed")
    errors = [{"field": c.field, "message": c.message, "code": c.code} for c in complaints]
    body = answer.body if isinstance(answer.body, dict) else {}
    return replace(answer, body={**body, "errors": errors})


def not_found(kind: str, name: str) -> Reply:
    """Say that a resource does not exist.

    Args:
        kind: What was asked for, such as ``intent``.
        name: The identifier that was given.

    Returns:
        The 404.
    """
    return problem(HTTPStatus.NOT_FOUND, f"There is no {kind} with the identifier '{name}'")


def conflict(detail: str) -> Reply:
    """Say that the state of a resource forbids what was asked.

    Args:
        detail: Which state, and what it forbids.

    Returns:
        The 409.
    """
    return problem(HTTPStatus.CONFLICT, detail)


def numbered(answer: Reply, rng: random.Random) -> Reply:
    """Give an error the identity of its occurrence (RFC 9457, section 3.1.5).

    Args:
        answer: Any answer; what is no problem is returned as it is.
        rng: Where identities come from.

    Returns:
        The answer with an ``instance``: an absolute URI, as the schema asks for the format `uri`.
    """
    if answer.status < HTTPStatus.BAD_REQUEST or not isinstance(answer.body, dict):
        return answer
    occurrence = uuid.UUID(int=rng.getrandbits(128), version=4)
    return replace(answer, body={**answer.body, "instance": f"urn:uuid:{occurrence}"})


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "API Error"
