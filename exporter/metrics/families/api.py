"""Families of the API as a whole: every request on the wire, and the limits it announces."""

from typing import Final

from exporter.metrics.families.row import (
    COMPONENT,
    DURATIONS,
    KINDS,
    LIFECYCLE_PROBLEMS,
    METHODS,
    ODDITIES,
    QUOTA,
    QUOTAS,
    TARGET,
    Family,
    Group,
)

GROUPS: Final = (
    Group(
        "Health of the API",
        "The guide's health check, computed from what the probes saw: see [health](health.md).",
        (
            Family(
                "oran_mano_target_healthy",
                "gauge",
                TARGET,
                "1 while nothing of authentication, health, intents, VNFs and agents is "
                "unhealthy, 0 while something is; absent while nothing of them is known. A surface "
                "that was not asked for two intervals (a minute at least) is not known.",
            ),
        ),
    ),
    Group(
        "What answers hold",
        "What of the bodies is not as it should be, and costs no run.",
        (
            Family(
                "oran_mano_resources_unfollowed",
                "gauge",
                ("target", "kind"),
                "Of what lists named last, how many are not asked for: they are more than "
                "`resources.max`, or have no id that can stand in a path and stay there (`../x`, "
                "`%2F`). What `resources.include` leaves out is not counted; absent before the "
                "list was read.",
                {"kind": KINDS},
            ),
            Family(
                "oran_mano_body_oddities_total",
                "counter",
                (*COMPONENT, "kind"),
                "Answers that had to be read tolerantly, by what is odd in their JSON: `text` "
                "(half an emoji, bytes that are no UTF-8, control characters), `number` (`NaN`, "
                "`Infinity`, `1e400`), `encoding` (a byte-order mark, UTF-16).",
                {"kind": ODDITIES},
            ),
        ),
    ),
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
        "intervals at least; what that answer did not tell is absent, and a quota of anything else "
        "than requests is left out. `credential` is whose "
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
                "When the window ends, by the server's word; moved to this clock where the "
                "server's is off by more than 5 s.",
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
    Group(
        "The API's life cycle",
        "As headers tell it: `API-Version`; `API-Deprecation-Date`, or else `Deprecation` "
        "(RFC 9745); `API-Sunset-Date`, or else `Sunset` (RFC 8594). Each surface's last word "
        "counts: a good answer with any of these headers replaces all that its surface said, one "
        "without them says nothing. So what a server stops to send stays as long as its surface "
        "is planned at the same URL and says nothing new. An answer with another status (a "
        "gateway's 503, the 410 of what was withdrawn) adds to that until the next good answer. "
        "Nothing is here before one of the headers was seen; then a component has all six "
        "problems, as 0 or 1.\n\n"
        "A component has the problems of all its surfaces:\n\n"
        "- `unparseable`: a date was sent that is none;\n"
        "- `sunset_before_deprecation`: the dates contradict each other;\n"
        "- `notice_below_policy`: from deprecation to sunset are less than 180 days, the guide's "
        "6 months; not judged where one of the dates is missing;\n"
        "- `sunset_moved_earlier`: the sunset is before the latest one that good answers ever "
        "announced: since the exporter started, or with `state.journal` before that too. A date "
        "more than 30 years away is no announcement. It ends when that date is announced again, "
        "or passed, or the sunset is no longer announced, or somebody resets it "
        "([ApiSunsetNear](runbooks/ApiSunsetNear.md));\n"
        "- `withdrawn`: the sunset has passed; the API may end any moment;\n"
        "- `version_mismatch`: `API-Version` has another major number than the `/v1` in the "
        "target's URL; not judged where one of the two is missing or no number.",
        (
            Family(
                "oran_mano_api_version_info",
                "gauge",
                (*COMPONENT, "api_version"),
                "1, with the version that the newest answer with one told; `other` for what is "
                "not one to three numbers.",
            ),
            Family(
                "oran_mano_api_deprecation_timestamp_seconds",
                "gauge",
                COMPONENT,
                "When the API was or will be deprecated: the earliest date of the component's "
                "surfaces.",
            ),
            Family(
                "oran_mano_api_sunset_timestamp_seconds",
                "gauge",
                COMPONENT,
                "When the API ends: the earliest date of the component's surfaces.",
            ),
            Family(
                "oran_mano_api_lifecycle_problem",
                "gauge",
                (*COMPONENT, "reason"),
                "1 for what is wrong now with version and dates, 0 for what is not.",
                {"reason": LIFECYCLE_PROBLEMS},
            ),
        ),
    ),
)
