"""What any library or thread may write, whatever it is, goes through the log and its redaction."""

import logging
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING

from exporter.logs.format import configure

if TYPE_CHECKING:
    from sys import UnraisableHookArgs
    from threading import ExceptHookArgs

_log = logging.getLogger(__name__)


def guard() -> None:
    """Take over what Python itself writes to stderr: warnings, and exceptions nobody caught.

    The log exists from now on as well, so that no library's is written by ``logging`` itself. For
    the whole process, at its very start; ``configure`` may be called again later.
    """
    configure("warn", "logfmt")
    logging.captureWarnings(True)  # noqa: FBT003  # named so in no version of Python
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def _uncaught(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _log.critical("ended by a fault of its own", exc_info=(kind, error, at))


def _uncaught_in_thread(told: "ExceptHookArgs") -> None:
    if told.exc_type is not SystemExit:
        of = {} if told.thread is None else {"thread": told.thread.name}
        error = (told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
        _log.error("a thread ended by a fault", exc_info=error, extra={"fields": of})


def _unraisable(told: "UnraisableHookArgs") -> None:
    error = (told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
    _log.error(told.err_msg or "an exception went unheard", exc_info=error)
