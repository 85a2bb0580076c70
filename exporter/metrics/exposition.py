"""The formats of what is scraped: the library's, chosen by its negotiation, perhaps compressed."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol, TypeAlias

from msgspec import Struct
from prometheus_client import CollectorRegistry, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

Encoder: TypeAlias = Callable[[Collector], bytes]

_GZIP_LEVEL: Final = 1
"""A seventh of the CPU of level 9 for a fifth more bytes, on the loop that also times probes."""
_GZIP_FORMAT: Final = 31
"""The window of deflate, and gzip's head and tail around it, without a time in them."""
_OPENMETRICS: Final = "application/openmetrics-text"
_END: Final = "# EOF\n"
_RENAMING: Final = ("escaping=dots", "escaping=values")


class Format(Struct, frozen=True):
    """How a page is written: by its Content-Type, and whether it is compressed."""

    content_type: str
    gzip: bool

    @property
    def openmetrics(self) -> bool:
        """Whether there are units and exemplars, and an end."""
        return self.content_type.startswith(_OPENMETRICS)

    @property
    def renames(self) -> bool:
        """Whether names are written otherwise than they are, though none of ours needs it."""
        return self.content_type.endswith(_RENAMING)

    @property
    def encode(self) -> Encoder:
        """What the library writes it with."""
        return choose_encoder(self.content_type)[0]

    @property
    def headers(self) -> dict[str, str]:
        """The headers of an answer that describe it."""
        headers = {"Content-Type": self.content_type, "Vary": "Accept, Accept-Encoding"}
        return {**headers, "Content-Encoding": "gzip"} if self.gzip else headers

    def head(self, family: Metric) -> str:
        """What stands before the lines of a family, which is given without samples."""
        return self.encode(_One(family)).decode().removesuffix(_END)

    def packer(self, gzip: "Gzip") -> "Packer":
        """What makes bytes of the text, some at a time."""
        return gzip() if self.gzip else _Plain()


class _One(Collector):
    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterable[Metric]:
        return [self._family]


class Packer(Protocol):
    """A compressor, as zlib has it."""

    def compress(self, data: bytes, /) -> bytes:
        """Take some more, and give what is ready."""

    def flush(self) -> bytes:
        """Give the rest."""


Gzip: TypeAlias = Callable[[], Packer]
"""Makes a packer that compresses."""


def zlib_gzip() -> Packer:
    """Python's own; see ``isal_gzip``."""
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)


def isal_gzip() -> Packer:
    """That of the extra ``speed``: a fifth of the CPU for a few more bytes."""
    from isal import isal_zlib  # noqa: PLC0415  # an extra

    packer: Packer = isal_zlib.compressobj(_GZIP_LEVEL, isal_zlib.DEFLATED, _GZIP_FORMAT)
    return packer


class _Plain:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def negotiated(accept: str = "", accept_encoding: str = "") -> Format:
    """The format that is wanted; arguments are a request's headers, empty where there are none."""
    try:
        _, content_type = choose_encoder(accept)
    except TypeError:
        # The library compares a version such as "1.x" as it is: text with numbers.
        _, content_type = choose_encoder("")
    return Format(content_type, _accepts_gzip(accept_encoding))


def render(
    registry: CollectorRegistry, accept: str = "", accept_encoding: str = ""
) -> tuple[bytes, dict[str, str]]:
    """The exposition of a small registry as it is now: its body, and the headers that describe it.

    ``accept`` and ``accept_encoding`` are the request's headers, empty where there are none.
    """
    form = negotiated(accept, accept_encoding)
    packer = form.packer(zlib_gzip)
    return packer.compress(form.encode(registry)) + packer.flush(), form.headers


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
