"""Standard output and standard error, which may be closed, full, or read by nobody any more."""

import errno
import io
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2


class Output(io.FileIO):
    """Standard output: what cannot be written is an error once, and from then on written nowhere.

    Python itself writes what is left over when it ends, and would complain in its own words.
    ``failure`` is the error, by which it can be told from every other one.
    """

    failure: OSError | None = None

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write, or raise the error that is kept in ``failure``."""
        if self.failure is None:
            try:
                return _written(self, data)
            except OSError as error:
                self.failure = error
                raise
        return memoryview(data).nbytes

    @property
    def is_unread(self) -> bool:
        """Whether it failed as whoever reads it has seen enough, as ``head`` does."""
        return self.failure is not None and self.failure.errno == errno.EPIPE


class _Told(io.FileIO):
    """Standard error: what cannot be written is lost, and ends nothing."""

    def write(self, data: "ReadableBuffer", /) -> int:
        with suppress(OSError):
            return super().write(data) or memoryview(data).nbytes
        return memoryview(data).nbytes


@contextmanager
def standard() -> Iterator[Output]:
    """Take over both streams meanwhile, unless somebody else did (as tests do).

    A descriptor that is closed is opened on what cannot be used either: else the next connection
    would get its number, and be written to. Standard output has no ``failure`` where it is somebody
    else's.
    """
    before = sys.stdout, sys.stderr
    _open_where_closed(_STDIN, os.O_RDONLY)
    _open_where_closed(_STDOUT, os.O_RDONLY)  # to write there fails, as it should
    _open_where_closed(_STDERR, os.O_WRONLY)
    output = Output(_STDOUT, "w", closefd=False)
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(output, before[0], by_line=output.isatty())
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Told(_STDERR, "w", closefd=False), before[1], by_line=True)
    try:
        yield output
    finally:
        with suppress(OSError):
            sys.stdout.flush()
        sys.stdout, sys.stderr = before


def _text(raw: io.FileIO, former: TextIO | None, *, by_line: bool) -> TextIO:
    """A text stream in the encoding of the former one: None where its descriptor was closed.

    ``PYTHONUNBUFFERED`` changes nothing: what has to be seen at once is flushed by who writes it.
    """
    encoding, errors = "utf-8", "backslashreplace"
    if former is not None:
        former.flush()
        encoding, errors = former.encoding, former.errors or errors
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors, line_buffering=by_line)


def _written(raw: io.FileIO, data: "ReadableBuffer") -> int:
    """Write all the same where somebody made the other side's pipe one that does not block."""
    while (count := io.FileIO.write(raw, data)) is None:
        select.select((), (raw,), ())
    return count


def _open_where_closed(descriptor: int, flags: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, flags)
        if opened != descriptor:
            os.dup2(opened, descriptor, inheritable=False)
            os.close(opened)
