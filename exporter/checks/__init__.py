"""Judges of an answer, a file each: their names are those of their files (``docs/checks.md``)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from exporter.catalog import CATALOG
from exporter.checks.body import body
from exporter.checks.duration import duration
from exporter.checks.exposition import exposition
from exporter.checks.finding import Answer, Check, Finding, Remembering
from exporter.checks.healthy import healthy
from exporter.checks.media import media
from exporter.checks.moving import Moving
from exporter.checks.status import status
from exporter.model.observation import Observation, Run

CHECKS: Final[Mapping[str, Check]] = {
    "body": body,
    "duration": duration,
    "exposition": exposition,
    "healthy": healthy,
    "media": media,
    "status": status,
}
REMEMBERING: Final[Mapping[str, Callable[[], Remembering]]] = {
    "moving": Moving,
}
"""How those begin that remember earlier runs."""

IN_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    surface.id: (
        "status",
        "media",
        *(("body",) if surface.media == "json" else ()),
        *surface.checks,
        "duration",
    )
    for surface in CATALOG
}
"""Of each surface the names of its checks: the first that finds something counts."""

_CODING: Final = "its content coding is unknown"


class Checks:
    """The checks of one target, with what those that remember saw of its scheduled runs."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._remembering = {name: begin() for name, begin in REMEMBERING.items()}
        self._in_order: dict[str, tuple[tuple[str, Check], ...]] = {}

    def first_finding(self, answer: Answer) -> Finding | None:
        """What is wrong with an answer in the first place, named by the check that says so."""
        surface = answer.job.surface.id
        checks = self._in_order.get(surface)
        if checks is None:  # a thousand targets ask few surfaces each
            checks = self._in_order[surface] = tuple(self._named(surface))
        for name, check in checks:
            if (finding := check(answer)) is not None:
                return _signed(finding, name, answer)
        return None

    def _named(self, surface: str) -> Iterator[tuple[str, Check]]:
        by_name: Mapping[str, Check] = {**CHECKS, **self._remembering}
        return ((name, by_name[name]) for name in IN_ORDER[surface])

    def learn(self, observation: Observation) -> None:
        """Remember how a run ended; one that somebody asked for is no ``Run``, and judged alone."""
        if isinstance(observation, Run):
            for check in self._remembering.values():
                check.learn(observation)


def _signed(finding: Finding, name: str, answer: Answer) -> Finding:
    """The same with its name; a body may be unreadable because its coding is not undone."""
    unread = finding.reason == "body_invalid" and not answer.exchange.known
    detail = f"{finding.detail}: {_CODING}" if unread else finding.detail
    return replace(finding, detail=detail, check=name)
