"""What goes over the wire and what comes back, as data: no I/O here, and no aiohttp."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.model.observation import Phases, Transport
from exporter.model.reasons import Reason

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]

MAX_BODY: Final = 4 * 1024 * 1024
"""The most bytes of a body, whoever asks."""
MAX_JSON: Final = 1024 * 1024
"""The most of one that is to be decoded: what it may hold takes 20 ms and 50 times the memory."""
MAX_PROBLEM: Final = 64 * 1024
"""The most of one that says what is wrong: what is larger is a page, or does harm."""
MAX_LINE: Final = 64 * 1024
"""The most bytes of one header, or of the status line."""
MAX_HEADERS: Final = 128
"""The most headers of an answer."""


class Request(Struct, frozen=True, gc=False):
    """One request, ready to be sent.

    ``path`` is appended to the target's base URL, or is a whole URL, and is percent-encoded
    already. ``timeout`` bounds all of it, in seconds, from the moment of sending; it is what is
    left of ``total``, or that itself. ``essential`` requests have connections that no others use.
    ``traceparent`` is sent along where it is not empty. A ``fresh`` one is to have a new
    connection, so that all phases of it are seen. Of the answer's body no more than ``largest``
    bytes are taken, ``MAX_BODY`` at most.
    """

    method: Method
    path: str
    headers: Mapping[str, str]
    timeout: float
    body: bytes | None = None
    essential: bool = False
    traceparent: str = ""
    fresh: bool = False
    largest: int = MAX_JSON
    total: float | None = None

    def __repr__(self) -> str:
        """Never the headers or the body, which carry secrets."""
        return f"Request({self.method} {self.path})"

    @property
    def may_reuse(self) -> bool:
        """Whether a kept connection may carry it.

        Not what is not idempotent: a POST on a connection that the server just closed would look
        like a failure of the API (RFC 9110, section 9.2.2).
        """
        return self.method != "POST" and not self.fresh


class Timing(Struct, frozen=True, gc=False):
    """When and how long, whatever came of it.

    ``started`` is on the event loop's clock and ``at`` (the end) in Unix time; ``duration`` is in
    seconds; ``certificate_expiry`` is a Unix time, known of an untrusted chain too. ``lag`` is the
    most by which our own event loop may have falsified the duration, in seconds.
    """

    at: float
    started: float
    duration: float
    phases: Phases
    reused: bool | None = None
    certificate_expiry: float | None = None
    transport: Transport | None = None
    lag: float = 0.0


class Exchange(Struct, frozen=True, gc=False):
    """An answer came. ``headers`` look up names in any case.

    Its ``body`` was read to its end, unless the status tells of an error, and a body of more than
    ``MAX_PROBLEM`` of nothing else: then it is not ``whole``. ``known`` unless one of its content
    codings is not, which was left as it is.
    """

    timing: Timing
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool = True
    known: bool = True

    @property
    def response_bytes(self) -> int | None:
        """The size of the body, decompressed; ``None`` where not all of it was read."""
        return len(self.body) if self.whole else None


class Fault(Struct, frozen=True, gc=False):
    """No whole answer came. ``status`` and ``headers`` are there if the head of one did."""

    timing: Timing
    reason: Reason
    detail: str
    """A few words of ours, never the server's."""
    status: int | None = None
    headers: Mapping[str, str] = {}
    response_bytes: int | None = None


Send: TypeAlias = Callable[[Request], Awaitable[Exchange | Fault]]
"""Sends a request; what a server or the network does comes back as data."""
