"""What the event loop can tell nobody else: a line of each kind a minute."""

import asyncio
import errno
import logging
from collections.abc import Mapping
from typing import Final, TypeAlias

from exporter.logs.throttle import LogThrottle
from exporter.system.spare_descriptors import allowed

_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""For which asyncio goes on to accept a second later, and tries a hundred times in between."""

_WORDS: Final = 3
"""So many of the message tell its kind; what follows may be an object's address."""

_log = logging.getLogger(__name__)

LoopContext: TypeAlias = Mapping[str, object]
"""As asyncio tells it: ``message``, and perhaps ``exception``."""


class UnhandledErrors:
    """Takes the place of asyncio's own handler, which writes a trace each time."""

    def __init__(self) -> None:
        """Begin with nothing said."""
        self._seldom = LogThrottle()

    def __call__(self, loop: asyncio.AbstractEventLoop, told: LoopContext) -> None:
        """Say it, or count it."""
        del loop
        message, error = str(told.get("message", "")), told.get("exception")
        kind = " ".join((*message.split()[:_WORDS], type(error).__name__))
        more = self._seldom.due(kind)
        if more is None:
            return
        fields: dict[str, object] = {"not_logged_before": more or None}
        if "accept" in message and isinstance(error, OSError) and error.errno in _EXHAUSTED:
            fields |= {"error": error.strerror, "limit": allowed()}
            _log.warning("the listener cannot accept connections", extra={"fields": fields})
            return
        trace = error if isinstance(error, BaseException) else None
        _log.error(
            "a fault in the event loop: %s", message, exc_info=trace, extra={"fields": fields}
        )
