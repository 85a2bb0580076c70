"""What one surface says of the API's life: its last word, and what it ever promised."""

import math
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from exporter.model.headers import Lifecycle
from exporter.model.observation import Call
from exporter.status.snapshot import LifecycleProblem

NOTICE: Final = 180 * 86400.0
"""Seconds that lie at least between deprecation and sunset: the guide's "6 months".

Six calendar months are 181 to 184 days: who means those is never accused, and PromQL can say it.
"""
_FARTHEST: Final = 30 * 365 * 86400.0
"""Seconds: a sunset farther away (``9999-12-31``) means that none is known, and is no promise."""


class Word(Struct, frozen=True, gc=False):
    """What one answer said, and when, on the steady clock."""

    said: Lifecycle = Lifecycle()
    at: float = -math.inf


_NOTHING: Final = Word()


class SurfaceLifecycle(Struct):
    """What one surface said: the last word of its good answers, and of those that are none since.

    ``promised`` is the latest sunset that good answers ever announced.
    """

    good: Word = _NOTHING
    amiss: Word = _NOTHING
    promised: float | None = None
    heard: float = -math.inf
    """When the newest answer came, whatever it said; on the steady clock."""

    @property
    def said(self) -> Lifecycle:
        """What stands."""
        if self.amiss is _NOTHING:
            return self.good.said
        return _added(self.good.said, self.amiss.said)

    @property
    def at(self) -> float:
        """When it last said something that stands, on the steady clock."""
        return max(self.good.at, self.amiss.at)

    def take(self, call: Call) -> bool:
        """Take in what an answer said: whether that is otherwise than before.

        The newest answer counts, not the last to be seen.
        """
        if call.steady < self.heard:
            return False
        self.heard, said = call.steady, call.lifecycle
        good = _is_good(call)
        if good and self.amiss is _NOTHING and (said is None or said is self.good.said):
            if said is not None:  # the same again, as nearly always
                self.good = Word(said, call.steady)
            if said is not None and said.sunset is not None:
                self.promised = latest((self.promised, promise_of(call)))
            return False
        before = self.said
        if good:
            self.amiss = _NOTHING
            self.good = self.good if said is None else Word(said, call.steady)
            self.promised = latest((self.promised, promise_of(call)))
        elif said is not None:
            self.amiss = Word(said, call.steady)
        return self.said != before

    def problems(self, now: float, major: int | None) -> set[LifecycleProblem]:
        """What is wrong with it at ``now``, for who asks for ``major``."""
        said = self.said
        found: dict[LifecycleProblem, bool] = {
            "unparseable": said.unparseable,
            "version_mismatch": major is not None and _major(said.version) not in (None, major),
        }
        if said.sunset is not None:
            found["withdrawn"] = said.sunset <= now
            # Once the date that was promised passed too, nobody is worse off than was announced.
            found["sunset_moved_earlier"] = max(said.sunset, now) < (self.promised or 0)
        if said.sunset is not None and said.deprecation is not None:
            notice = said.sunset - said.deprecation
            found["sunset_before_deprecation"] = notice < 0
            found["notice_below_policy"] = 0 <= notice < NOTICE
        return {problem for problem, there in found.items() if there}


def latest(dates: Iterable[float | None]) -> float | None:
    """The last of those dates that are known, if any is."""
    return max((date for date in dates if date is not None), default=None)


def promise_of(call: Call) -> float | None:
    """The sunset that an answer lets everybody count on, in Unix seconds.

    ``None`` where a good answer announced none, or one beyond all plans.
    """
    sunset = None if call.lifecycle is None else call.lifecycle.sunset
    if sunset is None or sunset > call.at + _FARTHEST or not _is_good(call):
        return None
    return sunset


def _is_good(call: Call) -> bool:
    """Whether the operation itself answered, and not something in front of it."""
    return call.accepted and call.fault is None


def _added(before: Lifecycle, said: Lifecycle) -> Lifecycle:
    """What stands after an answer that takes nothing back."""
    return Lifecycle(
        version=before.version if said.version is None else said.version,
        deprecation=before.deprecation if said.deprecation is None else said.deprecation,
        sunset=before.sunset if said.sunset is None else said.sunset,
        unparseable=before.unparseable or said.unparseable,
        relations=before.relations or said.relations,
    )


def _major(version: str | None) -> int | None:
    return None if version is None or version == "other" else int(version.split(".")[0])
