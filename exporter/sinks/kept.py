"""What ``latest`` keeps of one surface and of one quota, and when it stops to hold."""

import math
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import asdict

from exporter.job import Job, TargetPlan
from exporter.observation import RateLimit, Renewal, Run, Skip, SkipReason
from exporter.sinks.snapshot import QuotaKey, QuotaNow, State, SurfaceNow
from exporter.state.document import Past

HELD_INTERVALS: Final = 3
"""Values outlive the last run or skip by this many intervals."""
CLOCK_STEP: Final = 60.0
"""What was seen so many seconds in the future was seen before our clock was set back."""
FORGETTING: Final[frozenset[SkipReason]] = frozenset(("not_leader", "no_resource"))
"""After these skips the last run tells nothing of what is now."""


class KeptSurface(Struct):
    """What is kept of one surface.

    ``holds`` is whether the run's values still tell what is now; once they expired, a skip does
    not bring them back. ``idle_since`` is the first skip since the last run that held. ``past`` is
    what was known of it before this process began, until its first run.
    """

    job: Job
    labels: Mapping[str, str]
    run: Run | None = None
    holds: bool = False
    success_at: float | None = None
    since: float | None = None
    consecutive_failures: int = 0
    skipped: SkipReason | None = None
    idle_since: float | None = None
    seen: float = -math.inf
    held_until: float = math.inf
    past: Past | None = None

    def renewed(self, renewal: Renewal) -> None:
        """Take in a renewal: a passive surface is well for as long as the token it gave is good."""
        well = renewal.reason is None and renewal.expires is not None
        self.held_until = renewal.expires if well and renewal.expires is not None else math.inf

    def ran(self, run: Run) -> None:
        """Take in a run. What was not seen for a while may still be as it was: since then."""
        failed = run.reason is not None
        if self.run is None or failed != (self.run.reason is not None):
            self.since = since_of(run, self.past)
        self.consecutive_failures = self.consecutive_failures + 1 if failed else 0
        if not failed:
            self.success_at = run.at
        self.run, self.holds, self.seen, self.past = run, True, run.at, None
        self.skipped = self.idle_since = None

    def skip(self, skip: Skip) -> None:
        """Take in a skip."""
        if self._expired(skip.at):
            self.holds = False
        if skip.reason in FORGETTING and self.run is not None:
            self.run = self.success_at = self.since = self.idle_since = None
            self.holds, self.consecutive_failures = False, 0
        self.idle_since = skip.at if self.idle_since is None else self.idle_since
        self.skipped, self.seen = skip.reason, skip.at

    def at(self, now: float) -> SurfaceNow:
        """What is to be shown."""
        if self._expired(now):
            return SurfaceNow(self.job, self.labels)
        if self.run is None or not self.holds:
            state: State = "waiting" if self.skipped is None else "skipped"
            return SurfaceNow(self.job, self.labels, state, self.idle_since, skipped=self.skipped)
        return SurfaceNow(
            self.job,
            self.labels,
            "well" if self.run.reason is None else "failing",
            self.since,
            self.run,
            self.skipped,
            self.success_at,
            self.consecutive_failures,
        )

    def _expired(self, now: float) -> bool:
        """Whether nothing was seen for too long; a passive surface holds as its token does."""
        if self.job.surface.passive:
            return now >= self.held_until
        return now - self.seen >= HELD_INTERVALS * self.job.interval


class KeptQuota(Struct):
    """What is kept of one quota.

    The values of one answer belong together: what remains of a window says nothing beside the
    reset of another one. So an answer with any of the headers replaces all of the former sample,
    and what it does not tell is absent. An answer with none of them (a gateway's 502, a path
    without limits) says nothing of the quota, and the former sample stays.

    But not for ever: a server that stopped sending the headers must not leave "3 remaining" on a
    dashboard. A sample holds for ``held`` seconds as a surface's values do, and until its reset,
    or a throttled surface that waits for just that would hide why.
    """

    key: QuotaKey
    labels: Mapping[str, str]
    documented: int
    held: float
    sample: RateLimit | None = None
    sampled_at: float = -math.inf

    def take(self, sample: RateLimit, at: float, now: float) -> None:
        """Take in what an answer told; the newest counts, unless our clock was set back."""
        told = (sample.limit, sample.remaining, sample.reset) != (None, None, None)
        if told and (at >= self.sampled_at or self.sampled_at > now + CLOCK_STEP):
            self.sample, self.sampled_at = sample, at

    def resuming(self, former: "KeptQuota | None") -> "KeptQuota":
        """The same, with what the former knew."""
        if former is not None:
            self.sample, self.sampled_at = former.sample, former.sampled_at
        return self

    def at(self, now: float) -> QuotaNow:
        """What is to be shown."""
        sample = self.sample
        if sample is None or now >= max(self.sampled_at + self.held, sample.reset or 0):
            return QuotaNow(self.key, self.labels, self.documented)
        return QuotaNow(
            self.key,
            self.labels,
            self.documented,
            self.sampled_at,
            sample.limit,
            sample.remaining,
            sample.reset,
        )


def since_of(run: Run, past: Past | None) -> float:
    """When the state began that a surface is in with its first run, or with its first other one.

    Args:
        run: that run.
        past: what was known before the exporter was started, if no run was seen since.

    Returns:
        Unix seconds.
    """
    if past is None or past.since is None or past.failing != (run.reason is not None):
        return run.at
    return min(past.since, run.at)


def planned_surface(job: Job, former: KeptSurface | None) -> KeptSurface:
    """What is kept of a planned surface, going on from what was kept of it before.

    Args:
        job: the surface, as it is planned now.
        former: what was kept of it, if it was planned.

    Returns:
        The former with its new job, or a new one.
    """
    if former is None:
        return KeptSurface(job, asdict(job.key))
    former.job = job
    return former


def planned_quotas(plan: TargetPlan) -> Iterator[KeptQuota]:
    """The quotas that a target's surfaces use, each held as its least frequent surface demands.

    Args:
        plan: one target.

    Yields:
        Each quota once, without a sample.
    """
    held: dict[QuotaKey, float] = {}
    for job in plan.every:
        key = quota_of(job)
        interval = 0.0 if job.surface.passive else job.interval
        held[key] = max(held.get(key, 0.0), HELD_INTERVALS * interval)
    for key, seconds in held.items():
        # Passive surfaces alone: nobody asks on a schedule, so no interval can pass.
        yield KeptQuota(key, asdict(key), plan.limits[key.rate_class].requests, seconds or math.inf)


def quota_of(job: Job) -> QuotaKey:
    """The quota that a job's requests are counted against.

    Args:
        job: a planned surface.

    Returns:
        Its target and rate class; the account's where a token is sent along.
    """
    return QuotaKey(job.key.target, job.surface.rate_class, job.credential)
