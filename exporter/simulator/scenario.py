"""What a scenario is, how a document becomes one, and what of it is in force at a moment."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Final, NamedTuple, TypeVar, cast

import msgspec
from msgspec import Meta, Struct

from exporter.simulator.exchange import JsonObject
from exporter.simulator.knobs import Knobs

_PATIENCE: Final = 1e-9
_BY_SURFACE: Final = ("delay", "status", "hang", "reset", "truncate", "body", "drift")

Kind = TypeVar("Kind")


class ScenarioError(ValueError):
    """A scenario document that cannot be followed; the message says what is allowed."""


class ScenarioStep(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a scenario that changes with time.

    Attributes:
        seconds: How long it lasts.
        scenario: The row that is in force meanwhile; empty for the scenario's own knobs.
        knobs: Knobs on top of that.
    """

    seconds: Annotated[float, Meta(ge=0.01, le=86_400)]
    scenario: str = ""
    knobs: JsonObject = {}


class Scenario(Struct, frozen=True, kw_only=True):
    """One row.

    Attributes:
        name: What it is called.
        summary: What a client sees, in a sentence.
        knobs: The knobs that differ from the healthy API.
        steps: Parts that follow one another; empty for a scenario that stands still.
        repeat: Whether the steps begin again after the last, which otherwise stays.
    """

    name: str
    summary: str = ""
    knobs: JsonObject = {}
    steps: tuple[ScenarioStep, ...] = ()
    repeat: bool = False


class _Frame(Struct, frozen=True):
    """What a document holds besides knobs."""

    name: Annotated[str, Meta(min_length=1)]
    base: Annotated[str, Meta(min_length=1)] | None = None
    summary: str | None = None
    steps: tuple[JsonObject, ...] | None = None
    repeat: bool | None = None


class ScenarioPhase(NamedTuple):
    """What is in force.

    Attributes:
        path: Names from the scenario down to the step; the same path means the same knobs.
        knobs: The knobs that differ from the healthy API.
        began: Seconds from the start of the scenario to the start of this phase.
    """

    path: tuple[str, ...]
    knobs: JsonObject
    began: float


def phase(scenario: Scenario, rows: Mapping[str, Scenario], elapsed: float) -> ScenarioPhase:
    """Find the part of a scenario that is in force.

    Args:
        scenario: The scenario that was chosen.
        rows: All rows, by name, for steps that refer to one.
        elapsed: Seconds since it was chosen.

    Returns:
        The phase; for a scenario without steps always the same.
    """
    own = ScenarioPhase((scenario.name,), scenario.knobs, 0.0)
    if not scenario.steps:
        return own
    lap = sum(step.seconds for step in scenario.steps)
    begun = elapsed // lap * lap if scenario.repeat else 0.0
    position, step = 0, scenario.steps[0]
    for position, step in enumerate(scenario.steps):  # noqa: B007 - used after the loop
        if elapsed < begun + step.seconds - _PATIENCE or step is scenario.steps[-1]:
            break
        begun += step.seconds
    inner = ScenarioPhase((), {}, 0.0)
    if step.scenario:
        inner = phase(rows[step.scenario], rows, elapsed - begun)
    return ScenarioPhase(
        (scenario.name, f"{position + 1}", *inner.path),
        {**own.knobs, **inner.knobs, **step.knobs},
        begun + inner.began,
    )


