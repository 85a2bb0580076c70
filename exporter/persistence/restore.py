"""What outlives a restart: found in its directory, known again, and kept as it changes."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from exporter.model.observation import Key
from exporter.model.past import Past
from exporter.persistence.document import fitting
from exporter.persistence.sink import PersistenceSink
from exporter.persistence.writer import Opened, StateWriter
from exporter.planning.job import Plan


class Recalls(Protocol):
    """Whoever had known something, had there been no restart."""

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know it again."""


class Restore:
    """The directory of ``state.journal``, and the rooms that learn what was known before.

    ``failed`` is told of each writing that failed.
    """

    def __init__(self, rooms: tuple[Recalls, ...], failed: Callable[[], None]) -> None:
        """Begin without a directory."""
        self.sink = PersistenceSink(self._changed)
        self._keeper = StateWriter(self.sink.surfaces, failed)
        self._rooms = (*rooms, self.sink)
        self._found: tuple[Past, ...] = ()

    def open(self, plan: Plan) -> Opened | None:
        """Open the directory that is configured, not on the event loop; nothing changes yet.

        Raises:
            ConfigError: it cannot be used.
        """
        return self._keeper.open(plan.state.journal)

    def take(self, opened: Opened | None) -> None:
        """Keep what is to be kept there from now on."""
        self._found = self._keeper.apply(opened)

    def recall(self, plan: Plan) -> None:
        """Tell the rooms what was found in it, once the plan is applied to all of them."""
        urls = {each.target.name: each.target.url for each in plan.targets}
        past = fitting(self._found, urls, time.time())
        self._found = ()
        if past:
            for room in self._rooms:
                room.recall(past)

    async def close(self) -> None:
        """Write what is not written yet."""
        await self._keeper.close()

    def _changed(self) -> None:
        self._keeper.changed()
