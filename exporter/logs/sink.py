"""The sink that logs: a line for each change of state, and one for everything at debug."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from exporter.logs.format import LEVELS, Level, rfc3339
from exporter.model.observation import (
    Call,
    IdsListed,
    Key,
    Run,
    Skip,
)
from exporter.model.past import Past
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from exporter.status.api_lifecycle import Lifecycles
from exporter.status.fanout import Sink
from exporter.status.retention import FORGETTING, Moment, since_of
from exporter.status.snapshot import LifecycleNow, LifecycleProblem

_LIFECYCLE: Final[Mapping[LifecycleProblem, str]] = {
    "unparseable": "API life cycle: a date was announced that cannot be read",
    "sunset_before_deprecation": "API life cycle: the sunset lies before the deprecation",
    "sunset_moved_earlier": "API life cycle: the sunset was moved to an earlier date",
    "notice_below_policy": "API life cycle: less than 180 days from deprecation to sunset",
    "withdrawn": "API life cycle: the sunset has passed",
    "version_mismatch": "API life cycle: the API has another major version than its URL",
}
_ODD: Final = "an answer is odd, and is read all the same"
_UNUSABLE: Final = "resources are listed whose ids cannot be asked for"
_REVIEW_EVERY: Final = 60.0
"""Seconds: how often who says nothing new is looked at all the same, as dates pass."""

_log: Final = logging.getLogger(__name__)


class Logs(Sink):
    """Sink that tells what became of surfaces: failing, recovered, or no longer probed.

    A well run leaves no line but at debug, where every call, run and skip does. How long something
    lasted is told by ``steady``, the clock that no step moves.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """Begin with everything well."""
        self._steady = steady
        self._failing_since: dict[Key, Moment] = {}
        self._past: dict[Key, Past] = {}
        self._ran: set[Key] = set()
        self._told_once: set[tuple[Key, str]] = set()
        """What stays as it is until somebody mends it, in an answer and costing no run."""
        self._lifecycles = Lifecycles()
        self._reviews: dict[tuple[str, str], _Review] = {}

    def apply(self, plan: Plan) -> None:
        """Forget what left the plan; what was failing and stays in it still is."""
        planned = {job.key for target in plan.targets for job in target.every}
        self._failing_since = {
            key: since for key, since in self._failing_since.items() if key in planned
        }
        self._past = {key: past for key, past in self._past.items() if key in planned}
        self._ran &= planned
        self._told_once = {told for told in self._told_once if told[0] in planned}
        self._lifecycles.apply(plan)
        known = self._lifecycles.of
        self._reviews = {of: last for of, last in self._reviews.items() if known(*of, last.at)}

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know again what was failing before a restart: it is said since when, and when it is over.

        What ran already is known better.
        """
        new = past.keys() - self._ran
        self._past = {key: one for key, one in past.items() if one.failing and key in new}
        self._lifecycles.recall(past)

    def called(self, call: Call) -> None:
        """See ``Sink``."""
        if _log.isEnabledFor(logging.DEBUG):
            _debug_call(call)
        for kind in call.oddities:
            self._tell_once(call.key, _ODD, kind)
        of = (call.key.target, call.key.component)
        last = self._reviews.get(of, _UNSEEN)
        if self._lifecycles.take(call) or call.steady - last.steady >= _REVIEW_EVERY:
            self._review(call, of, last)

    def listed(self, listed: IdsListed) -> None:
        """See ``Sink``."""
        if listed.unusable:
            self._tell_once(listed.key, _UNUSABLE, listed.kind)

    def _review(self, call: Call, of: tuple[str, str], last: "_Review") -> None:
        """Tell what became wrong, or is no longer, with what a component says of its end."""
        now = self._lifecycles.of(*of, call.at)
        self._reviews[of] = _Review(call.at, call.steady, now.problems if now else frozenset())
        if now is None:
            return
        for reason, text in _LIFECYCLE.items():
            if reason in now.problems and reason not in last.problems:
                _tell_lifecycle("warn", text, now, reason)
            elif reason in last.problems and reason not in now.problems:
                _tell_lifecycle("info", "API life cycle: a problem is over", now, reason)

    def _tell_once(self, key: Key, text: str, kind: str) -> None:
        if (key, f"{text}{kind}") not in self._told_once:
            self._told_once.add((key, f"{text}{kind}"))
            _tell("warn", text, key, kind=kind)

    def ran(self, run: Run) -> None:
        """See ``Sink``."""
        if _log.isEnabledFor(logging.DEBUG):
            took = _ms(run.duration)
            why: dict[str, str | None] = {"reason": run.reason, "check": run.check or None}
            late = run.delayed or None
            _tell("debug", "run", run.key, **why, duration_ms=took, delayed=late, **_trace(run))
        if run.reason is None and run.key in self._ran and run.key not in self._failing_since:
            return
        self._ran.add(run.key)
        past = self._past.pop(run.key, None)
        since = self._failing_since.pop(run.key, None)
        if run.reason is None:
            if past is not None and past.since is not None:
                since = Moment(run.at, self._steady()).of(past.since)
            if since is not None:
                _tell_recovered(run, self._steady() - since.steady)
            return
        if since is None:
            since = Moment(run.at, self._steady()).of(since_of(run, past))
            _tell(
                "warn",
                "surface is failing",
                run.key,
                reason=run.reason,
                detail=run.detail or None,
                check=run.check or None,
                since=rfc3339(since.wall),
                see=f"/reasons#{run.reason}",
                **_trace(run),
            )
        self._failing_since[run.key] = since

    def skipped(self, skip: Skip) -> None:
        """See ``Sink``."""
        if skip.reason in FORGETTING and self._failing_since.pop(skip.key, None) is not None:
            text = "surface was failing and is no longer probed"
            _tell("info", text, skip.key, reason=skip.reason)
        elif _log.isEnabledFor(logging.DEBUG):
            more = skip.count if skip.count > 1 else None
            _tell("debug", "run skipped", skip.key, reason=skip.reason, count=more)


class _Review(NamedTuple):
    """When a component was looked at, by both clocks, and what was wrong with it."""

    at: float = -math.inf
    steady: float = -math.inf
    problems: frozenset[LifecycleProblem] = frozenset()


_UNSEEN: Final = _Review()


def _tell_recovered(run: Run, failed: float) -> None:
    seconds = round(failed, 3)
    _tell("info", "surface has recovered", run.key, failed_seconds=seconds, **_trace(run))


def _tell_lifecycle(level: Level, text: str, now: LifecycleNow, reason: LifecycleProblem) -> None:
    moved = reason == "sunset_moved_earlier" and reason in now.problems
    fields = {
        "target": now.target,
        "component": now.component,
        "reason": reason,
        "api_version": now.version,
        "deprecation": _date(now.deprecation),
        "sunset": _date(now.sunset),
        "sunset_before": _date(now.promised) if moved else None,
        "links": ",".join(now.relations) or None,
    }
    _log.log(LEVELS[level], text, extra={"fields": fields})


def _date(at: float | None) -> str | None:
    return None if at is None else rfc3339(at)


def _debug_call(call: Call) -> None:
    """The guide's fields of a request's log."""
    _tell(
        "debug",
        "request",
        call.key,
        method=call.method,
        endpoint=call.endpoint,
        status_code=call.status,
        fault=call.fault,
        duration_ms=_ms(call.duration),
        response_size=call.response_bytes,
        **_ids(call.context),
    )


def _trace(run: Run) -> dict[str, str]:
    return _ids(None if run.deciding is None else run.deciding.context)


def _ids(context: TraceContext | None) -> dict[str, str]:
    """As OpenTelemetry names them in logs, so that a line leads to its trace."""
    if context is None:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


def _tell(level: Level, text: str, key: Key, **fields: object) -> None:
    of = {"target": key.target, "surface": key.surface}
    _log.log(LEVELS[level], text, extra={"fields": {**of, **fields}})


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
