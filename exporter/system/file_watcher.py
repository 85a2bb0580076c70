"""Looking at the files in use: threads do, the event loop never does.

A volume that hangs holds up whoever asks it for anything, for the time of a file too. So what is
in use is held in memory, and who is on the event loop reads it there.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final

from exporter.system.file_watch import FileWatch, Volume
from exporter.system.regular_files import Look, seen_by
from exporter.system.threads import in_thread

_INTERVAL: Final = 5.0
"""Seconds from one look at all files to the next."""
_SLOW: Final = 1.0
"""Seconds at one file after which what else is on its volume is left alone."""
_PATIENCE: Final = 30.0
"""Seconds at one file after which it is told."""
_MOST: Final = 8
"""Threads that go around at a time: each volume that hangs may hold one."""
_MOST_ASKED: Final = 4
"""Threads at a time that look at once; who wants another one waits for its turn."""

_log: Final = logging.getLogger(__name__)


class _Pass:
    """A thread that looks at one after the other, and where it is."""

    def __init__(self, watches: Iterable[FileWatch[Any]]) -> None:
        self._watches = watches
        self._loop = asyncio.get_running_loop()
        self._at: FileWatch[Any] | None = None
        self.look = Look()
        self.since = monotonic()
        self.told = False

    def __call__(self) -> None:
        """Look; in the thread."""
        for watch in self._watches:
            self.since, self._at = monotonic(), watch
            seen = watch.look()
            if seen is not None:
                with suppress(RuntimeError):  # the loop is closed by now
                    self._loop.call_soon_threadsafe(watch.take, seen)

    def lasts(self, least: float) -> bool:
        """Whether it is at one of them for as long as this."""
        return monotonic() - self.since >= least

    def places(self) -> set[Volume]:
        """The volume that it is at; all that it may be at, where that is not known so well."""
        file, known = self.file, {} if self._at is None else self._at.places()
        return {known[file]} if file in known else set(known.values())

    @property
    def file(self) -> Path | None:
        """Which file it is at."""
        at = self._at
        return self.look.file or (None if at is None else at.files[0])


class FileWatcher:
    """Looks at all files every few seconds, and at one of them when it matters.

    A volume that hangs holds one thread, and nothing else: what is on other volumes is followed,
    what is on this one stays as it was read last.
    """

    def __init__(self) -> None:
        """Begin without a file."""
        self._watches: tuple[FileWatch[Any], ...] = ()
        self._passes: set[_Pass] = set()
        self._asked: dict[FileWatch[Any], asyncio.Task[None]] = {}
        self._turns = asyncio.Semaphore(_MOST_ASKED)
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, watches: Iterable[FileWatch[Any]]) -> None:
        """Look at these from now on."""
        self._watches = tuple(watch for watch in watches if watch.files)

    def start(self) -> None:
        """Begin to look."""
        self._timer = asyncio.get_running_loop().call_later(_INTERVAL, self._due)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def look_at(self, watch: FileWatch[Any], patience: float) -> None:
        """Look at one at once: something depends on its being the newest.

        After ``patience``, in seconds, the last look has to do.
        """
        if not watch.files or not _is_beside(watch, self._aside()):
            return
        if watch not in self._asked:
            self._asked[watch] = asyncio.create_task(self._look_at(watch))
        await asyncio.wait({self._asked[watch]}, timeout=patience)

    async def _look_at(self, watch: FileWatch[Any]) -> None:
        """Once for all who ask meanwhile."""
        try:
            async with self._turns:
                await asyncio.wait({self._begin((watch,))})
        finally:
            del self._asked[watch]

    def _due(self) -> None:
        self.start()
        self._tell_hanging()
        aside = self._aside()
        watches = [each for each in self._watches if _is_beside(each, aside)]
        if watches and len(self._passes) < _MOST:
            self._begin(watches)

    def _tell_hanging(self) -> None:
        """Once for each volume."""
        for each in self._passes:
            known = set().union(*(other.places() for other in self._passes if other.told))
            if each.lasts(_PATIENCE) and not each.told and known.isdisjoint(each.places()):
                each.told = True
                _tell(each)

    def _aside(self) -> set[Volume]:
        return set().union(*(each.places() for each in self._passes if each.lasts(_SLOW)))

    def _begin(self, watches: Iterable[FileWatch[Any]]) -> asyncio.Future[None]:
        begun = _Pass(watches)
        self._passes.add(begun)
        done = in_thread(partial(seen_by, begun.look, begun), "looks")
        done.add_done_callback(partial(self._over, begun))
        return done

    def _over(self, ended: _Pass, done: asyncio.Future[None]) -> None:
        self._passes.discard(ended)
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            _log.error("a fault of the exporter", exc_info=error)
        if ended.told:
            _log.info("the volume that hung is read again")


def _is_beside(watch: FileWatch[Any], aside: set[Volume]) -> bool:
    return not aside or aside.isdisjoint(watch.places().values())


def _tell(hanging: _Pass) -> None:
    since = time.gmtime(time.time() - (monotonic() - hanging.since))
    _log.warning(
        "a file is not read within %.0f s: the volume hangs, since %s; "
        "what was read last stays in use",
        _PATIENCE,
        time.strftime("%Y-%m-%dT%H:%M:%SZ", since),
        extra={"fields": {"file": str(hanging.file)}},
    )
