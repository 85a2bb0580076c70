"""In whose name requests go: an owner of the token, or of the password, for each target."""

from exporter.catalog.auth import LOGIN
from exporter.job import Job, TargetPlan
from exporter.observation import Emit, GrantKind, Key, PutOff
from exporter.tokens.attempts import Wire
from exporter.tokens.credentials import Credentials
from exporter.tokens.given import TokenFile
from exporter.tokens.password import Password
from exporter.tokens.renewing import RenewingToken
from exporter.tokens.secrets import Secrets
from exporter.tokens.spacing import account_of


def credentials_of(
    plan: TargetPlan,
    wire: Wire,
    emit: Emit,
    secrets: Secrets,
    former: Credentials | None = None,
) -> Credentials | None:
    """Make the owner that a target's ``auth`` asks for.

    Args:
        plan: of the target.
        wire: to the target.
        emit: takes what was observed.
        secrets: what is read of its secret.
        former: the owner that this one is to take the place of. What belongs to the account stays:
            its token, how often another one is asked for, and what is known of a password.

    Returns:
        The owner; ``None`` where requests go in nobody's name.
    """
    target = plan.target
    match target.auth.type:
        case "login" | "oauth2":
            account = account_of(target.url, target.auth)
            owner = RenewingToken(_grants(plan), target.auth, wire, emit, account, secrets)
            if isinstance(former, RenewingToken):
                owner.succeed(former.legacy)
            return owner
        case "bearer":
            return TokenFile(Key(target.name, LOGIN.component, LOGIN.id), secrets, emit)
        case "basic":
            if isinstance(former, Password) and former.fits(target):
                return former
            return Password(target, secrets)
        case "none":
            return None


def follow(credentials: Credentials | None, plan: TargetPlan, secrets: Secrets) -> None:
    """Let an owner go on by a plan, the first one too.

    Args:
        credentials: the owner, made for this plan or for one with the same account.
        plan: of the target.
        secrets: what is read of its secret from now on.
    """
    if isinstance(credentials, Password):
        credentials.follow(secrets)
    if isinstance(credentials, RenewingToken):
        needed = any(job.credential == "account" for job in plan.jobs)
        credentials.follow(_grants(plan), needed=needed)


def put_off(credentials: Credentials | None) -> PutOff | None:
    """Why an owner makes no attempt to get in now.

    Args:
        credentials: the owner.

    Returns:
        Why, and until when; ``None`` where an attempt may be made, or none ever is.
    """
    return credentials.put_off if isinstance(credentials, RenewingToken | Password) else None


def retry(credentials: Credentials | None) -> None:
    """Let an owner try once at once what it put off, as somebody wants it to."""
    if isinstance(credentials, RenewingToken | Password):
        credentials.retry()


def rest(credentials: Credentials | None) -> None:
    """Let an owner ask for no token any more, as another one takes its place."""
    if isinstance(credentials, RenewingToken):
        credentials.rest()


def _grants(plan: TargetPlan) -> dict[GrantKind, Job]:
    return {grant: job for job in plan.passive if (grant := job.surface.grant) is not None}
