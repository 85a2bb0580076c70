"""What a probe that was asked for tells: its whole story, for people and for programs. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.checks import IN_ORDER
from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import Call, Key, Observation, OnDemandRun, Run, Skip, Transport
from exporter.model.reasons import Reason, SkipReason
from exporter.protocol.problem import ApiProblem, Validation
from exporter.protocol.problem_capture import NOTHING, ProblemCapture
from exporter.report.advice import Advice, advice, place
from exporter.report.waterfall import outcome, side_by_side, waterfall

Tone: TypeAlias = Literal["plain", "heading", "well", "bad", "dim"]

_LABEL: Final = 14
_DAY: Final = 86400.0
_DELAYED: Final = "{:.0f} ms of it may be the exporter's own doing, which was busy"


class StoryLine(Struct, frozen=True):
    """A line of the story, and how a terminal may colour it."""

    text: str = ""
    tone: Tone = "plain"


def fact(label: str, text: str, tone: Tone = "plain") -> StoryLine:
    """A line of a table, whose labels have a column of their own."""
    return StoryLine(f"  {label:<{_LABEL}}{text}", tone)


class Step(Struct, frozen=True):
    """One run, with its calls, or a run that did not happen.

    ``problem`` is what the API said is wrong in the call that decided, where that is known.
    ``asked`` tells that it was asked for, and no schedule planned it.
    """

    conclusion: Run | Skip
    calls: tuple[Call, ...] = ()
    problem: ApiProblem | None = None
    asked: bool = False

    @property
    def key(self) -> Key:
        """Which surface."""
        return self.conclusion.key

    @property
    def reason(self) -> Reason | SkipReason | None:
        """Why it is not well."""
        return self.conclusion.reason

    @property
    def well(self) -> bool:
        """Whether it was answered as it should be."""
        return self.reason is None

    @property
    def summary(self) -> str:
        """In a word or two."""
        run = self.conclusion
        if isinstance(run, Skip):
            return f"was not probed: {run.reason}"
        if run.reason is not None:
            return f"failed: {run.reason}"
        return "is well, but slow" if run.slow else "is well"


def steps(observations: Iterable[Observation], capture: ProblemCapture = NOTHING) -> list[Step]:
    """Put calls to the runs that they made: a step for each run or skip, in their order.

    ``capture`` is what the API said is wrong.
    """
    found: list[Step] = []
    calls: dict[Key, list[Call]] = {}
    for observation in observations:
        match observation:
            case Call():
                calls.setdefault(observation.key, []).append(observation)
            case OnDemandRun(run=run) | (Run() as run) | (Skip() as run):
                asked = not isinstance(observation, Run)
                made = tuple(calls.pop(run.key, ()))
                found.append(Step(run, made, _problem(run, capture), asked))
            case _:
                pass
    return found


def _problem(conclusion: Run | Skip, capture: ProblemCapture) -> ApiProblem | None:
    deciding = conclusion.deciding if isinstance(conclusion, Run) else None
    context = None if deciding is None else deciding.context
    return None if context is None else capture.problem(context.traceparent)


def story(told: Sequence[Step], notes: Sequence[str] = ()) -> Iterator[StoryLine]:
    """Tell it all in lines; the last step is what was asked for.

    What the API sent is in none of them as it was: texts are of one line, bounded and without
    secrets.
    """
    *before, last = told
    yield StoryLine(f"{last.key.surface} of {last.key.target} {last.summary}", _tone(last))
    yield from (StoryLine(note) for note in notes)
    if isinstance(last.conclusion, Run) and last.conclusion.lateness is not None:
        yield StoryLine("The scheduled run was in flight, and served this question too.")
    calls = [call for step in told for call in step.calls]
    if len(calls) > 1:
        yield StoryLine()
        yield from (StoryLine(f"  {row}") for row in side_by_side(calls))
    for step in before:
        if not step.well:
            yield StoryLine()
            yield StoryLine(f"{step.key.surface} {step.summary}", _tone(step))
            yield from _step(step)
    yield StoryLine()
    yield from _step(last)


def _tone(step: Step) -> Tone:
    return "well" if step.well else "bad"


def _step(step: Step) -> Iterator[StoryLine]:
    """The call that decided, and what to make of it."""
    deciding = step.conclusion.deciding if isinstance(step.conclusion, Run) else None
    if deciding is None and step.calls:
        deciding = step.calls[-1]
    if deciding is not None:
        yield from _call(deciding)
    yield from _finding(step)


def _call(call: Call) -> Iterator[StoryLine]:
    size = "" if call.response_bytes is None else f", {call.response_bytes} bytes"
    yield StoryLine(
        f"  {call.method} {call.path or call.endpoint}: {outcome(call)}{size}", "heading"
    )
    yield from (StoryLine(f"  {row}") for row in waterfall(call))
    yield StoryLine()
    for label, text in _facts(call):
        yield fact(label, text)


def _facts(call: Call) -> Iterator[tuple[str, str]]:
    if carried := _carried(call):
        yield "connection", carried
    if call.certificate_expiry is not None:
        yield "certificate", f"ends {_day(call.certificate_expiry, call.at)}"
    if call.rate_limit is not None:
        yield "rate limit", _quota(call, call.rate_limit)
    if call.lifecycle is not None:
        yield from _lifecycle(call.lifecycle, call.at)
    if call.delayed:
        yield "delayed", _DELAYED.format(call.lag * 1000)
    if call.context is not None:
        yield "trace id", f"{call.context.trace_id:032x}"
        yield "traceparent", call.context.traceparent


def _carried(call: Call) -> str:
    carried = call.transport or Transport()
    parts = (
        {True: "kept", False: "new", None: None}[call.reused],
        carried.ip_protocol and f"IPv{carried.ip_protocol}",
        carried.http and f"HTTP/{carried.http}",
        carried.tls and tls_name(carried.tls),
        carried.redirects and f"redirects followed: {carried.redirects}",
    )
    return ", ".join(part for part in parts if part)


def _quota(call: Call, told: RateLimit) -> str:
    left = "?" if told.remaining is None else told.remaining
    limit = "" if told.limit is None else f" of {told.limit}"
    reset = "" if told.reset is None else f", resets in {max(0.0, told.reset - call.at):.0f} s"
    return f"{call.rate_class} ({call.credential}): {left}{limit} left{reset}"


def _lifecycle(told: Lifecycle, now: float) -> Iterator[tuple[str, str]]:
    if told.version is not None:
        yield "API version", told.version
    if told.deprecation is not None:
        yield "deprecated", _day(told.deprecation, now)
    if told.sunset is not None:
        yield "sunset", _day(told.sunset, now)
    if told.unparseable:
        yield "life cycle", "a date was sent that cannot be read"
    if told.relations:
        yield "links", ", ".join(told.relations)


def _finding(step: Step) -> Iterator[StoryLine]:
    conclusion, reason = step.conclusion, step.reason
    if isinstance(conclusion, Run) and (checked := _checked(conclusion)):
        yield fact("checked", ", ".join(checked))
    if reason is None:
        return
    yield fact("wrong", conclusion.wrong if isinstance(conclusion, Run) else reason, "bad")
    for said in () if step.problem is None else _said(step.problem):
        yield fact("the API says", said)
    told = advice(reason)
    yield fact("that means", told.means)
    yield fact("causes", told.causes)
    yield fact("look next", told.then)
    yield fact("all reasons", f"{place(reason)} of a running exporter", "dim")


def _checked(run: Run) -> Sequence[str]:
    """The names of the checks that were asked: none where no answer came, those up to a finding."""
    if run.deciding is None or run.deciding.fault is not None:
        return ()
    names = IN_ORDER.get(run.key.surface, ())
    return names[: names.index(run.check) + 1] if run.check in names else names


def _said(problem: ApiProblem) -> Iterator[str]:
    if problem.text:
        yield problem.text
    for error in problem.errors if isinstance(problem, Validation) else ():
        if text := ": ".join(part for part in (error.field, error.message, error.code) if part):
            yield text


def explained(step: Step) -> Advice | None:
    """What the reason of a step means; ``None`` where it is well."""
    return None if step.reason is None else advice(step.reason)


def tls_name(version: str) -> str:
    """OpenSSL's ``TLSv1.3`` as people and blackbox_exporter write it: ``TLS 1.3``."""
    return version.replace("TLSv", "TLS ")


def _day(at: float, now: float) -> str:
    """A moment, and how far it is; one that no calendar has is shown as it came."""
    days = (at - now) / _DAY
    far = f"in {days:.0f} days" if days >= 0 else f"{-days:.0f} days ago"
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC, {far}"
    except (OverflowError, ValueError, OSError):
        return f"{at:.0f} (Unix time)"
