"""What outlives a restart: found in its directory, known again, and kept as it changes."""

import time
from collections.abc import Callable, Mapping
from typing import Protocol

from exporter.job import Plan
from exporter.observation import Key
from exporter.sinks.remembered import Remembered
from exporter.state.document import Past, fitting
from exporter.state.keeper import Keeper


class Room(Protocol):
    """Whoever had known something, had there been no restart."""

    def recall(self, past: Mapping[Key, Past]) -> None:
        """Know it again."""


class Memory:
    """The directory of ``state.journal``, and who learns of it.

    Args:
        rooms: those who are told what was known before.
        failed: told of each writing that failed.
    """

    def __init__(self, rooms: tuple[Room, ...], failed: Callable[[], None]) -> None:
        """Begin without a directory."""
        self.sink = Remembered(self._changed)
        self._keeper = Keeper(self.sink.surfaces, failed)
        self._rooms = (*rooms, self.sink)
        self._found: tuple[Past, ...] = ()

    def open(self, plan: Plan) -> None:
        """Take the directory that is configured, before anything else changes.

        Args:
            plan: what is to be done.

        Raises:
            ConfigError: it cannot be used; nothing was changed then.
        """
        self._found = self._keeper.follow(plan.state.journal)

    def recall(self, plan: Plan) -> None:
        """Tell the rooms what was found in it, once all of them follow the plan.

        Args:
            plan: what is done from now on.
        """
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
