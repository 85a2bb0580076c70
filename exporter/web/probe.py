"""`/probe`: one probe now, answered as blackbox_exporter answers. Each sends to the API."""

import math
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from aiohttp import web
from prometheus_client import CollectorRegistry

from exporter.metrics.exposition import render
from exporter.model.observation import Skip
from exporter.model.reasons import SkipReason
from exporter.model.redaction import redacted
from exporter.model.trace_context import TraceContext, trace_context_of
from exporter.probing.on_demand import NotAskableError, OnDemandResult
from exporter.protocol.problem_capture import NOTHING, ProblemCapture
from exporter.report.advice import advice, place
from exporter.report.planned_text import planned
from exporter.report.run_text import Step, StoryLine, steps, story
from exporter.web.blackbox_metrics import BlackboxFamilies
from exporter.web.routes import plain

Ask: TypeAlias = Callable[
    [str, str, float | None, TraceContext | None, ProblemCapture | None], Awaitable[OnDemandResult]
]
"""Probes a surface of a target with that patience, for whoever stands in that context."""

_SCRAPE_TIMEOUT: Final = "X-Prometheus-Scrape-Timeout-Seconds"
_ON_THE_WAY: Final = 0.5
"""Seconds of the scrape's time that are left for the way back, as blackbox_exporter does."""
_WRONG_CALL: Final = 400
_REFUSED: Final = 503
_AGAIN: Final[dict[SkipReason, float]] = {"no_token": 10.0, "overrun": 1.0, "shutdown": 5.0}
"""Seconds after which it may be otherwise; what is not here: with the surface's next run."""


class WrongParameterError(Exception):
    """It cannot be answered as it was asked; one line says why."""


async def answer(request: web.BaseRequest, ask: Ask) -> web.Response:
    """Answer a request with ``target``, ``surface`` (or ``module``) and perhaps ``debug=true``.

    With metrics, or the whole story for a person; 400 for what cannot be asked for, 503 where
    nothing was probed, so that no verdict is made up.
    """
    try:
        surface = _parameter(request, "surface", "module")
        target = _parameter(request, "target")
        parent = trace_context_of(request.headers.get("traceparent", ""))
        debug = request.query.get("debug") == "true"
        capture = ProblemCapture() if debug else None  # who only scrapes reads nothing of it
        asked = await ask(target, surface, _patience(request), parent, capture)
    except (WrongParameterError, NotAskableError) as error:
        return plain(redacted(f"{error}\n"), _WRONG_CALL)  # it quotes what was asked for
    (*_, step) = steps(asked.observations, capture or NOTHING)
    if isinstance(step.conclusion, Skip):
        return _refusal(asked, step, step.conclusion, debug=debug)
    registry = CollectorRegistry()
    registry.register(BlackboxFamilies(step.conclusion))
    if debug:
        body, _ = render(registry)
        text = _text(asked, step)
        return plain(f"{text}\nMetrics that would have been returned:\n{body.decode()}")
    return _scraped(request, registry)


def _scraped(request: web.BaseRequest, registry: CollectorRegistry) -> web.Response:
    coding = request.headers.get("Accept-Encoding", "")
    body, headers = render(registry, request.headers.get("Accept", ""), coding)
    return web.Response(body=body, headers=headers)


def _refusal(asked: OnDemandResult, step: Step, skip: Skip, *, debug: bool) -> web.Response:
    again = {"Retry-After": str(math.ceil(_AGAIN.get(skip.reason, asked.job.interval)))}
    told, more = advice(skip.reason), f"More: {place(skip.reason)}"
    text = f"not probed: {skip.reason}: {told.means} {told.then} {more}\n"
    return plain(_text(asked, step) if debug else text, _REFUSED, again)


def _text(asked: OnDemandResult, step: Step) -> str:
    """The whole story, and how the surface is probed."""
    lines = (*story([step]), StoryLine(), *planned(asked.job, asked.target))
    return "".join(f"{line.text}\n" for line in lines)


def _parameter(request: web.BaseRequest, *names: str) -> str:
    """The one value that these names have together, empty where they have none."""
    values = {value for name in names for value in request.query.getall(name, ())} - {""}
    if len(values) > 1:
        raise WrongParameterError(f"{' or '.join(names)} is given more than once: give one")
    return values.pop() if values else ""


def _patience(request: web.BaseRequest) -> float | None:
    """The time of the scrape less the way back; half of it where that is more."""
    told = request.headers.get(_SCRAPE_TIMEOUT)
    if told is None:
        return None
    try:
        seconds = float(told)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise WrongParameterError(f"{_SCRAPE_TIMEOUT} is no number of seconds above 0")
    return max(seconds - _ON_THE_WAY, seconds / 2)
