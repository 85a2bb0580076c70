"""In whose name requests go: an owner of the token, or of the password, for each target."""

from typing import assert_never

from exporter.api.settings import ConnectionSettings
from exporter.catalog.auth import LOGIN
from exporter.job import TargetPlan
from exporter.observation import Key
from exporter.tokens.clock import Clock
from exporter.tokens.given import TokenFile
from exporter.tokens.grant import Line, grants_of
from exporter.tokens.identity import NOBODY, Identity
from exporter.tokens.password import Password
from exporter.tokens.renewing import RenewingToken
from exporter.tokens.secrets import Secrets
from exporter.tokens.spacing import account_of


def identity_of(
    plan: TargetPlan, settings: ConnectionSettings, line: Line, secrets: Secrets, former: Identity
) -> Identity:
    """Make the owner that an ``auth`` asks for; nobody where requests go in nobody's name.

    What belongs to the account stays of the ``former`` owner, whose place it takes: its token, how
    often another one is asked for, and what is known of a password.
    """
    name, auth, clock = plan.target.name, settings.auth, Clock()
    match auth.type:
        case "login" | "oauth2":
            account = account_of(settings.url, auth)
            owner = RenewingToken(grants_of(plan), auth, line, account, secrets, clock)
            if isinstance(former, RenewingToken):
                owner.succeed(former.legacy)
            return owner
        case "bearer":
            return TokenFile(Key(name, LOGIN.component, LOGIN.id), secrets, line.emit, clock)
        case "basic":
            if isinstance(former, Password) and former.fits(settings):
                return former
            return Password(name, settings, secrets, clock)
        case "none":
            return NOBODY
        case _:
            assert_never(auth.type)
