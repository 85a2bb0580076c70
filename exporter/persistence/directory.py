"""The directory that the document is in: ours alone, and whole whatever happens to us."""

import fcntl
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from exporter.persistence.document import StateDocument, UnreadableError, decode
from exporter.system.regular_files import NotRegularError, check, content

_FILE: Final = "state.json"
_FRESH: Final = "state.json.new"
_LOCK: Final = "lock"
_LARGEST: Final = 64 * 1024 * 1024

_log: Final = logging.getLogger(__name__)


class TakenError(Exception):
    """Another process has the directory."""


class StateDirectory:
    """A directory on a volume, made where only its last part is missing.

    Who has it open holds its lock, until the process ends at last.

    Raises:
        TakenError: another process holds it.
        OSError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        """Take it."""
        self.path = path
        path.mkdir(exist_ok=True)
        self._lock = _opened(path / _LOCK, os.O_RDWR, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            if isinstance(error, BlockingIOError):
                raise TakenError from None
            raise

    def read(self) -> StateDocument:
        """Read what was written last, an empty document where there is none.

        What cannot be read is moved aside, and told.

        Raises:
            OSError: the file is there and cannot be opened, or cannot be moved.
        """
        file = self.path / _FILE
        try:
            return decode(content(file, _LARGEST))
        except FileNotFoundError:
            return StateDocument()
        except (UnreadableError, NotRegularError) as error:
            kept = _aside(file)
            reason = error.strerror if isinstance(error, OSError) else str(error)
            fields = {"file": str(file), "reason": reason, "kept_as": kept.name}
            _log.warning("the state is not readable, a new one begins", extra={"fields": fields})
            return StateDocument()

    def write(self, data: bytes) -> None:
        """Replace the document: after any crash there is the former or this one, and it is whole.

        Raises:
            OSError: it could not be written; the former one is still there.
        """
        fresh = self.path / _FRESH
        try:
            descriptor = _opened(fresh, os.O_WRONLY | os.O_TRUNC, 0o666)
            with open(descriptor, "wb") as opened:  # noqa: PTH123  # a descriptor
                opened.write(data)
                opened.flush()
                os.fsync(opened.fileno())
            fresh.replace(self.path / _FILE)
        except OSError:
            with suppress(OSError):
                fresh.unlink()  # a full disk wants its room back
            raise
        self._sync()

    def close(self) -> None:
        """Leave it to others."""
        os.close(self._lock)

    def _sync(self) -> None:
        """Only then does the new name survive a crash of the machine."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _opened(file: Path, flags: int, mode: int) -> int:
    """A regular file to write to, made where it is missing; a pipe there holds up nobody."""
    flags |= os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(file, flags, mode)
    try:
        check(descriptor, file)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _aside(file: Path) -> Path:
    """Another name for it that nothing has: nothing is ever lost."""
    stamp, count = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), 0
    while (kept := file.with_name(f"{file.name}.unreadable-{stamp}-{count}")).exists():
        count += 1
    file.rename(kept)
    return kept
