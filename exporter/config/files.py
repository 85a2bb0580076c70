"""Files that a configuration names, and the secrets that are in some of them."""

import errno
import os
import pathlib
import re
import stat
from typing import Final

from msgspec import Struct

from exporter.config.problems import Path, Problem
from exporter.config.quoting import shown
from exporter.config.schema import Auth
from exporter.config.values import FIELD_VALUE, InputFile, Secret, bare, control_in
from exporter.system.regular_files import NotRegularError, content, reading, unreadable_because

_LARGEST_SECRET: Final = 65536
"""Bytes. What is longer is another file."""


class NamedFile(Struct, frozen=True):
    """A file that the configuration names: where it does, how, and what is there."""

    path: Path
    written: str
    file: pathlib.Path
    kind: InputFile


def secret_of(auth: Auth) -> Secret:
    """Get the secret of an account, from its file each time: it may have changed.

    It is the password, the token or the client's secret, without a byte-order mark at its file's
    beginning and line breaks at its end.

    Raises:
        OSError: its file cannot be read.
        ValueError: there is no secret, or its file holds none. No content is in the message.
    """
    if auth.password is not None:
        return auth.password
    file = secret_file_of(auth)
    if file is None:
        raise ValueError("there is no secret")
    return _secret_in(pathlib.Path(file))


def secret_file_of(auth: Auth) -> str | None:
    """The path of the file that an account's secret is in; ``None`` where it is in no file."""
    return auth.password_file or auth.token_file or auth.client_secret_file


def file_problem(named: NamedFile) -> Problem | None:
    """Look whether a file can be used; ``None`` where nothing is wrong with it."""
    try:
        if named.kind.directory:
            with reading(named.file):
                _look_in(named.file)
        elif named.kind.field:
            field_value_in(named.file)
        elif named.kind.secret and not named.kind.pem:
            _secret_in(named.file)
        else:
            content(named.file, 1)
    except NotRegularError as error:
        reason = unreadable_because(error)
    except OSError as error:
        reason = unreadable_because(error)
        if named.kind.directory:
            reason = f"cannot be written in: {error.strerror}"
        if not pathlib.Path(named.written).is_absolute():
            reason += "; a relative path begins at the configuration's folder"
    except ValueError as error:
        reason = str(error)
    else:
        return None
    written = "the file" if named.kind.secret else shown(named.written)
    return Problem(named.path, f"{written} {reason}")


def field_value_in(file: pathlib.Path) -> Secret:
    """Get the value of a header from its file, without the line break at its end.

    Raises:
        OSError: the file cannot be read.
        ValueError: no header may have what is in it. No content is in the message.
    """
    text = _text_in(file)
    if re.match(FIELD_VALUE, text) is None:
        raise ValueError("is not one line of printable ASCII characters, as a header needs it")
    return Secret(text)


def _look_in(folder: pathlib.Path) -> None:
    """Whether files can be made there. Nothing is made: who only checks leaves no trace."""
    if folder.exists() and not folder.is_dir():
        raise ValueError("is a file, not a directory")
    there = folder if folder.exists() else folder.parent
    mode = there.stat().st_mode
    if not stat.S_ISDIR(mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _secret_in(file: pathlib.Path) -> Secret:
    text = _text_in(file)
    if (wrong := control_in(text)) is not None:
        raise ValueError(f"{wrong}; allowed: one line without any")
    return Secret(text)


def _text_in(file: pathlib.Path) -> str:
    data = content(file, _LARGEST_SECRET + 1)
    if len(data) > _LARGEST_SECRET:
        raise ValueError("is too large for a secret")
    try:
        text = bare(data.decode())
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    if not text:
        raise ValueError("is empty")
    return text
