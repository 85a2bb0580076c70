"""Whether what tells the time still lives: timestamps that moved once and then stand still.

A health answer that somebody keeps (a cache, a static page, a process that hangs behind its
listener) says ``healthy`` for ever. Its timestamp gives it away, unless it never moved: a mock's
does not, and that is no fault.
"""

from typing import Final

from msgspec import Struct

from exporter.observation import Key, Observation, Run

STILL_RUNS: Final = 3
"""So many runs in a row that find a timestamp as it was make it one that stands still."""


class Pulse(Struct, frozen=True):
    """What is known of one timestamp.

    ``since`` is when it was first seen as it is, in Unix seconds by our clock; ``still`` is how
    many runs in a row found it so again.
    """

    stamp: float | None = None
    since: float = 0.0
    still: int = 0
    moved: bool = False

    @property
    def stands_still(self) -> bool:
        """Whether it moved once and does not any more."""
        return self.moved and self.still >= STILL_RUNS

    def after(self, stamp: float, at: float) -> "Pulse":
        """What is known once another answer came.

        Args:
            stamp: its timestamp.
            at: when it came, in Unix seconds.

        Returns:
            The next pulse.
        """
        if stamp == self.stamp:
            return Pulse(stamp, self.since, self.still + 1, self.moved)
        return Pulse(stamp, at, moved=self.stamp is not None)


class Pulses:
    """What the scheduled runs of one target saw of the timestamps of its surfaces."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._pulses: dict[Key, Pulse] = {}

    def of(self, key: Key) -> Pulse:
        """What is known of a surface's timestamp.

        Args:
            key: which surface.

        Returns:
            Its pulse, as it is before the next run.
        """
        return self._pulses.get(key, Pulse())

    def learn(self, concluded: Observation) -> None:
        """Take in how a scheduled run ended; one without a timestamp says nothing.

        Args:
            concluded: the run, or the skip in its place.
        """
        if not isinstance(concluded, Run) or concluded.deciding is None:
            return
        call = concluded.deciding
        if call.stamp is not None:
            self._pulses[call.key] = self.of(call.key).after(call.stamp, call.at)
