"""Runs, skips and calls of any kind, as the client and the probe may make them."""

from typing import Any, Final

from hypothesis import strategies as st

from exporter.model.headers import Lifecycle, RateLimit
from exporter.model.observation import Call, Key, Phases, Run, Skip, Transport
from exporter.model.trace_context import TraceContext

KEYS: Final = st.sampled_from(
    [
        Key("lab", "monitoring", "monitoring.health"),
        Key("lab", "orchestrator", "orchestrator.intents.list"),
        Key("lab", "auth", "auth.login"),
    ]
)


def at_some_time() -> st.SearchStrategy[float]:
    return st.floats(0, 4e9)


def at_any_time() -> st.SearchStrategy[float | None]:
    """As an API may say it: also when no calendar has it."""
    return st.none() | st.floats(-1e300, 1e300) | at_some_time()


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


SECONDS: Final = st.floats(0, 1e6)
COUNTS: Final = st.integers(0, 2**53)
CALLS: Final = st.builds(
    Call,
    key=KEYS,
    at=at_some_time(),
    duration=SECONDS,
    phases=st.builds(Phases, **{name: some(SECONDS) for name in Phases.__struct_fields__}),
    reused=...,
    status=some(st.integers(100, 599)),
    fault=...,
    response_bytes=some(COUNTS),
    rate_limit=some(
        st.builds(RateLimit, limit=some(COUNTS), remaining=some(COUNTS), reset=at_any_time())
    ),
    certificate_expiry=at_any_time(),
    lifecycle=some(
        st.builds(
            Lifecycle,
            version=st.sampled_from((None, "1", "1.4", "1.4.2", "other")),
            deprecation=at_any_time(),
            sunset=at_any_time(),
            unparseable=...,
            relations=...,
        )
    ),
    path=...,
    context=some(
        st.builds(TraceContext, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), sampled=...)
    ),
    transport=some(st.builds(Transport, ip_protocol=..., http=..., tls=..., redirects=COUNTS)),
)
RUNS: Final = st.builds(
    Run,
    key=KEYS,
    at=at_some_time(),
    duration=SECONDS,
    reason=...,
    slow=...,
    lateness=some(SECONDS),
    deciding=some(CALLS),
    detail=...,
)
SKIPS: Final = st.builds(Skip, key=KEYS, at=at_some_time(), count=COUNTS)
