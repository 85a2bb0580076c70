"""One observation to every sink, none of which can harm another."""

import logging
from collections.abc import Callable
from typing import Final, TypeAlias

from exporter.model.observation import Observation

Sink: TypeAlias = Callable[[Observation], None]
"""Takes an observation at once: it neither blocks nor awaits."""

_log: Final = logging.getLogger(__name__)


class Fanout:
    """Hands each observation to every sink, in order.

    A sink that raises is a fault of the exporter, and no reason to lose the observation for the
    others or to end the run that was observed.

    Args:
        sinks: each with its name.
        on_failure: told the name of a sink that raised.
    """

    def __init__(
        self, sinks: tuple[tuple[str, Sink], ...], on_failure: Callable[[str], None]
    ) -> None:
        """Hand on to these from now on."""
        self._sinks = sinks
        self._on_failure = on_failure
        self._told: set[tuple[str, type[Exception]]] = set()

    def __call__(self, observation: Observation) -> None:
        """Hand it to all of them."""
        for name, sink in self._sinks:
            try:
                sink(observation)
            except Exception as error:  # noqa: BLE001 - whatever a sink does stays in that sink
                self._failed(name, observation, error)

    def _failed(self, sink: str, observation: Observation, error: Exception) -> None:
        self._on_failure(sink)
        if (sink, type(error)) in self._told:
            return
        self._told.add((sink, type(error)))
        # Neither the message nor the values: they may quote what no log may show.
        fields = {
            "sink": sink,
            "observation": type(observation).__name__,
            "error": type(error).__name__,
            "where": _place(error),
        }
        _log.error("a sink failed; told once for each kind of error", extra={"fields": fields})


def _place(error: Exception) -> str:
    """File and line that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
