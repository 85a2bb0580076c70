"""Whether the certificates for the collector can be used: gRPC ends the process where not."""

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from exporter.config.problems import Problem
from exporter.system.regular_files import fixed, unreadable_because

_FAMILIES: Final = ("OTEL_EXPORTER_OTLP_TRACES_", "OTEL_EXPORTER_OTLP_")


def file_problems(given: Mapping[str, str], *, key_apart: bool) -> Iterator[Problem]:
    """Try the files that variables name, and tell what is wrong, a problem for each variable.

    ``key_apart`` is whether the key has to be in a file of its own.
    """
    for family in _FAMILIES:
        authorities, chain, key = (
            f"{family}{suffix}" for suffix in ("CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY")
        )
        if authorities in given:
            yield from _tried(authorities, given[authorities])
        if key in given and chain not in given:
            yield Problem((key,), f"needs {chain} besides", key)
        elif chain in given and key not in given and key_apart:
            yield Problem((chain,), f"needs {key} besides", chain)
        elif chain in given:
            yield from _tried(chain, given[chain], given.get(key), own=True)


def _tried(name: str, file: str, key: str | None = None, *, own: bool = False) -> Iterator[Problem]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        with fixed(Path(file)) as held, fixed(Path(key or file)) as held_key:
            if own:
                context.load_cert_chain(held, held_key, password=lambda: "")
            else:
                context.load_verify_locations(held)
    except ssl.SSLError as error:
        reason = error.reason or "no PEM"
        message = f"no certificate or key that can be used ({reason}); allowed: PEM, no passphrase"
        yield Problem((name,), message, name)
    except OSError as error:
        yield Problem((name,), f"the file {unreadable_because(error)}", name)
