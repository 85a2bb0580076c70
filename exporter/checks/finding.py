"""What a check is given and what it says."""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

from exporter.catalog.surface import Surface
from exporter.observation import Reason
from exporter.pulse import Pulse
from exporter.wire import Exchange, Json


class Answer(Struct, frozen=True):
    """A successful exchange, with its body decoded once for all who read it.

    ``document`` is ``None`` where the surface answers in text. ``stamp`` is the date in it, and
    ``pulse`` what earlier runs saw of that.
    """

    surface: Surface
    exchange: Exchange
    document: dict[str, Json] | None
    stamp: float | None = None
    pulse: Pulse = Pulse()


class Finding(Struct, frozen=True):
    """Something is wrong with an answer. ``detail`` is in our own words."""

    reason: Reason
    detail: str


Check: TypeAlias = Callable[[Answer], Finding | None]
