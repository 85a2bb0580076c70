"""Answers that are settled before the operation is asked."""

from typing import Final

from exporter.simulator.exchange import Reply
from exporter.simulator.knobs import ForcedFault
from exporter.simulator.problems import CHALLENGE, problem

_CLIENT_ERROR: Final = 400
_SERVER_ERROR: Final = 500


def faulty(fault: ForcedFault) -> Reply:
    """Answer what the scenario wants instead of the truth.

    Args:
        fault: A status of 300 or above.

    Returns:
        A problem, or for a redirect its headers alone.
    """
    if fault.status < _CLIENT_ERROR:  # a redirect has no problem to tell
        return Reply(fault.status, headers=fault.headers)
    ours = fault.status >= _SERVER_ERROR
    detail = "The service is not available" if ours else "The request was refused"
    return problem(fault.status, detail, fault.headers)


def throttled() -> Reply:
    """Refuse what is over the quota; the quota's headers say when to come again.

    Returns:
        The 429.
    """
    return problem(429, "Rate limit exceeded. Please try again later.")


def misrouted(method: str, path: str, allow: tuple[str, ...]) -> Reply:
    """Refuse what leads to no operation.

    Args:
        method: The HTTP method.
        path: The path.
        allow: The methods of the path; empty for an unknown path.

    Returns:
        404, or 405 with its ``Allow`` (RFC 9110, section 15.5.6).
    """
    if allow:
        return problem(405, f"{method} is not allowed here", {"Allow": ", ".join(allow)})
    return problem(404, f"There is no {path}")


def denied(*, token: str, expired: bool) -> Reply:
    """Refuse who has no good token.

    Args:
        token: What was sent, empty for nothing.
        expired: Whether it was good once.

    Returns:
        The 401. Its challenge names an error only where a token was sent (RFC 6750, section 3).
    """
    if not token:
        return problem(401, "Authentication credentials are required")
    detail = f"The access token {'has expired' if expired else 'is invalid'}"
    return problem(401, detail, {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
