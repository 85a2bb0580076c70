"""What there is of an account: its token, and what the next owner of it is left."""

from msgspec import Struct

from exporter.config import Auth
from exporter.tokens.credentials import Headers
from exporter.tokens.spacing import Spacing


class Held(Struct, frozen=True):
    """A token in use; its times are on the steady clock."""

    headers: Headers
    expires: float
    renew: float


class Legacy(Struct, frozen=True):
    """What an owner leaves to the one that takes its place.

    ``begun`` is whether there was a first login; ``spacing`` is the account's, and the token is of
    this ``auth``.
    """

    begun: bool
    spacing: Spacing
    auth: Auth
    held: Held | None
    refresh_token: str | None

    def __repr__(self) -> str:
        """Never the tokens."""
        return "Legacy()"
