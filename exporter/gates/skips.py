"""Which skips can occur on a surface: said once, of all who may keep its runs from happening."""

from collections.abc import Iterable

from exporter.gates.gate import Gate
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job


def skip_reasons(job: Job, gates: Iterable[type[Gate]]) -> frozenset[SkipReason]:
    """Tell for which reasons due runs of a job may not take place.

    They are those of the gates, of the schedule, of ids and of the account, as far as it has to do
    with them. A failed refresh has nothing to ask for any more once a login succeeds.
    """
    reasons: set[SkipReason] = {reason for gate in gates for reason in gate.refuses}
    reasons.add("shutdown")
    if not job.surface.passive:
        reasons |= {"misfire", "overrun"}
    if job.surface.ids is not None or job.surface.grant == "refresh":
        reasons.add("no_resource")
    if job.surface.passive or job.credential == "account":
        reasons.add("no_token")
    return frozenset(reasons)
