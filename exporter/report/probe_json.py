"""The story of a probe as JSON: the run that was asked for, and what had to happen first."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from exporter.protocol.problem import ApiProblem, FieldError, RateLimited, Validation
from exporter.report.run_json import CallJson, RunJson, call_json, run_json
from exporter.report.run_text import Step, explained


class ProblemJson(Struct, frozen=True):
    """What the API says is wrong, without secrets; a 429 says how long to wait, or is read so."""

    title: str
    detail: str
    type: str
    errors: tuple[FieldError, ...]
    wait_seconds: float | None


class StepJson(RunJson, frozen=True):
    """A run as everywhere, with all its calls and what to make of it.

    `means`, `causes` and `look_next` are of its reason; `problem` is what the API says is wrong.
    """

    means: str | None
    causes: str | None
    look_next: str | None
    problem: ProblemJson | None
    calls: tuple[CallJson, ...]


class ProbeJson(StepJson, frozen=True):
    """What `probe --output json` prints: the run that was asked for.

    `steps` are that and what had to happen first, in order; `notes` have to be known besides.
    """

    notes: tuple[str, ...]
    steps: tuple[StepJson, ...]


def document(told: Sequence[Step], notes: Sequence[str] = ()) -> bytes:
    """Tell it all to a program, as an indented JSON object; the last step is what was asked for."""
    steps = tuple(map(_step, told))
    probe = ProbeJson(**asdict(steps[-1]), notes=tuple(notes), steps=steps)
    return msgspec.json.format(msgspec.json.encode(probe), indent=2)


def _step(step: Step) -> StepJson:
    found = explained(step)
    return StepJson(
        **asdict(run_json(step.conclusion, asked=step.asked)),
        means=None if found is None else found.means,
        causes=None if found is None else found.causes,
        look_next=None if found is None else found.then,
        problem=None if step.problem is None else _problem(step.problem),
        calls=tuple(map(call_json, step.calls)),
    )


def _problem(problem: ApiProblem) -> ProblemJson:
    errors = problem.errors if isinstance(problem, Validation) else ()
    wait = problem.delay if isinstance(problem, RateLimited) else None
    return ProblemJson(problem.title, problem.detail, problem.type, errors, wait)
