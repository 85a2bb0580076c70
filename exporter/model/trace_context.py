"""Where a run stands in a trace, decided before its first call (W3C Trace Context). Pure."""

import random
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from msgspec import Struct


class TraceContext(Struct, frozen=True, gc=False):
    """Where a call stands in a trace (W3C Trace Context): all calls of a run share its trace.

    ``sampled`` is decided before the call, and the API is told of it. ``parent`` is the span of
    somebody else who asked for the run.
    """

    trace_id: int
    span_id: int
    sampled: bool = False
    parent: int | None = None

    @property
    def traceparent(self) -> str:
        """The header's value (version 00)."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-0{self.sampled:d}"


Sampler: TypeAlias = Callable[[int, TraceContext | None], bool]
"""Whether a trace is to be exported, by its id and by who asked, if it was somebody with one."""

_ID_BITS: Final = 64
_TRACE_ID_BITS: Final = 128
_SAMPLED: Final = 1
_HEADER: Final = re.compile(
    r"[ \t]*([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?[ \t]*"
)
_FIRST_VERSION: Final = "00"
_NO_VERSION: Final = "ff"


def unsampled(trace_id: int, parent: TraceContext | None) -> bool:
    """Export nothing: only what others sample is said to be sampled."""
    del trace_id
    return parent is not None and parent.sampled


def by_ratio(ratio: float) -> Sampler:
    """Sample a share of all traces, by their ids, as OpenTelemetry's TraceIdRatioBased does.

    The ratio is from 0 to 1; who asked has decided already.
    """
    bound = round(ratio * 2**_ID_BITS)
    mask = 2**_ID_BITS - 1

    def sampled(trace_id: int, parent: TraceContext | None) -> bool:
        return trace_id & mask < bound if parent is None else parent.sampled

    return sampled


class Mint:
    """Makes the contexts of runs; ``bits`` gives a random number of so many bits."""

    def __init__(self, bits: Callable[[int], int] = random.getrandbits) -> None:
        """Begin with none sampled."""
        self._bits = bits
        self.sampler: Sampler = unsampled

    def begin(self, parent: TraceContext | None = None) -> TraceContext:
        """Begin a run, perhaps below the span of who asked; each call has its own span there."""
        trace_id = self._id(_TRACE_ID_BITS) if parent is None else parent.trace_id
        sampled = self.sampler(trace_id, parent)
        above = None if parent is None else parent.span_id
        return TraceContext(trace_id, self._id(_ID_BITS), sampled, above)

    def another(self, context: TraceContext) -> TraceContext:
        """Make the context of one call of the run."""
        span_id = self._id(_ID_BITS)
        return TraceContext(context.trace_id, span_id, context.sampled, context.parent)

    def _id(self, bits: int) -> int:
        """An id that is not 0, which would be none at all."""
        return self._bits(bits) or 1


def trace_context_of(traceparent: str) -> TraceContext | None:
    """Read the header; ``None`` where it is to be ignored: it is malformed, or an id is 0."""
    match = _HEADER.fullmatch(traceparent)
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == _NO_VERSION or (version == _FIRST_VERSION and more):
        return None
    context = TraceContext(int(trace_id, 16), int(span_id, 16), bool(int(flags, 16) & _SAMPLED))
    return context if context.trace_id and context.span_id else None
