"""What arrives: the request, what was found out about it, and its body."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from exporter.simulator.exchange import Reply
from exporter.simulator.knobs import Knobs, Treatment
from exporter.simulator.limits import Quota
from exporter.simulator.operation import Operation
from exporter.simulator.problems import invalid, problem
from exporter.simulator.validate import Complaint


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it arrived.

    Attributes:
        method: The HTTP method.
        path: The path, decoded.
        query: The query parameters in the order in which they came.
        headers: The headers, by names of any case.
        address: The client's address.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    address: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is known of a request before its body is read.

    Attributes:
        request: The request.
        at: Unix time in seconds, by the API's clock, at which it was charged.
        operation: The operation it leads to, or None.
        surface: The surface id, or ``unknown``.
        ids: The identifiers of its path.
        account: Whose it is, or ``anonymous``.
        quota: What it was charged.
        knobs: The knobs that were in force.
        treatment: What they mean for the surface.
        refusal: The answer, where it is settled already.
        status: A good status to be told instead of the true one, or None.
        delay: Seconds until the answer.
        headers: The headers of the answer, whatever it is.
    """

    request: ReceivedRequest
    at: float
    operation: Operation | None
    surface: str
    ids: Mapping[str, str]
    account: str
    quota: Quota
    knobs: Knobs
    treatment: Treatment
    refusal: Reply | None
    status: int | None
    delay: float
    headers: Mapping[str, str]


def bearer(request: ReceivedRequest) -> str:
    """Take the token out of a request (RFC 6750, section 2.1).

    Args:
        request: The request.

    Returns:
        The token, empty where there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def decode(request: ReceivedRequest, body: bytes) -> object:
    """Decode a body.

    Args:
        request: The request that it came with.
        body: The body.

    Returns:
        The JSON value, or the answer that says why there is none.
    """
    if not body:
        return invalid([Complaint("body", "body is required", "REQUIRED_ERROR")])
    media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media != "application/json" and not media.endswith("+json"):
        return problem(415, "The body has to be application/json")
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return problem(400, "The body is not valid JSON")
    return value
