"""When the document is written: a moment after something changed, in a thread of its own."""

import asyncio
import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct

from exporter.config.problems import ConfigError, Problem
from exporter.model.past import Past
from exporter.persistence.directory import StateDirectory, TakenError
from exporter.persistence.document import StateDocument, encode
from exporter.system.regular_files import NotRegularError, reading
from exporter.system.threads import in_thread

_DEBOUNCE: Final = 1.0
"""Seconds from a change to its writing: most changes come together."""
_RETRY: Final = 10.0
"""Seconds after which a writing that failed is tried again."""
_GRACE: Final = 1.0
"""Seconds that a writing may take at the end: a volume that hangs must not hold the process."""
_PATH: Final = ("state", "journal")

_log: Final = logging.getLogger(__name__)


class Opened(Struct, frozen=True):
    """A directory that is ready to be used, as the configuration has it, and what was in it."""

    journal: str
    directory: StateDirectory | None = None
    found: StateDocument = StateDocument()


class StateWriter:
    """Keeps the document of the directory that is configured, if one is.

    Args:
        surfaces: what is to be kept.
        failed: told of each writing that failed.
        debounce: seconds from a change to its writing.
        retry: seconds from a failure to the next attempt.
    """

    def __init__(
        self,
        surfaces: Callable[[], tuple[Past, ...]],
        failed: Callable[[], None],
        debounce: float = _DEBOUNCE,
        retry: float = _RETRY,
    ) -> None:
        """Begin without a directory."""
        self._surfaces = surfaces
        self._failed = failed
        self._debounce, self._retry = debounce, retry
        self._opened = Opened("")
        self._found = StateDocument()
        self._ready: dict[Path, Opened] = {}
        """Opened and not used yet: who gave up waiting for it may come for it again."""
        self._turns: dict[Path, threading.Lock] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[None] | None = None
        self._dirty = False
        self._failing = False

    def open(self, journal: str) -> Opened | None:
        """Open a directory, in a thread, as its volume may hang; it is not used yet.

        The answer is ``None`` where it is the one that is in use.

        Raises:
            ConfigError: it cannot be used.
        """
        former = self._opened
        if journal == former.journal:  # it may hang: that bars nothing else
            return None
        if not journal:
            return Opened("")
        with reading(Path(journal)):
            path = Path(journal).resolve()
        if former.directory is not None and path == former.directory.path:
            return None
        with self._turns.setdefault(path, threading.Lock()):
            if path not in self._ready:
                with reading(path):
                    self._ready[path] = Opened(journal, *_opened(path))
            return self._ready[path]

    def apply(self, opened: Opened | None) -> tuple[Past, ...]:
        """Keep it there from now on; with ``None`` it stays as it is.

        The answer is what was found there, if it is another directory than before.
        """
        for each in [self._ready.pop(path) for path in tuple(self._ready)]:
            if each is not opened and each.directory is not None:
                _leave(each.directory)  # whoever wanted it gave up
        if opened is None or opened.directory is self._directory:
            return ()
        if (former := self._directory) is not None:
            self._after_writing(partial(_leave, former))
            self._writing = None  # what hangs in the former one holds up nothing in this one
        self._opened, self._found, self._failing = opened, opened.found, False
        self.changed()
        return opened.found.surfaces

    def changed(self) -> None:
        """What is to be kept is no longer what was written."""
        if self._directory is not None:
            self._dirty = True
            self._arm(self._debounce)

    async def close(self) -> None:
        """Write what is not written yet, and leave the directory to others."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        directory, self._opened = self._directory, Opened("")
        await self._settled()
        if directory is None:
            return
        if self._dirty and self._writing is None:
            self._write_in(directory)
            await self._settled()
        if self._dirty or self._writing is not None:
            _log.error("the last state is not written", extra={"fields": _fields(directory)})
        if self._writing is None:
            await asyncio.wait({_leave(directory)}, timeout=_GRACE)

    @property
    def _directory(self) -> StateDirectory | None:
        return self._opened.directory

    def _arm(self, delay: float) -> None:
        if self._timer is None and self._writing is None:
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._directory is not None and self._writing is None:
            self._write_in(self._directory)

    def _write_in(self, directory: StateDirectory) -> None:
        self._dirty = False
        data = encode(StateDocument(self._surfaces(), self._found.others))
        self._writing = in_thread(lambda: directory.write(data), "state")
        self._writing.add_done_callback(lambda done: self._written(directory, done))

    def _written(self, directory: StateDirectory, done: asyncio.Future[None]) -> None:
        if done is not self._writing:
            return  # into a directory that was given up since
        error, self._writing = done.exception(), None
        if error is not None:
            self._dirty = True
            self._failed()
        if error is not None and not self._failing:
            fields = {**_fields(directory), "error": getattr(error, "strerror", None) or str(error)}
            _log.error("the state cannot be written, it is tried again", extra={"fields": fields})
        elif error is None and self._failing:
            _log.info("the state is written again", extra={"fields": _fields(directory)})
        self._failing = error is not None
        if self._dirty and self._directory is not None:
            self._arm(self._retry if self._failing else self._debounce)

    async def _settled(self) -> None:
        """Wait for the writing that is under way, though not for ever."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=_GRACE)

    def _after_writing(self, then: Callable[[], object]) -> None:
        if self._writing is None:
            then()
        else:
            self._writing.add_done_callback(lambda _: then())


def _leave(directory: StateDirectory) -> asyncio.Future[None]:
    """To close what is on a volume that hangs may hang too."""
    return in_thread(directory.close, "state")


def _opened(path: Path) -> tuple[StateDirectory, StateDocument]:
    try:
        directory = StateDirectory(path)
    except TakenError:
        reason = "is used by another exporter"
        raise _refused(path, f"{reason}; allowed: a directory of its own") from None
    except OSError as error:
        which = f"its {Path(error.filename).name} " if isinstance(error, NotRegularError) else ""
        raise _refused(path, f"cannot be used: {which}{error.strerror}") from None
    try:
        return directory, directory.read()
    except OSError as error:
        directory.close()
        raise _refused(path, f"cannot be read: {error.strerror}") from None


def _refused(path: Path, message: str) -> ConfigError:
    return ConfigError([Problem(_PATH, f'"{path}" {message}')])


def _fields(directory: StateDirectory) -> dict[str, object]:
    return {"directory": str(directory.path)}
