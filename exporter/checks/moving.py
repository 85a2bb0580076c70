"""Is the answer a new one, or one that somebody keeps?

A health answer that somebody keeps (a cache, a static page, a process that hangs behind its
listener) says ``healthy`` for ever. Its timestamp gives it away, unless it never moved: a mock's
does not, and that is no fault.
"""

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from exporter.checks.finding import Answer, Finding
from exporter.model.observation import Key, Run

STILL_RUNS: Final = 3
"""So many runs in a row that find a timestamp as it was make it one that stands still."""


class Staleness(Struct, frozen=True, gc=False):
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

    def after(self, stamp: float, at: float) -> "Staleness":
        """What is known once another answer came, ``at`` in Unix seconds."""
        if stamp == self.stamp:
            return Staleness(stamp, self.since, self.still + 1, self.moved)
        return Staleness(stamp, at, moved=self.stamp is not None)


class Moving:
    """Tells an API that lives from its picture, of all dated surfaces of one target."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._of_surfaces: dict[Key, Staleness] = {}

    def __call__(self, answer: Answer) -> Finding | None:
        """Judge a date by those before.

        An answer is ``unhealthy`` where its date was once seen to move and then stood still for
        three runs, this one among them.
        """
        known = self._of(answer.job.key)
        if answer.stamp is None or answer.stamp != known.stamp:
            return None
        staleness = known.after(answer.stamp, answer.exchange.timing.at)
        if not staleness.stands_still:
            return None
        since = datetime.fromtimestamp(staleness.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return Finding("unhealthy", f"its timestamp has stood still since {since}")

    def learn(self, run: Run) -> None:
        """Take in a scheduled run; one without a timestamp says nothing."""
        call = run.deciding
        if call is not None and call.stamp is not None:
            self._of_surfaces[call.key] = self._of(call.key).after(call.stamp, call.at)

    def _of(self, key: Key) -> Staleness:
        return self._of_surfaces.get(key, _UNSEEN)


_UNSEEN: Final = Staleness()
