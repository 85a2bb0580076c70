"""What a check is given and what it says."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from msgspec import Struct

from exporter.model.exchange import Exchange, Json
from exporter.model.observation import Run
from exporter.model.reasons import Reason
from exporter.planning.job import Job


class Answer(Struct, frozen=True, gc=False):
    """An exchange, with its body decoded once for all who read it.

    ``document`` is ``None`` where the surface answers in text, its status is no success, or its
    body is no JSON object. ``stamp`` is the date in it.
    """

    job: Job
    exchange: Exchange
    document: dict[str, Json] | None = None
    stamp: float | None = None


class Finding(Struct, frozen=True, gc=False):
    """Something is wrong with an answer. ``detail`` is in our own words.

    ``check`` is the name of the one that found it, which ``Checks`` puts there; nothing where it
    was none, as on the wire.
    """

    reason: Reason
    detail: str
    check: str = ""


Check: TypeAlias = Callable[[Answer], Finding | None]


class Remembering(Protocol):
    """A check with a memory of its own, one for each target."""

    def __call__(self, answer: Answer, /) -> Finding | None:
        """Judge by what is remembered, and change nothing of it."""

    def learn(self, run: Run) -> None:
        """Remember a scheduled run."""
