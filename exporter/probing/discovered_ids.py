"""Which ids are followed: learned from lists, and from what became of each id since."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from exporter.model.observation import IdsListed, IdsVisited, Key
from exporter.planning.job import Job, Plan
from exporter.status.fanout import Sink

if TYPE_CHECKING:
    from exporter.config.schema import Resources

Id: TypeAlias = tuple[str, ...]

_SELECTED: Final = frozenset({"slices", "agents", "managers"})
"""The kinds that ``resources.include`` chooses from."""
_GUESSED: Final = frozenset({"slices"})
"""Kinds whose ids are another kind's: the resource may never have existed."""
_BELOW: Final[Mapping[str, tuple[str, ...]]] = {"managers": ("nf_deployments",)}


class Candidate(Struct, frozen=True):
    """An id to ask for.

    ``listed_again`` is set when it was not found once and the list still named it afterwards:
    not being found is then a fault of the API, and not a resource that is gone.
    """

    id: Id
    listed_again: bool = False


NO_ID: Final = (Candidate(()),)
"""What a surface without ids asks for."""


class _IdsOfKind:
    """The ids of one kind of one target, in the order in which they were first seen."""

    def __init__(self) -> None:
        self.ids: dict[Id, None] = {}
        self.missed: set[Id] = set()
        self.listed_again: set[Id] = set()
        self.unfollowed: dict[Id, int] = {}
        """By the parent whose list it was."""

    def listed(self, reading: IdsListed, ids: tuple[Id, ...], most: int) -> None:
        parent, named = reading.parent, dict.fromkeys(ids)
        depth = len(parent)
        kept = [
            known
            for known in self.ids
            if known[:depth] != parent or known in named or not reading.complete
        ]
        self.ids = dict.fromkeys(list(dict.fromkeys(chain(kept, named)))[:most])
        self.listed_again |= self.missed & named.keys()
        self.missed = {known for known in self.missed if known[:depth] != parent}
        self.listed_again &= self.ids.keys()
        self.unfollowed[parent] = reading.unusable + len(named.keys() - self.ids.keys())

    def gone(self, ids: tuple[Id, ...]) -> None:
        for known in ids:
            self.ids.pop(known, None)
        self.missed.update(ids)

    def below(self, parents: Mapping[Id, None]) -> None:
        self.ids = {known: None for known in self.ids if known[:-1] in parents}
        self.missed = {known for known in self.missed if known[:-1] in parents}
        self.listed_again &= self.ids.keys()
        self.unfollowed = {of: count for of, count in self.unfollowed.items() if of in parents}


class DiscoveredIds(Sink):
    """The ids of all targets. It learns as sinks do; the runner asks it before each run.

    An id once followed stays until its list no longer names it or it is not found; so the
    same resources are watched from one hour to the next however long the lists are.
    """

    def __init__(self) -> None:
        """Follow nothing yet."""
        self._resources: Mapping[str, Resources] = {}
        self._kinds: dict[tuple[str, str], _IdsOfKind] = {}
        self._failed: dict[Key, set[Id]] = {}
        self._last: dict[Key, Id] = {}

    def apply(self, plan: Plan) -> None:
        """Follow as each target's configuration says; forget what left the plan."""
        targets = {each.target.name: each.target for each in plan.targets}
        planned = {job.key for each in plan.targets for job in each.every}
        self._kinds = {of: kind for of, kind in self._kinds.items() if of[0] in targets}
        self._failed = {key: ids for key, ids in self._failed.items() if key in planned}
        self._last = {key: last for key, last in self._last.items() if key in planned}
        self._resources = {name: target.resources for name, target in targets.items()}

    def unfollowed(self) -> dict[tuple[str, str], int]:
        """By target and kind, how many of what its lists named last are not asked for.

        They are more than ``resources.max``, or have no id that can be asked for; what
        ``resources.include`` leaves out is not counted.
        """
        return {
            of: sum(kind.unfollowed.values()) for of, kind in self._kinds.items() if kind.unfollowed
        }

    def candidates(self, job: Job) -> tuple[Candidate, ...]:
        """What a run has to ask for, most urgent first: one empty id for a surface without ids.

        Else the followed ids, those that failed last time first, the others from the one after the
        last that was asked for; a rotating run takes the first of them that is still there.
        """
        ids = job.surface.ids
        if ids is None:
            return NO_ID
        kind = self._kinds.get((job.key.target, ids.kind))
        if kind is None:
            return ()
        known = list(kind.ids)
        last = self._last.get(job.key)
        turn = known.index(last) + 1 if last in kind.ids else 0
        failed = self._failed.get(job.key, set())
        order = sorted(known[turn:] + known[:turn], key=lambda known: known not in failed)
        certain = ids.kind not in _GUESSED
        return tuple(Candidate(id_, certain and id_ in kind.listed_again) for id_ in order)

    def listed(self, listed: IdsListed) -> None:
        """Follow what it names, as far as it is to be followed."""
        target = listed.key.target
        resources = self._resources.get(target)
        if resources is None:
            return
        ids = listed.ids
        if listed.kind in _SELECTED:
            ids = tuple(
                known
                for known in ids
                if any(fnmatchcase(known[-1], glob) for glob in resources.include)
            )
        kind = self._kind(target, listed.kind)
        kind.listed(listed, ids, resources.max)
        for below in _BELOW.get(listed.kind, ()):
            self._kind(target, below).below(kind.ids)

    def visited(self, visited: IdsVisited) -> None:
        """Follow what is gone no more, and ask first for what failed."""
        kind = self._kind(visited.key.target, visited.kind)
        kind.listed_again.difference_update(visited.well)
        kind.gone(visited.gone)
        failed = self._failed.setdefault(visited.key, set())
        failed.difference_update(visited.well, visited.gone)
        failed.update(visited.failed)
        failed.intersection_update(kind.ids)
        for asked in (visited.well, visited.failed):
            if asked:
                self._last[visited.key] = asked[-1]

    def _kind(self, target: str, kind: str) -> _IdsOfKind:
        return self._kinds.setdefault((target, kind), _IdsOfKind())
