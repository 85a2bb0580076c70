"""Which skips can occur on a surface: said once, by those who let its runs in."""

from collections.abc import Set as AbstractSet
from typing import Final

from exporter.catalog.auth import REFRESH
from exporter.gates import GATES
from exporter.job import Job
from exporter.observation import SkipReason

_REFUSED: Final[frozenset[SkipReason]] = frozenset().union(*(gate.refuses for gate in GATES))


def skip_reasons(job: Job, gates: AbstractSet[SkipReason] = _REFUSED) -> frozenset[SkipReason]:
    """Tell for which reasons due runs may not take place.

    Args:
        job: what is planned.
        gates: the reasons of all gates there are.

    Returns:
        Those of the gates, of the schedule, of ids and of the account, as far as it has to do with
        them. A failed refresh has nothing to ask for any more once a login succeeds.
    """
    reasons: set[SkipReason] = {*gates, "shutdown"}
    if not job.surface.passive:
        reasons |= {"misfire", "overrun"}
    if job.surface.ids is not None or job.surface.id == REFRESH.id:
        reasons.add("no_resource")
    if job.surface.passive or job.credential == "account":
        reasons.add("no_token")
    return frozenset(reasons)
