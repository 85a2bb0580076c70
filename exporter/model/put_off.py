"""Why no login is tried for a while: what is now, read of its owner and never emitted."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

PutOffFor: TypeAlias = Literal["refused", "asked", "failed"]
"""Why no login is tried now: its secret was refused, the API asked to wait, or the last failed."""

_PUT_OFF: Final[Mapping[PutOffFor, tuple[str, str]]] = {
    "refused": (
        "the secret was refused, and trying it again and again would lock the account",
        (
            "Set the secret anew: a changed one is tried at once. So is the same one by a reload "
            "by hand (SIGHUP, POST /-/reload), where the account was mended."
        ),
    ),
    "asked": (
        "the API asked to be left alone",
        "Look who else uses the account; it is tried again by itself.",
    ),
    "failed": (
        "the last attempt failed",
        "Look at its reason; it is tried again by itself, and at once by a reload by hand.",
    ),
}


class PutOff(Struct, frozen=True):
    """No attempt to get in is made for a while: what is now, read of its owner and never emitted.

    ``since`` and ``until`` are Unix seconds, ``left`` the seconds until then that no step of the
    clock moves. ``said`` is what the API said: of one line, bounded and without secrets.
    """

    why: PutOffFor
    since: float
    until: float
    left: float
    said: str = ""

    @property
    def because(self) -> str:
        """Why, for a person."""
        return _PUT_OFF[self.why][0]

    @property
    def remedy(self) -> str:
        """What is to be done."""
        return _PUT_OFF[self.why][1]
