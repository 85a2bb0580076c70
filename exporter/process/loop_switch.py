"""Which event loop runs it all: asyncio's, or uvloop where one switch asks for it."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping

from exporter.config.switches import UVLOOP
from exporter.system.event_loop import EventLoop


def loop_factory(environ: Mapping[str, str]) -> Callable[[], AbstractEventLoop]:
    """Find what makes the event loop.

    Raises:
        ConfigError: the switch cannot be used.
    """
    if not UVLOOP.is_on(environ):
        return EventLoop
    from exporter.system.millisecond_loop import MillisecondLoop  # noqa: PLC0415  # an extra

    return MillisecondLoop
