"""The place of a run in a trace, as W3C Trace Context and OpenTelemetry have it."""

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.model.trace_context import Mint, TraceContext, by_ratio, trace_context_of

PARENT: Final = TraceContext(0x4BF92F3577B34DA6A3CE929D0E0E4736, 0x00F067AA0BA902B7, sampled=True)
TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN: Final = "00f067aa0ba902b7"

contexts = st.builds(
    TraceContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans()
)


@given(contexts)
def test_what_is_written_is_read_again(context: TraceContext) -> None:
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", context.traceparent)
    assert trace_context_of(context.traceparent) == context


@pytest.mark.parametrize(
    ("header", "read"),
    [
        (f"00-{TRACE}-{SPAN}-01", PARENT),
        (f" 00-{TRACE}-{SPAN}-01 ", PARENT),
        (f"00-{TRACE}-{SPAN}-ff", PARENT),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be", PARENT),
        (f"ff-{TRACE}-{SPAN}-01", None),
        (f"00-{TRACE}-{SPAN}-01-more", None),
        (f"00-{TRACE.upper()}-{SPAN}-01", None),
        (f"00-{'0' * 32}-{SPAN}-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE}-{SPAN}", None),
        ("", None),
    ],
)
def test_a_header_is_read_or_ignored(header: str, read: TraceContext | None) -> None:
    assert trace_context_of(header) == read


def test_calls_of_a_run_share_its_trace() -> None:
    mint = Mint()
    first = mint.begin()
    second = mint.another(first)
    assert second.trace_id == first.trace_id
    assert second.span_id != first.span_id
    assert (second.sampled, second.parent) == (first.sampled, first.parent)


def test_an_id_is_never_zero() -> None:
    zero = Mint(lambda _: 0).begin()
    assert (zero.trace_id, zero.span_id) == (1, 1)


@pytest.mark.parametrize("sampled", [True, False])
def test_who_asks_has_decided(sampled: bool) -> None:  # noqa: FBT001
    mint = Mint()
    for sampler in (mint.sampler, by_ratio(0.0), by_ratio(1.0)):
        mint.sampler = sampler
        asked = TraceContext(7, 8, sampled)
        made = mint.begin(asked)
        assert (made.trace_id, made.parent, made.sampled) == (7, 8, sampled)


@pytest.mark.parametrize(
    ("ratio", "low", "high"), [(0.0, 0, 0), (0.25, 850, 1150), (1.0, 4000, 4000)]
)
def test_the_ratio_is_kept(ratio: float, low: int, high: int) -> None:
    mint = Mint()
    mint.sampler = by_ratio(ratio)
    assert low <= sum(mint.begin().sampled for _ in range(4000)) <= high
