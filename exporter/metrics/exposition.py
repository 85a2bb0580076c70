"""The page that Prometheus scrapes: the library's formats, chosen by its negotiation."""

import gzip
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

Renderer: TypeAlias = Callable[[Collector], bytes]

_GZIP_LEVEL: Final = 1
"""A seventh of the CPU of level 9 for a fifth more bytes, on the loop that also times probes."""


def render(
    registry: CollectorRegistry, accept: str = "", accept_encoding: str = ""
) -> tuple[bytes, dict[str, str]]:
    """The exposition of a registry as it is now: its body, and the headers that describe it.

    ``accept`` and ``accept_encoding`` are the request's headers, empty where there are none.
    """
    renderer, content_type = _negotiated(accept)
    body = renderer(registry)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if _accepts_gzip(accept_encoding):
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return body, headers


def _negotiated(accept: str) -> tuple[Renderer, str]:
    try:
        return choose_encoder(accept)
    except TypeError:
        # The library compares a version such as "1.x" as it is: text with numbers.
        return choose_encoder("")


def _accepts_gzip(accept_encoding: str) -> bool:
    """Whether gzip is named with a weight above 0, or not named where anything is accepted."""
    weights = dict(_weights(accept_encoding))
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weights(accept_encoding: str) -> Iterator[tuple[str, float]]:
    for element in accept_encoding.lower().split(","):
        coding, *parameters = (part.strip() for part in element.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _number(value.strip())
        yield coding, weight


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # what cannot be read is not asked for
