"""Which event loop runs it all: asyncio's, or uvloop where one switch asks for it."""

from asyncio import AbstractEventLoop
from collections.abc import Callable, Mapping
from typing import Final

from exporter.config.problems import ConfigError, Problem
from exporter.config.quoting import quoted
from exporter.system.event_loop import EventLoop

SWITCH: Final = "ORAN_MANO_EXPORTER_UVLOOP"
"""A variable and no flag, so that it can be tried without touching how a unit or pod calls it."""


def loop_factory(environ: Mapping[str, str]) -> Callable[[], AbstractEventLoop]:
    """Find what makes the event loop.

    Raises:
        ConfigError: the switch is neither on nor off, or uvloop is not installed.
    """
    value = environ.get(SWITCH, "").strip()
    if value in ("", "0"):
        return EventLoop
    if value != "1":
        raise _refused(f"{quoted(value)} is not allowed; allowed: 1 for uvloop, 0")
    try:
        from exporter.system.millisecond_loop import MillisecondLoop  # noqa: PLC0415  # an extra
    except ImportError:
        wanted = "pip install 'oran-mano-exporter[speed]', or unset it"
        raise _refused(f"uvloop is not installed: {wanted}") from None
    return MillisecondLoop


def _refused(message: str) -> ConfigError:
    return ConfigError([Problem((SWITCH,), message)])
