"""What there is to know of each ``auth.type``, a row each: nothing else has a table of them."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from exporter.config.schema import Auth, AuthType
from exporter.model.observation import GrantKind


class AuthScheme(Struct, frozen=True, kw_only=True):
    """One way to be somebody.

    ``needed`` and ``optional`` are the keys of ``auth`` that it takes. ``grants`` is how it may
    come by a token: nohow where it has none. ``sends`` is what goes to the target itself.
    ``unasked`` says why one of the surfaces that give a token is never asked.
    """

    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    grants: tuple[GrantKind, ...] = ()
    sends: tuple[str, ...] = ()
    unasked: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """All that it takes."""
        return self.needed + self.optional

    @property
    def is_account(self) -> bool:
        """Whether it is a user with a password."""
        return self.optional == PASSWORDS

    @property
    def anonymous(self) -> bool:
        """Whether it is nobody, so that what wants a name is not asked."""
        return not self.sends


PASSWORDS: Final = ("password", "password_file")
"""Where the password of an account comes from: one of the two."""

SCHEMES: Final[Mapping[AuthType, AuthScheme]] = {
    "login": AuthScheme(
        needed=("username",),
        optional=PASSWORDS,
        grants=("login", "refresh"),
        sends=("password", "token"),
    ),
    "bearer": AuthScheme(
        needed=("token_file",),
        grants=("file",),
        sends=("token",),
        unasked="reads its token out of a file, and neither logs in nor refreshes",
    ),
    "basic": AuthScheme(
        needed=("username",),
        optional=PASSWORDS,
        sends=("password",),
        unasked="sends its password with every request, and neither logs in nor refreshes",
    ),
    "oauth2": AuthScheme(
        needed=("token_url", "client_id", "client_secret_file"),
        optional=("scopes", "client_auth"),
        grants=("login",),
        sends=("token",),
        unasked="has no refresh: each token is asked for anew, so probe auth.login",
    ),
    "none": AuthScheme(unasked="has no credentials, and neither logs in nor refreshes"),
}
"""Where no type is written, the first one that takes a key is meant: user and password are sent
with every request only where that is said."""


def scheme_of(auth: Auth) -> AuthScheme:
    """Look up how a target is somebody."""
    return SCHEMES[auth.type]
