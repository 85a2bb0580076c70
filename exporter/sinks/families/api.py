"""Families of the API as a whole: every request on the wire, and the limits it announces."""

from typing import Final

from exporter.sinks.families.row import (
    COMPONENT,
    DURATIONS,
    METHODS,
    QUOTA,
    QUOTAS,
    TARGET,
    Family,
    Group,
)

GROUPS: Final = (
    Group(
        "Requests on the wire",
        "Every request that the exporter sends, whoever in it asked: probes, logins, pages.",
        (
            Family(
                "oran_mano_api_requests_total",
                "counter",
                ("target", "method", "endpoint", "status_code"),
                "Requests sent, by the status of the answer: 100 to 599, `error` when none came, "
                "`other` for what is no HTTP status; a series begins with the first one.",
                METHODS,
            ),
            Family(
                "oran_mano_api_request_duration_seconds",
                "histogram",
                ("target", "method", "endpoint"),
                "How long requests took, with or without an answer.",
                METHODS,
                buckets=DURATIONS,
            ),
            Family(
                "oran_mano_active_connections",
                "gauge",
                TARGET,
                "Requests to the target on the wire now, each on a connection of its own.",
            ),
            Family(
                "oran_mano_tls_certificate_expiry_timestamp_seconds",
                "gauge",
                COMPONENT,
                "When the server's certificate ends; known of an untrusted or expired one too.",
            ),
        ),
    ),
    Group(
        "Rate limits",
        "As the headers of the newest answer that had any told them, whatever was asked and "
        "whatever its status. They stay until the reset that they announced, and for three "
        "intervals at least; what that answer did not tell is absent. `credential` is whose "
        "quota it is: the `account` of the token that was sent, or `anonymous` without one.",
        (
            Family(
                "oran_mano_rate_limit_limit_requests",
                "gauge",
                QUOTA,
                "Requests that the server allows in a window, by its own word.",
                QUOTAS,
            ),
            Family(
                "oran_mano_rate_limit_remaining_requests",
                "gauge",
                QUOTA,
                "Requests left in the window when the server last told.",
                QUOTAS,
            ),
            Family(
                "oran_mano_rate_limit_reset_timestamp_seconds",
                "gauge",
                QUOTA,
                "When the window ends, by the server's word and clock.",
                QUOTAS,
            ),
            Family(
                "oran_mano_rate_limit_last_sample_timestamp_seconds",
                "gauge",
                QUOTA,
                "When the server last told: how old the three values above are.",
                QUOTAS,
            ),
            Family(
                "oran_mano_rate_limit_documented_requests",
                "gauge",
                QUOTA,
                "Requests that the documentation (or the configuration) promises in a window.",
                QUOTAS,
            ),
            Family(
                "oran_mano_rate_limit_throttled_responses_total",
                "counter",
                QUOTA,
                "Answers with status 429, whoever in the exporter asked.",
                QUOTAS,
            ),
        ),
    ),
)
