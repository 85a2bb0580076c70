"""What the store keeps of one surface, and when it stops to hold.

Whatever depends on the time that passed is judged by the steady clock, which stands beside each
time of day: a step of the wall clock changes nothing of what is now.
"""

import math
from typing import Final

from msgspec import Struct

from exporter.model.observation import Renewal, Run, Skip
from exporter.model.past import Past
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job
from exporter.status.snapshot import SurfaceNow, SurfaceState

HELD_INTERVALS: Final = 3
"""Values outlive the last run or skip by this many intervals."""
ASKED_INTERVALS: Final = 2
"""A state outlives the last run by this many intervals, and by ``ASKED_FOR`` at least."""
ASKED_FOR: Final = 60.0
FORGETTING: Final[frozenset[SkipReason]] = frozenset(("not_leader", "no_resource"))
"""After these skips the last run tells nothing of what is now."""


class Moment(Struct, frozen=True):
    """One moment by both clocks: Unix seconds for who reads it, steady ones for what is decided."""

    wall: float
    steady: float

    def of(self, wall: float) -> "Moment":
        """The moment that the wall clock told as ``wall``, as seen from this one; never later."""
        return Moment(wall, self.steady - max(0.0, self.wall - wall))


class KeptSurface(Struct):
    """What is kept of one surface.

    ``asked`` is when it was asked last, or came into the plan; ``asked_at`` is its time of day.
    ``holds`` is whether the run's
    values still tell what is now; once they expired, a skip does not bring them back.
    ``idle_since`` is the first skip since the last run that held. ``past`` is what was known of it
    before this process began, until its first run. ``asked``, ``seen`` and ``held_until`` are
    on the steady clock.
    """

    job: Job
    asked: float
    asked_at: float
    run: Run | None = None
    holds: bool = False
    success_at: float | None = None
    since: Moment | None = None
    consecutive_failures: int = 0
    skipped: SkipReason | None = None
    idle_since: Moment | None = None
    seen: float = -math.inf
    held_until: float = math.inf
    past: Past | None = None

    def renewed(self, renewal: Renewal, steady: float) -> None:
        """Take in a renewal: a passive surface is well for as long as the token it gave is good."""
        lasts = math.inf
        if renewal.reason is None and renewal.lifetime is not None:
            lasts = renewal.lifetime
        self.held_until = steady + lasts

    def ran(self, run: Run, steady: float) -> None:
        """Take in a run. What was not seen for a while may still be as it was: since then."""
        failed = run.reason is not None
        if self.run is None or failed != (self.run.reason is not None):
            self.since = Moment(run.at, steady).of(since_of(run, self.past))
        self.consecutive_failures = self.consecutive_failures + 1 if failed else 0
        if not failed:
            self.success_at = run.at
        self.run, self.holds, self.asked_at = run, True, run.at
        self.asked = self.seen = steady
        self.skipped = self.idle_since = self.past = None

    def skip(self, skip: Skip, steady: float) -> None:
        """Take in a skip."""
        if self._expired(steady):
            self.holds = False
        if skip.reason in FORGETTING and self.run is not None:
            self.run = self.success_at = self.since = self.idle_since = None
            self.holds, self.consecutive_failures = False, 0
        self.idle_since = Moment(skip.at, steady) if self.idle_since is None else self.idle_since
        self.skipped, self.seen = skip.reason, steady

    def at(self, steady: float) -> SurfaceNow:
        """What is to be shown."""
        expired, lapsed = self._expired(steady), self._lapsed(steady)
        skipped = None if expired else self.skipped
        run = self.run if self.holds and not expired else None
        state, since = self._lapse(run, skipped) if lapsed else self._state(run, skipped)
        shown = _shown(since, steady)
        if run is None:
            return SurfaceNow(self.job, state, *shown, skipped=skipped, lapsed=lapsed)
        return SurfaceNow(
            self.job,
            state,
            *shown,
            run,
            *_shown(self.since, steady),
            steady - self.asked,
            skipped,
            self.success_at,
            self.consecutive_failures,
            lapsed,
        )

    def _state(
        self, run: Run | None, skipped: SkipReason | None
    ) -> tuple[SurfaceState, Moment | None]:
        """As long as it is asked."""
        if run is not None:
            return "well" if run.reason is None else "failing", self.since
        return ("waiting", None) if skipped is None else ("skipped", self.idle_since)

    def _lapse(
        self, run: Run | None, skipped: SkipReason | None
    ) -> tuple[SurfaceState, Moment | None]:
        """Once it was not asked for too long.

        An open circuit tells that it fails all the same, and where there is nothing to ask for
        there is nothing to be known.
        """
        since = Moment(self.asked_at + self._patience, self.asked + self._patience)
        if skipped in FORGETTING:
            return "skipped", self.idle_since
        if skipped == "circuit_open":
            failing = run is not None and run.reason is not None
            return "failing", self.since if failing else since
        return "throttled" if skipped == "retry_after" else "unknown", since

    @property
    def _patience(self) -> float:
        """For how many seconds a state outlives the last run."""
        return max(ASKED_INTERVALS * self.job.interval, ASKED_FOR)

    def _lapsed(self, steady: float) -> bool:
        """Whether it was not asked for too long; nobody asks a passive one on a schedule."""
        return not self.job.surface.passive and steady - self.asked > self._patience

    def _expired(self, steady: float) -> bool:
        """Whether nothing was seen for too long; a passive surface holds as its token does."""
        if self.job.surface.passive:
            return steady >= self.held_until
        return steady - self.seen >= HELD_INTERVALS * self.job.interval


def _shown(moment: Moment | None, steady: float) -> tuple[float | None, float | None]:
    """Its time of day, and how many seconds ago it was."""
    return (None, None) if moment is None else (moment.wall, steady - moment.steady)


def since_of(run: Run, past: Past | None) -> float:
    """When the state began that a surface is in with its first run, or with its first other one.

    ``past`` is what was known before the exporter was started, if no run was seen since. The
    answer is in Unix seconds.
    """
    if past is None or past.since is None or past.failing != (run.reason is not None):
        return run.at
    return min(past.since, run.at)


def planned_surface(job: Job, former: KeptSurface | None, now: Moment) -> KeptSurface:
    """What was kept of a surface with its new job, or something new where it was not planned."""
    if former is None:
        return KeptSurface(job, now.steady, now.wall)
    former.job = job
    return former
