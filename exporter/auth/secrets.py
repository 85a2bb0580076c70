"""The secret of an account: what was read last, and how to have it looked at again."""

import logging
from typing import Final

from exporter.config import Secret
from exporter.system.file_watch import FileWatch
from exporter.system.file_watcher import FileWatcher

_PATIENCE: Final = 1.0
"""Seconds that a look at the file may take where somebody waits for it: it takes none."""

_log: Final = logging.getLogger(__name__)


class Secrets:
    """The secret of an ``auth``, which may change; a watcher looks at once where it matters."""

    def __init__(self, watch: FileWatch[Secret], watcher: FileWatcher, target: str) -> None:
        """Hold; nobody took it yet."""
        self._watch = watch
        self._watcher = watcher
        self._target = target
        self._taken: object = None
        self._found: Secret | str | None = None

    @property
    def secret(self) -> Secret | None:
        """What was read last; ``None`` where there was none."""
        return self._watch.seen.value

    @property
    def problem(self) -> str:
        """Why there is none; no content of the file is in it."""
        error = self._watch.seen.error
        return "" if error is None else str(error)

    def changed(self) -> bool:
        """Whether it is another secret than before, or another reason why there is none."""
        seen = self._watch.seen
        if seen is self._taken:
            return False
        before, self._taken = self._found, seen
        self._found = self.problem if seen.value is None else seen.value
        if seen.value is None and self._found != before:
            self.complain("cannot read the secret", self.problem)
        return self._found != before

    async def look(self, patience: float = _PATIENCE) -> None:
        """Have the file looked at now; after ``patience`` seconds the last secret stays in use."""
        await self._watcher.look_at(self._watch, min(patience, _PATIENCE))

    def complain(self, message: str, error: str) -> None:
        """Log why there is nothing to send; no content of the file is in the error."""
        _log.error(message, extra={"fields": {"target": self._target, "error": error}})
