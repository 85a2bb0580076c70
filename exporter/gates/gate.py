"""What is asked before anything is sent, whoever sends it: gates, and who wants to pass them."""

from typing import ClassVar

from msgspec import Struct

from exporter.model.observation import Observation
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job, TargetPlan


class Refusal(Struct, frozen=True):
    """Nothing may be sent: the run becomes a skip with this reason."""

    reason: SkipReason


class Entry:
    """Somebody who wants to pass, and what the gates gave.

    ``calls`` is how many requests the job takes; one that is sent again with another token is none.
    ``patience`` is for how many seconds a gate may let it wait, ``lanes`` how many requests may be
    in flight at once: a gate may lower it.
    """

    __slots__ = ("calls", "job", "lanes", "patience")

    def __init__(self, job: Job, calls: int, patience: float) -> None:
        """All at once, where no gate says otherwise."""
        self.job = job
        self.calls = self.lanes = calls
        self.patience = patience


class Gate:
    """Decides whether a run may send what it has to: a file each, and a name in ``GATES``.

    There is one of each for a target. It learns of calls as they end, of the rest as sinks do.
    Nothing here raises or blocks; who cannot decide at once waits no longer than the entry's
    patience. This one lets everybody in.
    """

    refuses: ClassVar[frozenset[SkipReason]] = frozenset()
    """The reasons that it may give."""

    def __init__(self, plan: TargetPlan) -> None:
        """Begin with nothing known."""

    async def admit(self, entry: Entry) -> Refusal | None:
        """Decide, and reserve at once what the entry takes; ``None`` if it may pass this gate."""
        del entry
        return None

    def leave(self, entry: Entry) -> None:
        """One of its lanes is done with, and was subtracted; all is over where none is left.

        So it is also where a gate further on refused it, and nothing was sent.
        """

    def learn(self, observation: Observation) -> None:
        """Take in what happened to the target, whoever did it."""

    def apply(self, plan: TargetPlan) -> None:
        """Go on by another plan; what a session is made of is as before."""
