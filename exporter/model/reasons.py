"""Why runs fail, and why they do not happen: two closed sets, labels of metrics."""

from typing import Literal, TypeAlias

Reason: TypeAlias = Literal[
    "dns",
    "connect_refused",
    "connect_timeout",
    "tls_handshake",
    "tls_verify",
    "tls_expired",
    "reset",
    "read_timeout",
    "protocol",
    "redirect",
    "too_large",
    "http_4xx",
    "not_found",
    "auth_rejected",
    "forbidden",
    "conflict",
    "validation",
    "throttled",
    "http_5xx",
    "body_invalid",
    "schema_mismatch",
    "check_failed",
    "slow",
    "unhealthy",
    "internal",
]
"""Why a run failed."""

SkipReason: TypeAlias = Literal[
    "budget",
    "retry_after",
    "circuit_open",
    "overrun",
    "misfire",
    "no_resource",
    "no_token",
    "not_leader",
    "shutdown",
]
"""Why a run did not happen."""
