"""What a span is made of, as it waits to be sent."""

from msgspec import Struct

from exporter.model.observation import Call, Run


class SpanRecord(Struct, frozen=True):
    """A call whose run has ended.

    ``base`` is the target's URL as it was then. ``run`` is ``None`` where it came to nothing.
    ``promoted``: exported for what became of the run, though its trace was not sampled.
    """

    call: Call
    base: str
    run: Run | None = None
    promoted: bool = False
