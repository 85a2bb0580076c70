"""How many file descriptors a plan may need, and the limit of the process raised to have them."""

import resource
from contextlib import suppress
from typing import Final

from exporter.gates.slots import ESSENTIAL_SLOTS, lanes
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.system.spare_descriptors import FILES, LISTENER, allowed

MOST: Final = 65_536
"""The limit is raised to no more: who closes all that may be open would take long."""
_OWN: Final = 16
"""What is open from the start: streams, event loop, listener, libraries."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one, or to ``MOST``.

    The soft one is 1024 by tradition, for programs that use `select`.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if allowed() < wanted:
        with suppress(OSError, ValueError):  # a sandbox may forbid it: then it stays
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def needed(plan: Plan) -> int:
    """The limit of descriptors that has room for all connections of a plan to targets at once.

    What passes by itself is not in it: the connections of an address before a reload, and the
    second one that is tried beside a slow first one.
    """
    return _OWN + FILES + LISTENER + sum(map(_connections, plan.targets))


def _connections(target_plan: TargetPlan) -> int:
    """As many as runs may be in flight at once, and one for logins, which are one at a time."""
    concurrency = target_plan.target.connection.concurrency
    essential = [job for job in target_plan.jobs if job.essential]
    ordinary = sum(_at_once(job, target_plan) for job in target_plan.jobs if not job.essential)
    logins = 1 if target_plan.passive else 0
    return min(concurrency, ordinary) + min(ESSENTIAL_SLOTS, len(essential)) + logins


def _at_once(job: Job, target_plan: TargetPlan) -> int:
    target = target_plan.target
    return min(job.calls(target.resources.max), lanes(target.connection.concurrency))
