"""When the configuration is read again: on a signal, on request, or because it changed."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from exporter.config import ConfigError, describe, digest_of
from exporter.job import Plan
from exporter.loading import Loaded, UnusableError, warn
from exporter.threads import in_thread

Load: TypeAlias = Callable[[], Loaded]
Apply: TypeAlias = Callable[[Plan], None]

_RETRY: Final = 10.0
"""Seconds between attempts while nothing is in force."""
_PATIENCE: Final = 30.0
"""Seconds that the files may take to be read."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class Reloader:
    """Reads the configuration again and puts it into force, or keeps the one there is.

    Args:
        load: reads, in a thread, as a volume may hang; raises ``UnusableError``.
        apply: puts a plan into force, all of it or nothing; raises ``ConfigError``.
        done: told whether it worked.
        file: whose content is watched, where there is one.
        first: what is in force already; without targets it is nothing, and watching tries again.

    ``problems`` is what was wrong the last time, a line each; ``succeeded_at`` when what is in
    force was read.
    """

    def __init__(
        self,
        load: Load,
        apply: Apply,
        done: Callable[[bool], None],
        file: Path | None,
        first: Loaded,
    ) -> None:
        """Take what is in force now as read."""
        self._load = load
        self._apply = apply
        self._done = done
        self._file = file
        self._seen = first.digest
        self._waits = not first.plan.targets
        self._turn = asyncio.Lock()
        self._is_free: Callable[[], bool] = lambda: True
        self._ended = False
        self.problems: list[str] = []
        self.succeeded_at = time.time()

    async def reload(self) -> list[str]:
        """Read again.

        Returns:
            What is wrong, a line each; none where it worked.
        """
        return await self._read(known=[])

    def end(self) -> None:
        """Put nothing into force any more, not even what is being read."""
        self._ended = True

    async def watch(self, interval: float) -> None:
        """Reload whenever the content of the file is another one.

        The content and not the time: a mounted ConfigMap is replaced through links. What could not
        be used is tried again each time, as another file that it names may be at fault.

        Args:
            interval: how often to look, in seconds; 0 is not at all once something is in force.
        """
        while self._waits or (interval and self._file is not None):
            await asyncio.sleep(min(interval or _RETRY, _RETRY) if self._waits else interval)
            await self._look()

    async def _look(self) -> None:
        """Read again where the content is another one, or what was read could not be used."""
        async with self._turn:
            known = self.problems
            try:
                digest = await self._patiently(self._digest)
            except Exception as error:  # noqa: BLE001  # see _read
                self._refused([_fault(error)], known)
                return
            changed = digest not in (None, self._seen)
            if changed and self._seen is not None:
                known = []  # who edits it wants to hear of it again
            self._seen = digest if changed else self._seen
        if changed or self._waits or self.problems:
            await self._read(known)

    async def _read(self, known: list[str]) -> list[str]:
        """Read again; what was wrong before is ``known``, and not told again."""
        async with self._turn:
            try:
                return self._use(await self._patiently(self._load), known)
            except UnusableError as error:
                return self._refused(error.lines, known)
            except Exception as error:  # noqa: BLE001  # see below
                # Neither a signal nor the watching may end by a fault of ours.
                return self._refused([_fault(error)], known)

    async def _patiently(self, work: Callable[[], _T]) -> _T:
        """Do it in a thread, and never in another one while a volume hangs."""
        if not self._is_free():
            raise TimeoutError
        doing = in_thread(work, "reload")
        self._is_free = doing.done
        done, _ = await asyncio.wait({doing}, timeout=_PATIENCE)
        if not done:
            raise TimeoutError
        return doing.result()

    def _use(self, loaded: Loaded, known: list[str]) -> list[str]:
        if self._ended:
            return ["the exporter is about to end"]
        try:
            self._apply(loaded.plan)
        except ConfigError as error:
            return self._refused(describe(error, loaded.source, loaded.places), known)
        warn(loaded)
        _log.info("the configuration is reloaded")
        self._seen, self._waits = loaded.digest, False
        self.problems, self.succeeded_at = [], time.time()
        self._done(True)  # noqa: FBT003  # it says it itself
        return []

    def _refused(self, lines: list[str], known: list[str]) -> list[str]:
        for line in lines if lines != known else ():
            _log.error("the configuration is not reloaded: %s", line)
        self.problems = lines
        self._done(False)  # noqa: FBT003  # it says it itself
        return lines

    def _digest(self) -> bytes | None:
        """What is in the file; ``None`` while it cannot be read, as in the midst of a swap."""
        try:
            return None if self._file is None else digest_of(self._file.read_bytes())
        except OSError:
            return None


def _fault(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"its files are not read within {_PATIENCE:.0f} s"
    _log.error("a fault of the exporter", exc_info=error)
    return f"a fault of the exporter: {type(error).__name__}"
