"""Which scenario plays, since when, and what it means now."""

from collections.abc import Mapping

from exporter.simulator.exchange import JsonObject
from exporter.simulator.knobs import Knobs, Treatment, treatment
from exporter.simulator.routes import SURFACES, UNKNOWN
from exporter.simulator.scenario import Scenario, ScenarioPhase, knobs_of, phase, read


class Stage:
    """The scenario in force, with what it means for each surface worked out once a phase."""

    def __init__(self, rows: Mapping[str, Scenario], document: object, now: float) -> None:
        """Raise the curtain.

        Args:
            rows: The scenarios that may be named.
            document: The scenario to begin with, as `scenario.read` understands it.
            now: Unix time in seconds.

        Raises:
            ScenarioError: The document is not understood.
        """
        self._rows = rows
        self.play(document, now)

    def play(self, document: object, now: float) -> None:
        """Change the scenario.

        Args:
            document: The scenario, as `scenario.read` understands it.
            now: Unix time in seconds.

        Raises:
            ScenarioError: The document is not understood; the old scenario goes on.
        """
        self._scenario, self._overrides = read(document, self._rows, (*SURFACES, UNKNOWN))
        self._since = now
        self._enter(phase(self._scenario, self._rows, 0.0))

    def at(self, now: float) -> tuple[Knobs, float]:
        """Follow the scenario to a moment.

        Args:
            now: Unix time in seconds.

        Returns:
            The knobs in force, and since when in Unix time.
        """
        if self._scenario.steps:
            current = phase(self._scenario, self._rows, max(0.0, now - self._since))
            if (current.path, current.began) != (self._phase.path, self._phase.began):
                self._enter(current)
        return self._knobs, self._since + self._phase.began

    def treatment(self, surface: str) -> Treatment:
        """Tell what is done to a surface in the phase that `at` found.

        Args:
            surface: A surface id, or ``unknown``.

        Returns:
            The treatment.
        """
        return self._treatments[surface]

    def told(self, now: float) -> JsonObject:
        """Describe the stage, for the control address.

        Args:
            now: Unix time in seconds.

        Returns:
            The scenario's name, its phase, the knobs that differ from the healthy API, and all
            the names that can be chosen.
        """
        self.at(now)
        return {
            "name": self._scenario.name,
            "summary": self._scenario.summary,
            "phase": list(self._phase.path[1:]),
            "seconds": round(now - self._since, 3),
            "knobs": {**self._phase.knobs, **self._overrides},
            "scenarios": {row.name: row.summary for row in self._rows.values()},
        }

    def _enter(self, current: ScenarioPhase) -> None:
        self._phase = current
        self._knobs = knobs_of({**current.knobs, **self._overrides})
        names = (*SURFACES, UNKNOWN)
        self._treatments = {name: treatment(self._knobs, name) for name in names}
