"""Variables of the environment that libraries act upon as they are imported, and we must not have.

``PROMETHEUS_MULTIPROC_DIR`` is inherited from an application of several processes:
prometheus-client then keeps its values in files, which outlive a restart. ``SSLKEYLOGFILE`` makes
each default TLS context write to that file, and ``import aiohttp`` fail where that cannot be done.
Others they shall find while they are imported, and only then.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from exporter.config.quoting import escaped

_KEY_LOG: Final = "SSLKEYLOGFILE"
_SEVERAL_PROCESSES: Final = ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir")

_WHILE_IMPORTED: Final = {
    # aiohttp makes two TLS contexts as it is imported, each with all authorities of the system:
    # 2 MiB and a tenth of the start for what is never used, as each connection is given its own.
    "SSL_CERT_FILE": os.devnull,
    "SSL_CERT_DIR": os.devnull,
    # Lists of signals in C are no faster for the few there are, and take libstdc++ along: 1 MiB.
    "FROZENLIST_NO_EXTENSIONS": "1",
}


class UnwantedVariables(NamedTuple):
    """Which variables have to go, and what their user should know: a line each."""

    unwanted: tuple[str, ...]
    lines: tuple[str, ...]


def looked_at(
    environ: Mapping[str, str], why_not: Callable[[str], str | None]
) -> UnwantedVariables:
    """Decide what to do; ``why_not`` tells why a file cannot be written, ``None`` if it can be."""
    unwanted = [name for name in _SEVERAL_PROCESSES if name in environ]
    lines = [
        f"{name} is ignored: this is one process, whose counters begin anew with it"
        for name in unwanted
    ]
    if file := environ.get(_KEY_LOG):
        reason = why_not(file)
        if reason is None:
            told = f"keys of TLS connections may be written to {_shown(file)}, and who has them"
            lines.append(f"{_KEY_LOG} is set: {told} can read what was sent; unset it")
        else:
            unwanted.append(_KEY_LOG)
            lines.append(f"{_KEY_LOG} is ignored: {_shown(file)} {reason}")
    return UnwantedVariables(tuple(unwanted), tuple(lines))


def tidy(environ: MutableMapping[str, str]) -> tuple[str, ...]:
    """Remove them, before any of those libraries is imported.

    What their user should know is given, a line each.
    """
    found = looked_at(environ, _why_not)
    for name in found.unwanted:
        del environ[name]
    return found.lines


@contextmanager
def sparing(environ: MutableMapping[str, str]) -> Iterator[None]:
    """Let libraries that are imported meanwhile make nothing that is never used.

    To be used before there are threads: what they read of these variables would be wrong.
    """
    before = {name: environ[name] for name in _WHILE_IMPORTED if name in environ}
    environ.update(_WHILE_IMPORTED)
    try:
        yield
    finally:
        for name in _WHILE_IMPORTED.keys() - before.keys():
            del environ[name]
        environ.update(before)


def _why_not(file: str) -> str | None:
    """Open it as OpenSSL will, but for waiting: a pipe there would hold up each connection."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        mode = Path(file).stat().st_mode if Path(file).exists() else stat.S_IFREG
        if not (stat.S_ISREG(mode) or stat.S_ISCHR(mode)):
            return "is not a regular file"
        os.close(os.open(file, flags, 0o600))
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    except ValueError:
        return "is not the path of a file"
    return None


def _shown(file: str) -> str:
    return f'"{escaped(file)}"'
