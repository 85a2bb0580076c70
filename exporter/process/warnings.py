"""What may be configured and yet is dangerous: told at the start and at each reload."""

import ipaddress
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from exporter.client.no_proxy import spared_by, value_of, variable_of
from exporter.config import LoadedConfig
from exporter.config.auth_schemes import scheme_of
from exporter.config.files import NamedFile
from exporter.config.problems import Path as KeyPath
from exporter.config.quoting import shown, spelled
from exporter.config.schema import Target
from exporter.config.shapes import FILE_SUFFIX
from exporter.config.values import Secret


class ConfigWarning(Struct, frozen=True):
    """One danger: of which target, if of one, what it is, and what to do."""

    target: str | None
    message: str


def cautions(loaded: LoadedConfig) -> list[ConfigWarning]:
    """Look through a configuration for what is dangerous, target by target."""
    readable = _readable(loaded.files)
    found: list[ConfigWarning] = []
    for index, target in enumerate(loaded.config.targets):
        path = ("targets", index)
        looks = (_unverified(target), _plain(target), _versionless(target))
        told = chain(*looks, _literal(target, loaded, path), readable.get(path, ()))
        found += (ConfigWarning(target.name, message) for message in told)
    return found


def cautions_of(environ: Mapping[str, str]) -> list[ConfigWarning]:
    """Look through the environment for what does not mean what it should.

    That is what in ``NO_PROXY`` spares nothing, so that a proxy is told what was to stay at home.
    """
    variable = variable_of("no", environ)
    if variable is None or not (value_of("http", environ) or value_of("https", environ)):
        return []
    impossible = spared_by(value_of("no", environ)).impossible
    return [
        ConfigWarning(None, f"{variable}: {shown(entry)} can spare nothing; allowed: {_SPARING}")
        for entry in impossible[:_MOST_ENTRIES]
    ]


def is_plain(url: str) -> bool:
    """Whether what is sent there would cross a network as plain HTTP."""
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return False
    try:
        return not ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return True


def _unverified(target: Target) -> Iterator[str]:
    if target.tls.insecure_skip_verify:
        yield f"tls.insecure_skip_verify: {_ANYBODY}; give a ca_file instead"


def _plain(target: Target) -> Iterator[str]:
    if is_plain(target.url):
        sent = [*scheme_of(target.auth).sends, *(["headers"] if target.headers else [])]
        also = f", {' and '.join(sent)} too" if sent else ""
        yield f"url: plain http: {_ANYBODY}{also}; use https"
    if target.auth.token_url is not None and is_plain(target.auth.token_url):
        yield f"auth.token_url: plain http: {_ANYBODY}, client secret and token too; use https"


def _versionless(target: Target) -> Iterator[str]:
    """The guide's base URLs end in the version; without it every surface would be a 404."""
    if not any(map(_VERSION.fullmatch, urlsplit(target.url).path.split("/"))):
        likely = shown(f"{target.url.rstrip('/')}/{_LIKELY}")
        yield f"url: has no version in its path; the API is likely at {likely}"


def _literal(target: Target, loaded: LoadedConfig, path: KeyPath) -> Iterator[str]:
    """Secrets that stand in the configuration's file itself, and who can read them there."""
    for key, instead in _literals(target):
        if loaded.places.line((*path, *key)) is not None:
            others = _open_to_others(Path(loaded.source))
            who = ", which others on this machine can read" if others else ""
            yield f"{spelled(key)}: a secret stands in the configuration{who}; use {instead}"


def _literals(target: Target) -> Iterator[tuple[KeyPath, str]]:
    if target.auth.password is not None:
        yield ("auth", "password"), "password_file"
    if "@" in urlsplit(target.proxy_url.reveal()).netloc:
        yield ("proxy_url",), "HTTP_PROXY or HTTPS_PROXY of the environment"
    for name, value in target.headers.items():
        if isinstance(value, Secret) and _SECRET_NAME.search(name):
            yield ("headers", name), f"{name}{FILE_SUFFIX}"


def _readable(files: Iterable[NamedFile]) -> Mapping[KeyPath, Sequence[str]]:
    """By the path of a target, what is told of its files with a secret that others can read."""
    told: dict[KeyPath, list[str]] = {}
    for named in files:
        if named.kind.secret and _open_to_others(named.file):
            message = f"{spelled(named.path[2:])}: others on this machine can read it; chmod o-r"
            told.setdefault(named.path[:2], []).append(message)
    return told


def _open_to_others(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


_ANYBODY: Final = "anybody on the way can read and change everything"
_VERSION: Final = re.compile(r"v[0-9]+[0-9a-z.]*", re.IGNORECASE)
_LIKELY: Final = "v1"
"""The only version that the guide names (chapter "Base URL")."""
_MOST_ENTRIES: Final = 10
_SPARING: Final = (
    "a name (also .NAME or *.NAME), an address or [ADDRESS], each also with :PORT, "
    "a network such as 10.0.0.0/8, or *"
)
_SECRET_NAME: Final = re.compile("auth|token|key|secret|password|cookie", re.IGNORECASE)
"""What the name of a header has in it where its value is no mere setting."""
