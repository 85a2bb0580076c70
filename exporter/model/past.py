"""What was known of a surface before the exporter was started: who shows it needs no file of it."""

from msgspec import Struct

from exporter.model.observation import Key


class Past(Struct, frozen=True):
    """What is known of one surface of the API at ``url``.

    ``failing`` is what its last run said and ``since`` when that began; ``promised`` is the latest
    sunset that it ever announced. What is not known is ``None``.
    """

    key: Key
    url: str
    failing: bool | None = None
    since: float | None = None
    promised: float | None = None
