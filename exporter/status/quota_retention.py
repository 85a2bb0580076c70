"""What the store keeps of one quota, and when it stops to hold."""

import math
from collections.abc import Iterator

from msgspec import Struct

from exporter.model.headers import RateLimit
from exporter.planning.job import Job, TargetPlan
from exporter.status.retention import HELD_INTERVALS
from exporter.status.snapshot import QuotaKey, QuotaNow


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
    documented: int
    held: float
    sample: RateLimit | None = None
    sampled: float = -math.inf
    """On the steady clock."""
    sampled_at: float = -math.inf

    def take(self, sample: RateLimit, at: float, steady: float) -> None:
        """Take in what an answer told; the newest counts, not the last to be seen."""
        told = (sample.limit, sample.remaining, sample.reset) != (None, None, None)
        if told and steady >= self.sampled:
            self.sample, self.sampled, self.sampled_at = sample, steady, at

    def resuming(self, former: "KeptQuota | None") -> "KeptQuota":
        """The same, with what the former knew."""
        if former is not None:
            self.sample, self.sampled = former.sample, former.sampled
            self.sampled_at = former.sampled_at
        return self

    def at(self, steady: float) -> QuotaNow:
        """What is to be shown."""
        sample, age = self.sample, steady - self.sampled
        if sample is None:
            return QuotaNow(self.key, self.documented)
        resets_in = None if sample.reset is None else sample.reset - self.sampled_at - age
        if age >= self.held and (resets_in is None or resets_in <= 0):
            return QuotaNow(self.key, self.documented)
        return QuotaNow(
            self.key,
            self.documented,
            self.sampled_at,
            sample.limit,
            sample.remaining,
            sample.reset,
            resets_in,
        )


def planned_quotas(plan: TargetPlan) -> Iterator[KeptQuota]:
    """The quotas that a target's surfaces use, each held as its least frequent surface demands.

    Each is there once, without a sample.
    """
    held: dict[QuotaKey, float] = {}
    for job in plan.every:
        key = quota_of(job)
        interval = 0.0 if job.surface.passive else job.interval
        held[key] = max(held.get(key, 0.0), HELD_INTERVALS * interval)
    for key, seconds in held.items():
        # Passive surfaces alone: nobody asks on a schedule, so no interval can pass.
        yield KeptQuota(key, plan.limits[key.rate_class].requests, seconds or math.inf)


def quota_of(job: Job) -> QuotaKey:
    """The quota that a job's requests count against: the account's where a token is sent along."""
    return QuotaKey(job.key.target, job.surface.rate_class, job.credential)
