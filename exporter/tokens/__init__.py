"""In whose name requests go: an owner of the token, or of the password, for each target."""

from typing import Final

from exporter.catalog.auth import LOGIN, REFRESH
from exporter.job import Job, TargetPlan
from exporter.observation import Emit, GrantKind, Key
from exporter.tokens.credentials import Credentials
from exporter.tokens.given import Password, TokenFile
from exporter.tokens.renewing import RenewingToken, Wire

_GRANTS: Final[dict[str, GrantKind]] = {LOGIN.id: "login", REFRESH.id: "refresh"}


def credentials_of(plan: TargetPlan, wire: Wire, emit: Emit) -> Credentials | None:
    """Make the owner that a target's ``auth`` asks for.

    Args:
        plan: of the target.
        wire: to the target.
        emit: takes what was observed.

    Returns:
        The owner; ``None`` where requests go in nobody's name.
    """
    target = plan.target
    match target.auth.type:
        case "login" | "oauth2":
            jobs: dict[GrantKind, Job] = {_GRANTS[job.key.surface]: job for job in plan.passive}
            return RenewingToken(jobs, target.auth, wire, emit)
        case "bearer":
            return TokenFile(Key(target.name, LOGIN.component, LOGIN.id), target.auth, emit)
        case "basic":
            return Password(target.auth, target.name)
        case "none":
            return None
