"""When the configuration is read again: on a signal, on request, or because it changed."""

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from msgspec import Struct

from exporter.config import ConfigError, describe, digest_of
from exporter.config.quoting import escaped
from exporter.config.yaml.tree import LARGEST
from exporter.process.load import LoadedPlan, UnusableError, warn
from exporter.system.regular_files import Look, NotRegularError, content, seen_by
from exporter.system.threads import in_thread

Load: TypeAlias = Callable[[], LoadedPlan]
Apply: TypeAlias = Callable[[LoadedPlan], None]

_RETRY: Final = 10.0
"""Seconds between attempts while nothing is in force."""
_PATIENCE: Final = 30.0
"""Seconds that the files may take to be read."""
_MOST_HANGING: Final = 5
"""Threads that may hang; the next attempt is made beside them, as the file may be another one."""
_LEFT_TO_HAND: Final = 3
"""Those of them that watching leaves to who reloads by hand."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class _Attempt(Struct, frozen=True):
    """What a thread reads, and since when, in Unix seconds."""

    is_over: Callable[[], bool]
    look: Look
    begun: float


class _HangingError(Exception):
    """A file is not read in time; the text says which."""


class Reloader:
    """Reads the configuration again and puts it into force, or keeps the one there is.

    Args:
        load: reads, in a thread, as a volume may hang; raises ``UnusableError``.
        apply: puts what was read into force, all of it or nothing; raises ``ConfigError``.
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
        first: LoadedPlan,
    ) -> None:
        """Take what is in force now as read."""
        self._load = load
        self._apply = apply
        self._done = done
        self._file = file
        self._seen = first.digest
        self._waits = not first.plan.targets
        self._turn = asyncio.Lock()
        self._attempts: list[_Attempt] = []
        self._ended = False
        self.problems: list[str] = []
        self.succeeded_at = time.time()

    async def reload(self) -> list[str]:
        """Read again: what is wrong, a line each; none where it worked."""
        return await self._read([], _MOST_HANGING)

    def end(self) -> None:
        """Put nothing into force any more, not even what is being read."""
        self._ended = True

    async def watch(self, interval: float) -> None:
        """Reload whenever the content of the file is another one.

        The content and not the time: a mounted ConfigMap is replaced through links. What could not
        be used is tried again each time, as another file that it names may be at fault.

        ``interval`` is in seconds; 0 is not at all once something is in force.
        """
        while self._waits or (interval and self._file is not None):
            await asyncio.sleep(min(interval or _RETRY, _RETRY) if self._waits else interval)
            await self._look()

    async def _look(self) -> None:
        """Read again where the content is another one, or what was read could not be used."""
        async with self._turn:
            known = self.problems
            try:
                digest = await self._patiently(self._digest, _MOST_HANGING - _LEFT_TO_HAND)
            except Exception as error:  # noqa: BLE001  # see _read
                self._refused([_fault(error)], known)
                return
            changed = digest not in (None, self._seen)
            if changed and self._seen is not None:
                known = []  # who edits it wants to hear of it again
            self._seen = digest if changed else self._seen
        if changed or self._waits or self.problems:
            await self._read(known, _MOST_HANGING - _LEFT_TO_HAND)

    async def _read(self, known: list[str], most: int) -> list[str]:
        """Read again; what was wrong before is ``known``, and not told again."""
        async with self._turn:
            try:
                return self._use(await self._patiently(self._load, most), known)
            except UnusableError as error:
                return self._refused(error.lines, known)
            except Exception as error:  # noqa: BLE001  # see below
                # Neither a signal nor the watching may end by a fault of ours.
                return self._refused([_fault(error)], known)

    async def _patiently(self, work: Callable[[], _T], most: int) -> _T:
        """Do it in a thread, and in no other one while ``most`` of them hang."""
        self._attempts = [each for each in self._attempts if not each.is_over()]
        if len(self._attempts) >= most:
            raise self._hanging()
        look, begun = Look(), time.time()
        doing = in_thread(partial(seen_by, look, work), "reload")
        self._attempts.append(_Attempt(doing.done, look, begun))
        done, _ = await asyncio.wait({doing}, timeout=_PATIENCE)
        if not done:
            raise self._hanging()
        return doing.result()

    def _hanging(self) -> _HangingError:
        """Tell of the attempt that hangs longest: that stays the same line."""
        first = self._attempts[0]
        at = first.look.file
        told = "its files are" if at is None else f'"{escaped(str(at))}" is'
        since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first.begun))
        return _HangingError(
            f"{told} not read within {_PATIENCE:.0f} s: the volume hangs, since {since}"
        )

    def _use(self, loaded: LoadedPlan, known: list[str]) -> list[str]:
        if self._ended:
            return ["the exporter is about to end"]
        try:
            self._apply(loaded)
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
            return None if self._file is None else digest_of(content(self._file, LARGEST + 1))
        except NotRegularError:
            return b""  # another content: to read it tells what it is
        except OSError:
            return None


def _fault(error: Exception) -> str:
    if isinstance(error, _HangingError):
        return str(error)
    _log.error("a fault of the exporter", exc_info=error)
    return f"a fault of the exporter: {type(error).__name__}"