def read(
    document: object, rows: Mapping[str, Scenario], surfaces: Collection[str]
) -> tuple[Scenario, JsonObject]:
    """Understand a scenario document: a file's content, or the body of a PUT.

    Args:
        document: An object with ``name`` (a row, or with ``base`` a new name), any knobs next to
            it, and ``steps``, ``repeat`` and ``summary`` where it changes with time.
        rows: The rows that may be named.
        surfaces: The surface ids that globs have to fit.

    Returns:
        The scenario, and the knobs that lie on top of all of its phases.

    Raises:
        ScenarioError: A name or a value is not understood.
    """
    if not isinstance(document, dict):
        raise ScenarioError("a scenario is an object with a name and knobs")
    document = cast("JsonObject", document)
    frame = _frame(document, rows)
    row = rows.get(frame.base or frame.name)
    if row is None:
        raise ScenarioError(_unknown(frame, rows))
    scenario = Scenario(
        name=frame.name,
        summary=row.summary if frame.summary is None else frame.summary,
        knobs=row.knobs,
        steps=row.steps if frame.steps is None else _steps(frame.steps, rows, surfaces),
        repeat=row.repeat if frame.repeat is None else frame.repeat,
    )
    overrides = {k: v for k, v in document.items() if k not in _Frame.__struct_fields__}
    knobs_of(overrides)
    _check_globs(overrides, surfaces)
    return scenario, overrides


def knobs_of(values: JsonObject) -> Knobs:
    """Turn sparse values into knobs.

    Args:
        values: Values by the names of the knobs.

    Returns:
        All knobs, those that were not given as the healthy API has them.

    Raises:
        ScenarioError: A knob does not exist, or its value is not allowed.
    """
    for name in values:
        if name not in Knobs.__struct_fields__:
            raise ScenarioError(f"unknown knob {name!r}; {_one_of(name, Knobs.__struct_fields__)}")
    return _converted(values, Knobs)


def _frame(document: JsonObject, rows: Mapping[str, Scenario]) -> _Frame:
    if "name" not in document:
        raise ScenarioError(f"name is missing; {_one_of(None, rows)}")
    return _converted({k: v for k, v in document.items() if k in _Frame.__struct_fields__}, _Frame)


def _unknown(frame: _Frame, rows: Mapping[str, Scenario]) -> str:
    wanted = frame.base or frame.name
    told = _one_of(wanted, rows)
    if not frame.base and told.startswith("known"):
        told = f"a name of your own needs a `base` that it changes; {told}"
    return f"unknown scenario {wanted!r}; {told}"


def _steps(
    given: tuple[JsonObject, ...], rows: Mapping[str, Scenario], surfaces: Collection[str]
) -> tuple[ScenarioStep, ...]:
    steps: list[ScenarioStep] = []
    for number, values in enumerate(given, 1):
        try:
            steps.append(_step(values, rows, surfaces))
        except ScenarioError as error:
            raise ScenarioError(f"step {number}: {error}") from None
    return tuple(steps)


def _step(
    values: JsonObject, rows: Mapping[str, Scenario], surfaces: Collection[str]
) -> ScenarioStep:
    step = _converted(values, ScenarioStep)
    if step.scenario and step.scenario not in rows:
        told = _one_of(step.scenario, rows)
        raise ScenarioError(f"unknown scenario {step.scenario!r}; {told}")
    knobs_of(step.knobs)
    _check_globs(step.knobs, surfaces)
    return step


def _converted(values: JsonObject, wanted: type[Kind]) -> Kind:
    try:
        return msgspec.convert(values, wanted)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at ")
        # Such as `$.steps[0]` or `key` in `$.status`; an unknown or missing field names itself.
        found = re.search(r"\$\.(\w+)", place)
        raise ScenarioError(f"{found[1]}: {message}" if found else message) from None


def _check_globs(values: JsonObject, surfaces: Collection[str]) -> None:
    for name, glob in _globs(values):
        if not any(fnmatchcase(surface, glob) for surface in surfaces):
            raise ScenarioError(f"{name}: {glob!r} fits no surface; {_one_of(glob, surfaces)}")


def _globs(values: JsonObject) -> Iterator[tuple[str, str]]:
    for name in _BY_SURFACE:
        for glob in values.get(name, ()):
            yield name, glob


def _one_of(given: object, known: Collection[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1) if isinstance(given, str) else []
    return f"did you mean {near[0]!r}?" if near else "known are " + ", ".join(sorted(known))
