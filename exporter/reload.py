"""When the configuration is read again: on a signal, on request, or because it changed."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from exporter.config import ConfigError
from exporter.job import Plan
from exporter.loading import Loaded, UnusableError, warn

Load: TypeAlias = Callable[[], Loaded]
Apply: TypeAlias = Callable[[Plan], None]

_log = logging.getLogger(__name__)


class Reloader:
    """Reads the configuration again and puts it into force, or keeps the one there is.

    Args:
        load: reads; raises ``UnusableError``.
        apply: puts a plan into force, all of it or nothing; raises ``ConfigError``.
        done: told whether it worked.
        file: whose content is watched, where there is one.
        waits: nothing is in force yet: watching tries again, as another file may be at fault.

    ``problems`` is what was wrong the last time, a line each; ``succeeded_at`` when what is in
    force was read.
    """

    def __init__(
        self,
        load: Load,
        apply: Apply,
        done: Callable[[bool], None],
        file: Path | None,
        *,
        waits: bool = False,
    ) -> None:
        """Take what is in force now as read."""
        self._load = load
        self._apply = apply
        self._done = done
        self._file = file
        self._digest = self._digest_now()
        self._waits = waits
        self.problems: list[str] = []
        self.succeeded_at = time.time()

    def reload(self) -> list[str]:
        """Read again.

        Returns:
            What is wrong, a line each; none where it worked.
        """
        return self._read(known=[])

    def _read(self, known: list[str]) -> list[str]:
        """Read again; what was wrong before is ``known``, and not told again."""
        self._digest = self._digest_now()
        try:
            loaded = self._load()
            self._apply(loaded.plan)
        except UnusableError as error:
            return self._refused(error.lines, known)
        except ConfigError as error:
            return self._refused([problem.message for problem in error.problems], known)
        except Exception as error:  # noqa: BLE001  # see below
            # Neither a signal nor the watching may end by a fault of ours.
            _log.exception("a fault of the exporter")
            return self._refused([f"a fault of the exporter: {type(error).__name__}"], known)
        warn(loaded)
        _log.info("the configuration is reloaded")
        self._waits = False
        self.problems, self.succeeded_at = [], time.time()
        self._done(True)  # noqa: FBT003  # it says it itself
        return []

    def _refused(self, lines: list[str], known: list[str]) -> list[str]:
        for line in lines if lines != known else ():
            _log.error("the configuration is not reloaded: %s", line)
        self.problems = lines
        self._done(False)  # noqa: FBT003  # it says it itself
        return lines

    async def watch(self, interval: float) -> None:
        """Reload whenever the content of the file is another one. It goes on until cancelled.

        The content and not the time: a mounted ConfigMap is replaced through links.

        Args:
            interval: how often to look, in seconds.
        """
        while True:
            await asyncio.sleep(interval)
            changed = self._digest_now() not in (None, self._digest)
            if changed or self._waits:
                self._read(known=[] if changed else self.problems)

    def _digest_now(self) -> bytes | None:
        """What is in the file; ``None`` while it cannot be read, as in the midst of a swap."""
        try:
            return None if self._file is None else _digest(self._file)
        except OSError:
            return None


def _digest(file: Path) -> bytes:
    return hashlib.blake2b(file.read_bytes()).digest()
