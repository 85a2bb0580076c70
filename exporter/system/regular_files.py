"""Reading of files: regular ones only, and who waits can tell which one it is that hangs.

A pipe waits for whoever writes to it, a device may never end. So the kind is known before anything
is opened to be read: ``O_PATH`` waits for nobody and wakes no device. What is read then is that
very file, whatever has been put in its place meanwhile.
"""

import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from errno import EINVAL
from pathlib import Path
from typing import Final, TypeVar

_T = TypeVar("_T")

_KINDS: Final = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_HANDED_OVER: Final = re.compile(r"/dev/stdin|/(?:dev|proc/self)/fd/([0-9]{1,6})")


class NotRegularError(OSError):
    """There is something else than a regular file; ``strerror`` says what."""


class Look:
    """What a thread is reading now, for whoever waits for that thread."""

    file: Path | None = None


_LOOK: Final[ContextVar[Look]] = ContextVar("look")


def seen_by(look: Look, work: Callable[[], _T]) -> _T:
    """Do what reads files, in this thread, and let any thread see which one it is at."""
    _LOOK.set(look)
    return work()


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Let it be seen that this thread is at a file, as its volume may hang."""
    look = _LOOK.get(None)
    if look is None:
        yield
        return
    before, look.file = look.file, file
    try:
        yield
    finally:
        look.file = before


@contextmanager
def fixed(file: Path) -> Iterator[str]:
    """Hold on to a regular file, for a library that opens files by itself.

    The path is to that very file, whatever is put in its place meanwhile.

    Raises:
        NotRegularError: it is something else.
        OSError: it is not there, or cannot be reached.
    """
    with reading(file):
        held = os.open(file, os.O_PATH | os.O_CLOEXEC)
        try:
            check(held, file)
            yield f"/proc/self/fd/{held}"
        finally:
            os.close(held)


def content(file: Path, most: int) -> bytes:
    """Read a regular file, or its first ``most`` bytes.

    Raises:
        NotRegularError: it is something else; nothing was opened.
        OSError: it cannot be read.
        ValueError: it is not the path of a file.
    """
    with fixed(file) as path:
        try:
            with open(path, "rb") as opened:  # noqa: PTH123  # a descriptor, by its path
                return opened.read(most)
        except OSError as error:
            error.filename = str(file)
            raise


def handed_over(file: Path, most: int) -> bytes | None:
    """Read what this process was given through a pipe: the shell's ``<(...)``, or ``/dev/stdin``.

    At most ``most`` bytes until the other side ended; ``None`` where it is no such pipe. There is
    nothing in it a second time.

    Raises:
        OSError: it cannot be read.
    """
    match = _HANDED_OVER.fullmatch(str(file))
    if match is None:
        return None
    try:
        # Opened by its path once more, it would wait for a writer that may have ended by now.
        descriptor = os.dup(int(match[1] or 0))
    except OSError:
        return None
    with open(descriptor, "rb") as opened:  # noqa: PTH123  # a descriptor
        mode = os.fstat(descriptor).st_mode
        return opened.read(most) if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) else None


def check(descriptor: int, file: Path) -> None:
    """Refuse what is open and no regular file.

    Raises:
        NotRegularError: it is something else.
    """
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        kind = next((name for is_it, name in _KINDS if is_it(mode)), "something else")
        raise NotRegularError(EINVAL, f"is {kind}, not a regular file", str(file))


def unreadable_because(error: OSError) -> str:
    """Say why a file cannot be read, in a few words to follow its name."""
    if isinstance(error, NotRegularError):
        return str(error.strerror)
    return f"cannot be read: {error.strerror}"
