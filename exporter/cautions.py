"""What may be configured and yet is dangerous: told at the start and at each reload."""

import ipaddress
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.config import Loaded
from exporter.config.problems import Path as KeyPath
from exporter.config.schema import Target


class Caution(Struct, frozen=True):
    """One danger: of which target, what it is, and what to do."""

    target: str
    message: str


def cautions(loaded: Loaded) -> list[Caution]:
    """Look through a configuration for what is dangerous.

    Args:
        loaded: as read.

    Returns:
        The dangers, target by target.
    """
    return [
        Caution(target.name, message)
        for index, target in enumerate(loaded.config.targets)
        for look in _LOOKS
        for message in look(target, loaded, ("targets", index))
    ]


def is_plain(target: Target) -> bool:
    """Whether tokens would cross a network in the clear.

    Args:
        target: any.

    Returns:
        Whether its URL is plain HTTP to another machine.
    """
    url = urlsplit(target.url)
    if url.scheme == "https" or url.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(url.hostname or "").is_loopback
    except ValueError:
        return True


def _unverified(target: Target, loaded: Loaded, path: KeyPath) -> Iterator[str]:
    del loaded, path
    if target.tls.insecure_skip_verify:
        yield (
            "tls.insecure_skip_verify: anybody on the way can read and change everything; "
            "give a ca_file instead"
        )


def _plain(target: Target, loaded: Loaded, path: KeyPath) -> Iterator[str]:
    del loaded, path
    if is_plain(target):
        yield "url: plain http: password and token cross the network in the clear; use https"


def _literal(target: Target, loaded: Loaded, path: KeyPath) -> Iterator[str]:
    in_file = loaded.places.line((*path, "auth", "password")) is not None
    if target.auth.password is not None and in_file:
        yield "auth.password: the password stands in the configuration; use password_file"


def _readable(target: Target, loaded: Loaded, path: KeyPath) -> Iterator[str]:
    del loaded, path
    auth, tls = target.auth, target.tls
    files = {
        "auth.password_file": auth.password_file,
        "auth.token_file": auth.token_file,
        "auth.client_secret_file": auth.client_secret_file,
        "tls.key_file": tls.key_file,
    }
    for key, file in files.items():
        if file is not None and _open_to_others(Path(file)):
            yield f"{key}: others on this machine can read it; chmod o-r"


def _open_to_others(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


_Look: TypeAlias = Callable[[Target, Loaded, KeyPath], Iterator[str]]
_LOOKS: Final[tuple[_Look, ...]] = (_unverified, _plain, _literal, _readable)
