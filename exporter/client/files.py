"""The files that a target names, as they were read, and as they are read again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from exporter.client.settings import ConnectionSettings
from exporter.client.timing import current
from exporter.client.tls import Peer, TlsContext, watch_of
from exporter.config.files import field_value_in, secret_file_of, secret_of
from exporter.config.values import Secret
from exporter.system.file_watch import FileWatch


@dataclass(frozen=True, slots=True)
class Files:
    """What is in use of the files of one target."""

    headers: Mapping[str, FileWatch[Secret]]
    """By key of ``headers``, of those that are in files."""
    tls: Mapping[bool, FileWatch[TlsContext]]
    """What it needs: by whether it is for the target's own origin."""
    secret: FileWatch[Secret]
    """Of its ``auth``, also where that is in no file."""

    @property
    def every(self) -> Iterator[FileWatch[Any]]:
        """All of it."""
        yield from self.headers.values()
        yield from self.tls.values()
        yield self.secret

    def take(self, newer: "Files") -> None:
        """Take what was read of the same settings since, on the event loop."""
        for mine, theirs in zip(self.every, newer.every, strict=True):
            mine.take(theirs.seen)


def files_of(settings: ConnectionSettings) -> Files:
    """Read the files that a target names: not on the event loop, as their volume may hang.

    What is wrong with them is told where they are used.
    """
    named = {key: path for key, path in settings.headers.items() if isinstance(path, str)}
    return Files(
        {
            key: FileWatch((path,), partial(field_value_in, Path(path)))
            for key, path in named.items()
        },
        {home: watch_of(settings.tls, _handshake, home=home) for home in _needed(settings)},
        FileWatch((secret_file_of(settings.auth),), partial(secret_of, settings.auth)),
    )


def _needed(settings: ConnectionSettings) -> Iterable[bool]:
    """For which origins there are connections with TLS."""
    if settings.url.startswith("https:"):
        yield True
    if settings.follow_redirects or (settings.auth.token_url or "").startswith("https:"):
        yield False


def _handshake(peer: Peer) -> None:
    current.get().handshake(peer)
