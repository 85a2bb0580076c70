"""In whose name requests go: an owner of the token, or of the password, for each target."""

from typing import assert_never

from exporter.auth.backoff import account_of
from exporter.auth.basic import BasicPassword
from exporter.auth.clock import Clock
from exporter.auth.grant import GrantLine, grants_of
from exporter.auth.identity import NOBODY, Identity
from exporter.auth.renewal import RenewingToken
from exporter.auth.secrets import Secrets
from exporter.auth.token_file import TokenFile
from exporter.catalog.auth import LOGIN
from exporter.client.settings import ConnectionSettings
from exporter.model.observation import Key
from exporter.planning.job import TargetPlan


def identity_of(
    plan: TargetPlan,
    settings: ConnectionSettings,
    line: GrantLine,
    secrets: Secrets,
    former: Identity,
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
            if isinstance(former, BasicPassword) and former.fits(settings):
                return former
            return BasicPassword(name, settings, secrets, clock)
        case "none":
            return NOBODY
        case _:
            assert_never(auth.type)
