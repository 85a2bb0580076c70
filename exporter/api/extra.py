"""The headers that a configuration adds to every request to its target."""

import logging
import pathlib
from collections.abc import Mapping
from typing import Final, TypeAlias

from exporter.config.files import field_value_in
from exporter.config.shapes import FILE_SUFFIX
from exporter.config.values import Secret

_Version: TypeAlias = tuple[int, int]
_log: Final = logging.getLogger(__name__)


class ExtraHeaders:
    """Names and values; those that are in files follow their files."""

    def __init__(self, settings: Mapping[str, Secret | str]) -> None:
        """Read what is in files.

        Args:
            settings: ``headers`` of a target.

        Raises:
            OSError: a file cannot be read.
            ValueError: no header may have what is in it. No content is in the message.
        """
        self._values = {
            name: value.reveal() for name, value in settings.items() if isinstance(value, Secret)
        }
        self._files = [
            _File(name.removesuffix(FILE_SUFFIX), pathlib.Path(path))
            for name, path in settings.items()
            if isinstance(path, str)
        ]

    def now(self) -> Mapping[str, str]:
        """Tell what to send.

        Returns:
            Names and values, the names as they were written.
        """
        if not self._files:
            return self._values
        return {**self._values, **{file.name: file.value() for file in self._files}}


class _File:
    def __init__(self, name: str, path: pathlib.Path) -> None:
        self.name = name
        self._path = path
        self._version = _version_of(path)
        self._secret = field_value_in(path)

    def value(self) -> str:
        """What it holds, or held when it could be used last."""
        version = _version_of(self._path)
        if version is not None and version != self._version:
            self._version = version
            try:
                self._secret = field_value_in(self._path)
            except (OSError, ValueError) as error:
                # The last value is as good as none; the API is to say so, not this process to end.
                reason = error.strerror if isinstance(error, OSError) else str(error)
                fields = {"header": self.name, "reason": reason}
                _log.warning("the file of a header cannot be used", extra={"fields": fields})
        return self._secret.reveal()


def _version_of(path: pathlib.Path) -> _Version | None:
    """Tells two contents apart; ``None`` while the file is not there: it is being replaced."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino
