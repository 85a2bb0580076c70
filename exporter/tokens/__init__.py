"""In whose name requests go: an owner of the token, or of the password, for each target."""

from typing import Final

from exporter.catalog.auth import LOGIN, REFRESH
from exporter.job import Job, TargetPlan
from exporter.observation import Emit, GrantKind, Key
from exporter.tokens.attempts import Wire
from exporter.tokens.credentials import Credentials
from exporter.tokens.given import Password, TokenFile
from exporter.tokens.renewing import RenewingToken
from exporter.tokens.spacing import Refusal, account_of

_GRANTS: Final[dict[str, GrantKind]] = {LOGIN.id: "login", REFRESH.id: "refresh"}


def credentials_of(
    plan: TargetPlan, wire: Wire, emit: Emit, former: Credentials | None = None
) -> Credentials | None:
    """Make the owner that a target's ``auth`` asks for.

    Args:
        plan: of the target.
        wire: to the target.
        emit: takes what was observed.
        former: the owner that this one takes the place of. It has a token at any time if that one
            had, and a secret that the same account was refused with stays refused.

    Returns:
        The owner; ``None`` where requests go in nobody's name.
    """
    target = plan.target
    match target.auth.type:
        case "login" | "oauth2":
            before = former if isinstance(former, RenewingToken) else None
            refusal = Refusal(account_of(target.url, target.auth))
            if before is not None and before.refusal.account == refusal.account:
                refusal = before.refusal
            owner = RenewingToken(_grants(plan), target.auth, wire, emit, refusal)
            owner.begun = before is not None and before.begun
            return owner
        case "bearer":
            return TokenFile(Key(target.name, LOGIN.component, LOGIN.id), target.auth, emit)
        case "basic":
            return Password(target.auth, target.name)
        case "none":
            return None


def follow(credentials: Credentials | None, plan: TargetPlan) -> None:
    """Let an owner go on by a plan, the first one too.

    Args:
        credentials: the owner, made for this plan or for one with the same account.
        plan: of the target.
    """
    if isinstance(credentials, RenewingToken):
        needed = any(job.credential == "account" for job in plan.jobs)
        credentials.follow(_grants(plan), needed=needed)


def rest(credentials: Credentials | None) -> None:
    """Let an owner do nothing by itself any more, as another one takes its place."""
    if isinstance(credentials, RenewingToken):
        credentials.rest()


def _grants(plan: TargetPlan) -> dict[GrantKind, Job]:
    return {_GRANTS[job.key.surface]: job for job in plan.passive}
