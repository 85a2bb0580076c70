"""The row: everything static that is known of one operation of the API."""

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.model.exchange import Method
from exporter.model.observation import GrantKind, RateClass

Safety: TypeAlias = Literal["read", "dry_run", "write"]
"""``dry_run`` operations are without effect when their body says so; ``write`` changes state."""


PAGE: Final = 50
"""What a list in pages answers without being asked for more (OpenAPI document, LimitParam)."""
MAX_PAGE: Final = 1000
"""The most that can be asked for (ditto)."""


class Ids(Struct, frozen=True):
    """Where the ids in a path come from, and how many of them one run asks for.

    ``each`` asks for every followed id in every run, ``rotate`` for one id a run.
    """

    kind: str
    fan_out: Literal["each", "rotate"]


class Surface(Struct, frozen=True, kw_only=True):
    """One operation of the API.

    ``path`` is the document's template, below the base URL. ``lists`` names the reader that finds
    ids in the answer, ``checks`` the checks that judge it, in order, ``timestamp`` the field that
    dates it, of those without ids, ``grant`` the way to a token that it is.
    """

    id: str
    component: str
    method: Method
    path: str
    rate_class: RateClass
    safety: Safety
    auth: Literal["none", "bearer"] = "bearer"
    ids: Ids | None = None
    lists: str | None = None
    paged: bool = False
    media: Literal["json", "text"] = "json"
    checks: tuple[str, ...] = ()
    timestamp: str | None = None
    body: bytes | None = None
    """What a dry run sends: JSON that is valid against the operation's schema."""
    essential: bool = False
    grant: GrantKind | None = None

    @property
    def passive(self) -> bool:
        """Whether no schedule asks it: its runs are what the token's owner does anyway."""
        return self.grant is not None
