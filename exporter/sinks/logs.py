"""The sink that logs: a line for each change of state, and one for everything at debug."""

import logging
import sys
from collections.abc import Mapping
from typing import Final, Literal, TextIO, TypeAlias, assert_never

from exporter.job import Plan
from exporter.observation import Call, Heartbeat, Key, Observation, Reading, Run, Skip, Visit
from exporter.sinks.kept import FORGETTING
from exporter.sinks.logformat import Json, Logfmt, rfc3339

Level: TypeAlias = Literal["debug", "info", "warn", "error"]
Form: TypeAlias = Literal["logfmt", "json"]

_LEVELS: Final[Mapping[Level, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}

_log: Final = logging.getLogger(__name__)


def configure(level: Level, form: Form, stream: TextIO | None = None) -> None:
    """Write the log of the exporter, and the warnings of its libraries, as lines of one form.

    Args:
        level: the least that the exporter logs.
        form: how lines are written.
        stream: where to, stderr by default. Called again, it replaces what was set before.
    """
    root = logging.getLogger()
    for former in root.handlers[:]:
        if isinstance(former, _Handler):
            root.removeHandler(former)
    handler = _Handler(sys.stderr if stream is None else stream)
    handler.setFormatter(Logfmt() if form == "logfmt" else Json())
    root.addHandler(handler)
    logging.getLogger("exporter").setLevel(_LEVELS[level])


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that it can be told from those of others."""


class Logs:
    """Sink that tells what became of surfaces: failing, recovered, or no longer probed.

    A well run leaves no line but at debug, where every call, run and skip does.
    """

    def __init__(self) -> None:
        """Begin with everything well."""
        self._failing_since: dict[Key, float] = {}

    def follow(self, plan: Plan) -> None:
        """Forget what left the plan.

        Args:
            plan: what is planned from now on; what was failing in it still is.
        """
        planned = {job.key for target in plan.targets for job in target.every}
        self._failing_since = {
            key: since for key, since in self._failing_since.items() if key in planned
        }

    def __call__(self, observation: Observation) -> None:
        """Log one observation."""
        match observation:
            case Call():
                if _log.isEnabledFor(logging.DEBUG):
                    _debug_call(observation)
            case Run():
                self._ran(observation)
            case Skip():
                self._skipped(observation)
            case Heartbeat() | Reading() | Visit():
                pass  # nothing in them is for a person
            case _:
                assert_never(observation)

    def _ran(self, run: Run) -> None:
        if _log.isEnabledFor(logging.DEBUG):
            _tell("debug", "run", run.key, reason=run.reason, duration_ms=_ms(run.duration))
        since = self._failing_since.get(run.key)
        if run.reason is not None and since is None:
            self._failing_since[run.key] = run.at
            _tell(
                "warn",
                "surface is failing",
                run.key,
                reason=run.reason,
                detail=run.detail or None,
                since=rfc3339(run.at),
            )
        elif run.reason is None and since is not None:
            del self._failing_since[run.key]
            failed = round(run.at - since, 3)
            _tell("info", "surface has recovered", run.key, failed_seconds=failed)

    def _skipped(self, skip: Skip) -> None:
        if skip.reason in FORGETTING and self._failing_since.pop(skip.key, None) is not None:
            text = "surface was failing and is no longer probed"
            _tell("info", text, skip.key, reason=skip.reason)
        elif _log.isEnabledFor(logging.DEBUG):
            _tell("debug", "run skipped", skip.key, reason=skip.reason)


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
    )


def _tell(level: Level, text: str, key: Key, **fields: object) -> None:
    of = {"target": key.target, "surface": key.surface}
    _log.log(_LEVELS[level], text, extra={"fields": {**of, **fields}})


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
