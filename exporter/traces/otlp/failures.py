"""Why spans do not arrive, in a word or two that are safe to log.

The SDK logs a line for each attempt, with texts that may quote what a log must not show: the
endpoint's query, what a server answered. Here codes and the kinds of errors are kept, and no more.
"""

import logging
from collections.abc import Iterator
from typing import Final

_UNKNOWN: Final = "unknown"
_FIRST_ERROR: Final = 300


class Failures(logging.Handler):
    """Takes the place of the SDK's exporters' log, and remembers why the last export failed."""

    def __init__(self) -> None:
        """Silence them."""
        super().__init__(logging.WARNING)
        self.reason = _UNKNOWN
        logger = logging.getLogger("opentelemetry.exporter")
        logger.handlers = [self]
        logger.propagate = False

    def forget(self) -> None:
        """Another export begins."""
        self.reason = _UNKNOWN

    def emit(self, record: logging.LogRecord) -> None:
        """Take gRPC's status out of what is logged: it is told nowhere else."""
        for argument in record.args if isinstance(record.args, tuple) else ():
            if isinstance(name := getattr(argument, "name", None), str):
                self.reason = name

    def answered(self, status: int) -> None:
        """Remember the status of an answer, where it is a refusal."""
        if status >= _FIRST_ERROR:
            self.reason = f"answered {status}"

    def raised(self, error: BaseException) -> None:
        """Remember an error: as the system words it, or by its kind."""
        system = [cause.strerror for cause in _causes(error) if isinstance(cause, OSError)]
        self.reason = next(filter(None, reversed(system)), type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """It, and what led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
