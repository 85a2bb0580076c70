"""Login and refresh."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import OperationCall, Reply
from exporter.simulator.operation import Operation
from exporter.simulator.problems import problem
from exporter.simulator.world import World


def login(world: World, call: OperationCall) -> Reply:
    """POST /auth/login."""
    given = call.body
    told = world.tokens.login(given["username"], given["password"], call.now, call.knobs)
    if told is None or call.knobs.revoke_tokens:
        return problem(401, "Invalid credentials")
    return Reply(200, told)


def refresh(world: World, call: OperationCall) -> Reply:
    """POST /auth/refresh."""
    told = world.tokens.refresh(call.body["refresh_token"], call.now, call.knobs)
    if told is None:
        return problem(401, "The refresh token is invalid, was used before or has expired")
    return Reply(200, told)


OPERATIONS: Final = (
    Operation(
        surface="auth.login",
        method="POST",
        path="/auth/login",
        rate_class="standard",
        handler=login,
        body=fields.LOGIN,
        bearer=False,
        typical_ms=60,
    ),
    Operation(
        surface="auth.refresh",
        method="POST",
        path="/auth/refresh",
        rate_class="standard",
        handler=refresh,
        body=fields.REFRESH,
        bearer=False,
        typical_ms=15,
    ),
)
