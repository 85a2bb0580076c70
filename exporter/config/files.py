"""Files that a configuration names, and the secrets that are in some of them."""

import pathlib
import stat
from typing import Final

from msgspec import Struct

from exporter.config.problems import Path, Problem
from exporter.config.schema import Auth
from exporter.config.values import InputFile, Secret
from exporter.config.words import shown

_LARGEST_SECRET: Final = 65536
"""Bytes. What is longer is another file."""


class NamedFile(Struct, frozen=True):
    """A file that the configuration names: where it does, how, and what is there."""

    path: Path
    written: str
    file: pathlib.Path
    kind: InputFile


def secret_of(auth: Auth) -> Secret:
    """Get the password of a login, from its file each time: it may have changed.

    Args:
        auth: of type ``login``.

    Returns:
        The password, without the line break at the end of its file.

    Raises:
        OSError: its file cannot be read.
        ValueError: there is no password, or its file holds none. No content is in the message.
    """
    if auth.password is not None:
        return auth.password
    if auth.password_file is None:
        raise ValueError("there is no password")
    return _secret_in(pathlib.Path(auth.password_file))


def problem_of(named: NamedFile) -> Problem | None:
    """Look whether a file can be used.

    Args:
        named: as the configuration has it.

    Returns:
        What is wrong with it, if anything is.
    """
    try:
        if named.kind.secret:
            _secret_in(named.file)
        else:
            _read(named.file, 1)
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        if not pathlib.Path(named.written).is_absolute():
            reason += "; a relative path begins at the configuration's folder"
    except ValueError as error:
        reason = str(error)
    else:
        return None
    written = "the file" if named.kind.secret else shown(named.written)
    return Problem(named.path, f"{written} {reason}")


def _secret_in(file: pathlib.Path) -> Secret:
    data = _read(file, _LARGEST_SECRET + 1)
    if len(data) > _LARGEST_SECRET:
        raise ValueError("is too large for a secret")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if not text:
        raise ValueError("is empty")
    return Secret(text)


def _read(file: pathlib.Path, most: int) -> bytes:
    """The beginning of a regular file: a pipe would wait, a device might never end."""
    mode = file.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ValueError("is a directory, not a file")
    if not stat.S_ISREG(mode):
        raise ValueError("is not a regular file")
    with file.open("rb") as opened:
        return opened.read(most)
