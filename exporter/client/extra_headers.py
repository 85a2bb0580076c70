"""The headers that a configuration adds to every request to its target."""

import logging
from collections.abc import Mapping
from functools import partial
from typing import Final

from exporter.config.shapes import FILE_SUFFIX
from exporter.config.values import Secret
from exporter.system.file_watch import FileWatch

_log: Final = logging.getLogger(__name__)


class ExtraHeaders:
    """Names and values; those that are in files follow their files."""

    def __init__(
        self, settings: Mapping[str, Secret | str], files: Mapping[str, FileWatch[Secret]]
    ) -> None:
        """Take a target's ``headers`` and, by the key of each that is in a file, what was read.

        Raises:
            OSError: a file could not be read.
            ValueError: no header may have what is in it. No content is in the message.
        """
        self._now = {
            name: value.reveal() for name, value in settings.items() if isinstance(value, Secret)
        }
        self._told: dict[str, object] = {}
        for key, watch in files.items():
            name = key.removesuffix(FILE_SUFFIX)
            self._now[name] = watch.required().reveal()
            watch.listen(partial(self._changed, name, watch))

    def now(self) -> Mapping[str, str]:
        """Tell what to send: names as they were written, and values."""
        return self._now

    def _changed(self, name: str, watch: FileWatch[Secret]) -> None:
        """Take what a file holds now, or tell why what it held when it could be used last stays.

        The last value is as good as none; the API is to say so, not this process to end. A file
        that is not there is being replaced.
        """
        seen = watch.seen
        if seen.value is not None:
            self._now = {**self._now, name: seen.value.reveal()}
        elif not isinstance(seen.error, FileNotFoundError):
            reason = getattr(seen.error, "strerror", None) or str(seen.error)
            if self._told.get(name) != (told := (seen.stamps, reason)):
                self._told[name] = told
                fields = {"header": name, "reason": reason}
                _log.warning("the file of a header cannot be used", extra={"fields": fields})
