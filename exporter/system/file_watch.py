"""What is made of files, and is made again when they change. Who uses it reads it from memory."""

from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

from msgspec import Struct

from exporter.system.regular_files import reading

_T = TypeVar("_T")

Volume: TypeAlias = int | Path
"""Where a file is: the number of its volume, or its folder where that is not known."""


class _Stamp(Struct, frozen=True):
    """Tells two contents of a file apart; ``place`` is where it is."""

    place: Volume
    what: tuple[int, ...]


class FilesSeen(Struct, Generic[_T], frozen=True):
    """What a look at files found, and when it began, in seconds of the steady clock."""

    begun: float
    stamps: tuple[_Stamp, ...]
    value: _T | None
    error: OSError | ValueError | None


class FileWatch(Generic[_T]):
    """What is made of files, and is made again when they changed.

    Args:
        files: of which it is made; of none it is made once.
        make: reads them; raises ``OSError`` or ``ValueError`` where they cannot be used.

    ``seen`` is the last look, the first one is made here, by this thread.
    """

    def __init__(self, files: Iterable[str | Path | None], make: Callable[[], _T]) -> None:
        """Read it."""
        self.files = tuple(Path(file) for file in files if file is not None)
        self._make = make
        self._tell: Callable[[], None] | None = None
        self.seen: FilesSeen[_T] = self._read()

    def required(self) -> _T:
        """Have what was made.

        Raises:
            OSError: the files could not be read.
            ValueError: they could not be used.
        """
        if self.seen.error is not None:
            raise self.seen.error
        return self.seen.value  # type: ignore[return-value]  # without an error there is one

    def listen(self, tell: Callable[[], None]) -> None:
        """Learn, on the event loop, of each look that found something else, or that failed."""
        self._tell = tell

    def look(self) -> FilesSeen[_T] | None:
        """Look again, in a thread, for what is to be taken; ``None`` where nothing changed.

        What failed is tried again, whether the files changed or not.
        """
        seen = self.seen
        if seen.error is None and self._stamps() == seen.stamps:
            return None
        return self._read()

    def take(self, seen: FilesSeen[_T]) -> None:
        """Take what a later look found, on the event loop."""
        if seen.begun > self.seen.begun:
            self.seen = seen
            if self._tell is not None:
                self._tell()

    def places(self) -> dict[Path, Volume]:
        """Where each file is, as far as that is known."""
        return {file: stamp.place for file, stamp in zip(self.files, self.seen.stamps, strict=True)}

    def _read(self) -> FilesSeen[_T]:
        begun, stamps = monotonic(), self._stamps()  # first: what changes meanwhile is seen next
        try:
            return FilesSeen(begun, stamps, self._make(), None)
        except (OSError, ValueError) as error:
            # Its frames would keep what was read.
            return FilesSeen(begun, stamps, None, error.with_traceback(None))

    def _stamps(self) -> tuple[_Stamp, ...]:
        return tuple(map(_stamp_of, self.files))


def _stamp_of(file: Path) -> _Stamp:
    with reading(file):
        try:
            status = file.stat()
        except OSError as error:
            return _Stamp(file.parent, (error.errno or 0,))
        except ValueError:  # no path of a file
            return _Stamp(file.parent, ())
    return _Stamp(status.st_dev, (status.st_mtime_ns, status.st_size, status.st_ino))
