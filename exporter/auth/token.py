"""What there is of an account: its token, and what the next owner of it is left."""

from msgspec import Struct

from exporter.auth.backoff import Backoff
from exporter.auth.identity import Headers
from exporter.auth.learned_lifetime import LearnedLifetime
from exporter.config import Auth


class HeldToken(Struct, frozen=True):
    """A token in use; its times are on the steady clock, infinite where it may never end."""

    headers: Headers
    since: float
    expires: float
    renew: float

    def __repr__(self) -> str:
        """Never the token."""
        return f"HeldToken(since={self.since}, expires={self.expires}, renew={self.renew})"


class Legacy(Struct, frozen=True):
    """What an owner leaves to the one that takes its place.

    ``begun`` is whether there was a first login; ``spacing`` and ``ages`` are the account's, and
    the token is of this ``auth``.
    """

    begun: bool
    spacing: Backoff
    ages: LearnedLifetime
    auth: Auth
    held: HeldToken | None
    refresh_token: str | None

    def __repr__(self) -> str:
        """Never the tokens."""
        return "Legacy()"
