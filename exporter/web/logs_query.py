"""Which of the last runs somebody wants to read, and what there is of them."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from exporter.model.observation import Key
from exporter.model.reasons import SkipReason
from exporter.status.history import HistoryEntry, Skipped

SHOWN: Final = 200
"""Runs that the page shows unless it is asked for another number; JSON has all."""


class Wanted(Struct, frozen=True):
    """What was asked for; empty is any."""

    target: str = ""
    surface: str = ""
    failed: bool = False
    limit: int = SHOWN

    def query(self, **more: str) -> str:
        """The same as the query of a URL."""
        given = {"target": self.target, "surface": self.surface, "failed": "1" * self.failed}
        return urlencode({key: value for key, value in {**given, **more}.items() if value})


class FoundRuns(Struct, frozen=True):
    """What the history has of it, and by what it can be asked for."""

    entries: Sequence[HistoryEntry]
    skips: Sequence[tuple[Key, SkipReason, Skipped]]
    keys: Sequence[Key]
