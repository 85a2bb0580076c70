"""Where the time of a request went, drawn in characters: pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec.structs import asdict

from exporter.model.observation import Call, Phases

WIDTH: Final = 40
"""Of a bar, in characters."""
_NARROW: Final = 24
"""Of a bar beside a request's path."""
_LONGEST: Final = 36
_NAME: Final = 10
_SHORT_WAIT: Final = 0.001
"""A wait for a slot of our own, in seconds, below which it is not worth a line."""


def phases_of(call: Call) -> dict[str, float]:
    """The phases that were reached, in their order: seconds by name.

    ``before`` is what went before the last connection: one that was lost, a redirect; where no
    answer came, our own beginning too.
    """
    timed = reached(call.phases)
    queue = timed.pop("queue", None)
    before = call.duration - sum(timed.values())
    first = {} if queue is None else {"queue": queue}
    if timed and before > call.duration / WIDTH:
        first["before"] = before
    return first | timed


def reached(phases: Phases) -> dict[str, float]:
    """The phases that a call came to: seconds by name, in the order of time."""
    return {name: lasted for name, lasted in asdict(phases).items() if lasted is not None}


def waterfall(call: Call) -> Iterator[str]:
    """Draw the phases of one call, a line for each, and one for all of it.

    The wait for a slot of our own counts in no duration and has no bar.
    """
    begun = 0.0
    for name, lasted in phases_of(call).items():
        if name == "queue":
            if lasted >= _SHORT_WAIT:
                yield _row(name, " " * WIDTH, lasted)
            continue
        yield _row(name, _bar(begun, lasted, call.duration), lasted)
        begun += lasted
    yield _row("total", " " * WIDTH, call.duration)


def side_by_side(calls: Sequence[Call]) -> Iterator[str]:
    """Draw several calls, in any order and one at least, on one axis of time, a line for each."""
    starts = [call.steady - call.duration for call in calls]
    first = min(starts)
    whole = max(call.steady for call in calls) - first
    shown = [_shortened(f"{call.method} {call.path or call.endpoint}") for call in calls]
    name_width, outcome_width = max(map(len, shown)), max(len(outcome(call)) for call in calls)
    for call, start, name in sorted(zip(calls, starts, shown, strict=True), key=lambda row: row[1]):
        bar = _bar(start - first, call.duration, whole, _NARROW)
        told = f"{name:<{name_width}} {outcome(call):>{outcome_width}}"
        yield f"{told} |{bar}|{_ms(call.duration)}"


def outcome(call: Call) -> str:
    """The status of a call, or a word or two on why there is none."""
    told = (str(call.status) if call.status is not None else None, call.fault)
    return " ".join(each for each in told if each) or "no answer"


def _row(name: str, bar: str, lasted: float) -> str:
    return f"{name:<{_NAME}}|{bar}|{_ms(lasted)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:>10.2f} ms"


def _bar(begun: float, lasted: float, whole: float, width: int = WIDTH) -> str:
    """What began and lasted so, of the whole; whatever there was is seen."""
    scale = width / whole if whole > 0 else 0.0
    start = max(0, min(width - 1, int(begun * scale)))
    length = max(1, min(width - start, round(lasted * scale)))
    return f"{' ' * start}{'#' * length}".ljust(width)


def _shortened(text: str) -> str:
    """Its begin and its end, where it is too long for a line."""
    half = _LONGEST // 2
    return text if len(text) <= _LONGEST else f"{text[: half - 3]}...{text[-half:]}"
