"""Which event loop runs it all: Python's own, or uvloop where one switch asks for it."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from typing import Final

from exporter.config.quoting import quoted

SWITCH: Final = "ORAN_MANO_EXPORTER_UVLOOP"
"""A variable and no flag, so that it can be tried without touching how a unit or pod calls it."""


class EventLoopError(Exception):
    """The event loop that was asked for cannot be had; the text says why, and what to do."""


def loop_factory(environ: Mapping[str, str]) -> Callable[[], AbstractEventLoop] | None:
    """Find what makes the event loop; ``None`` is Python's own.

    Raises:
        EventLoopError: the switch is neither on nor off, or uvloop is not installed.
    """
    value = environ.get(SWITCH, "").strip()
    if value in ("", "0"):
        return None
    if value != "1":
        raise EventLoopError(f"{SWITCH}: {quoted(value)} is not allowed; allowed: 0, 1")
    try:
        from exporter.process.millisecond_loop import MillisecondLoop  # noqa: PLC0415  # an extra
    except ImportError:
        wanted = "pip install 'oran-mano-exporter[speed]', or unset it"
        raise EventLoopError(f"{SWITCH}: uvloop is not installed: {wanted}") from None
    return MillisecondLoop
