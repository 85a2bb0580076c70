"""What the headers of one answer said: of its quota, and of the life of the API."""

from typing import Literal, TypeAlias

from msgspec import Struct


class RateLimit(Struct, frozen=True, gc=False):
    """What the headers of one answer said of the quota (guide, "Rate Limit Headers").

    ``limit`` and ``remaining`` are requests, ``reset`` is a Unix time in seconds by our clock; a
    header that was absent or malformed is ``None``.
    """

    limit: int | None
    remaining: int | None
    reset: float | None


Relation: TypeAlias = Literal["deprecation", "successor-version", "sunset"]
"""What an answer links to, of what is about its end."""


class Lifecycle(Struct, frozen=True, gc=False):
    """What the headers of one answer said of the API's version and end (guide, "Version Headers").

    ``version`` is ``other`` for what is no version. Dates are Unix seconds; a header that was
    absent, empty or malformed is ``None``, and the last sets ``unparseable``. ``relations`` are
    those of links that are there, sorted.
    """

    version: str | None = None
    deprecation: float | None = None
    sunset: float | None = None
    unparseable: bool = False
    relations: tuple[Relation, ...] = ()
