"""One observation to every sink that takes it, none of which can harm another."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from exporter.model.observation import (
    Call,
    Heartbeat,
    IdsListed,
    IdsVisited,
    Observation,
    OnDemandRun,
    Rejection,
    Renewal,
    Run,
    Skip,
)

Taking: TypeAlias = Callable[[Any], None]
"""Takes the observations of one kind."""

_log: Final = logging.getLogger(__name__)


class Sink:
    """Takes observations at once: it neither blocks nor awaits.

    A method for each kind of them; a sink has those of what it has use for, and is not even asked
    about the others.
    """

    def called(self, call: Call) -> None:
        """Take a call."""

    def ran(self, run: Run) -> None:
        """Take a run that a schedule planned, or a passive one."""

    def asked(self, asked: OnDemandRun) -> None:
        """Take a run that somebody asked for."""

    def skipped(self, skip: Skip) -> None:
        """Take one or more runs that did not happen."""

    def listed(self, listed: IdsListed) -> None:
        """Take what a list named."""

    def visited(self, visited: IdsVisited) -> None:
        """Take what became of ids."""

    def renewed(self, renewal: Renewal) -> None:
        """Take an attempt to get a token."""

    def rejected(self, rejection: Rejection) -> None:
        """Take a token that was not accepted."""

    def beat(self, heartbeat: Heartbeat) -> None:
        """Take a sign of life of the schedule."""

    def __call__(self, observation: Observation) -> None:
        """Take any."""
        getattr(self, METHODS[type(observation)])(observation)


METHODS: Final[Mapping[type[Observation], str]] = {
    Call: "called",
    Run: "ran",
    OnDemandRun: "asked",
    Skip: "skipped",
    IdsListed: "listed",
    IdsVisited: "visited",
    Renewal: "renewed",
    Rejection: "rejected",
    Heartbeat: "beat",
}
"""Which method takes which kind."""


class Fanout:
    """Hands each observation to every sink that takes it, in order.

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
        self._taking = {kind: _taking(sinks, method) for kind, method in METHODS.items()}
        self._on_failure = on_failure
        self._told: set[tuple[str, type[Exception]]] = set()

    def __call__(self, observation: Observation) -> None:
        """Hand it to all of them."""
        for name, take in self._taking[type(observation)]:
            try:
                take(observation)
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


def _taking(sinks: tuple[tuple[str, Sink], ...], method: str) -> tuple[tuple[str, Taking], ...]:
    """Who takes the observations of one kind, by name."""
    none = getattr(Sink, method)
    return tuple(
        (name, getattr(sink, method))
        for name, sink in sinks
        if getattr(type(sink), method) is not none
    )


def _place(error: Exception) -> str:
    """File and line that raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
