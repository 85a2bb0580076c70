"""The story of a probe as JSON: what was not measured or not told is null, or left out."""

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from exporter.api.problems import ApiProblem, RateLimited, Validation
from exporter.observation import Call, Run, Skip, Transport
from exporter.story.text import Step, explained
from exporter.story.waterfall import phases_of
from exporter.wire import Json


def document(told: Sequence[Step], notes: Sequence[str] = ()) -> Json:
    """Tell it all to a program.

    Args:
        told: what happened; the last step is what was asked for.
        notes: what has to be known besides.

    Returns:
        One object; ``steps`` holds what had to happen first, too.
    """
    last = told[-1]
    listed: list[Json] = [_step(step) for step in told]
    more: list[Json] = [*notes]
    return {"target": last.key.target, **_step(last), "notes": more, "steps": listed}


def _step(step: Step) -> dict[str, Json]:
    run, found = step.conclusion, explained(step)
    calls: list[Json] = [_call(call) for call in step.calls]
    return {
        "surface": step.key.surface,
        "component": step.key.component,
        "outcome": _outcome(run),
        "reason": run.reason,
        "detail": run.detail if isinstance(run, Run) else "",
        "check": run.check if isinstance(run, Run) else "",
        "means": None if found is None else found.means,
        "causes": None if found is None else found.causes,
        "look_next": None if found is None else found.then,
        "problem": None if step.problem is None else _problem(step.problem),
        "duration_seconds": run.duration if isinstance(run, Run) else None,
        "calls": calls,
    }


def _problem(problem: ApiProblem) -> Json:
    told: dict[str, Json] = {
        "title": problem.title,
        "detail": problem.detail,
        "type": problem.type,
        "errors": [],
    }
    if isinstance(problem, Validation):
        told["errors"] = [asdict(error) for error in problem.errors]
    if isinstance(problem, RateLimited):
        told["wait_seconds"] = problem.delay
    return told


def _outcome(run: Run | Skip) -> str:
    if isinstance(run, Skip):
        return "skipped"
    if run.reason is not None:
        return "failed"
    return "slow" if run.slow else "well"


def _call(call: Call) -> dict[str, Json]:
    phases: dict[str, Json] = {**phases_of(call)}
    return {
        "method": call.method,
        "path": call.path or call.endpoint,
        "endpoint": call.endpoint,
        "status": call.status,
        "fault": call.fault,
        "ended_timestamp_seconds": call.at,
        "duration_seconds": call.duration,
        "phases_seconds": phases,
        "response_bytes": call.response_bytes,
        "connection_reused": call.reused,
        "certificate_expiry_timestamp_seconds": call.certificate_expiry,
        **_transport(call),
        "rate_limit": _rate_limit(call),
        "lifecycle": _lifecycle(call),
        "traceparent": None if call.context is None else call.context.traceparent,
    }


def _transport(call: Call) -> Mapping[str, Json]:
    carried = call.transport or Transport()
    return {
        "ip_protocol": carried.ip_protocol,
        "http_version": carried.http,
        "tls_version": carried.tls,
        "redirects": carried.redirects,
    }


def _rate_limit(call: Call) -> Json:
    told = call.rate_limit
    if told is None:
        return None
    return {
        "rate_class": call.rate_class,
        "credential": call.credential,
        "limit": told.limit,
        "remaining": told.remaining,
        "reset_timestamp_seconds": told.reset,
    }


def _lifecycle(call: Call) -> Json:
    told = call.lifecycle
    if told is None:
        return None
    return {
        "version": told.version,
        "deprecation_timestamp_seconds": told.deprecation,
        "sunset_timestamp_seconds": told.sunset,
        "unparseable": told.unparseable,
    }
