"""Families of the token that a target is probed with."""

from typing import Final, get_args

from exporter.metrics.families.row import TARGET, Family, Group
from exporter.model.observation import GrantKind

GRANTS: Final[tuple[GrantKind, ...]] = get_args(GrantKind)

GROUPS: Final = (
    Group(
        "Tokens",
        "Of targets whose `auth.type` is `login`, `oauth2` or `bearer`. What was not seen yet is "
        "absent, but for `valid`, which is 0 until there is a token, and `renewal_overdue`, which "
        "is 0 until one is missing for over a minute. Both are judged by the time that passed, so "
        "a step of the clock changes neither; the expiry is the time of day by which "
        "the token was to end when it came, for panels.",
        (
            Family(
                "oran_mano_token_valid",
                "gauge",
                TARGET,
                "1 while there is a token that should be accepted; at 0 the surfaces that need "
                "one are skipped for `no_token`.",
            ),
            Family(
                "oran_mano_token_renewal_overdue",
                "gauge",
                TARGET,
                "1 while a token that is needed should have been replaced over a minute ago and "
                "was not: the last part of its life has begun (5 minutes, a fifth of a short "
                "one), or there is none. By the time that passed, whatever the time of day is.",
            ),
            Family(
                "oran_mano_token_expiry_timestamp_seconds",
                "gauge",
                TARGET,
                "When the newest token ends, by our clock; absent where it does not tell, and "
                "where its file has none.",
            ),
            Family(
                "oran_mano_token_lifetime_seconds",
                "gauge",
                TARGET,
                "How long the newest token was good for when it came.",
            ),
            Family(
                "oran_mano_token_last_renewal_timestamp_seconds",
                "gauge",
                TARGET,
                "When the newest token came.",
            ),
            Family(
                "oran_mano_token_consecutive_renewal_failures",
                "gauge",
                TARGET,
                "Logins and refreshes that failed, and changes of its file that left none in it, "
                "since the last token came.",
            ),
            Family(
                "oran_mano_token_next_attempt_timestamp_seconds",
                "gauge",
                TARGET,
                "When the next login comes, only while it is put off: its secret was refused (15 "
                "minutes, unless it is another one then), the API asked to wait, or the last one "
                "failed. Also of `auth.type` `basic`, while its password is not sent.",
            ),
            Family(
                "oran_mano_token_renewals_total",
                "counter",
                (*TARGET, "grant"),
                "Attempts to get a token: by login, by refresh, or out of its file.",
                {"grant": GRANTS},
            ),
            Family(
                "oran_mano_token_renewal_failures_total",
                "counter",
                (*TARGET, "grant", "reason"),
                "Those that gave none, by reason; a series begins with the first one.",
                {"grant": GRANTS},
            ),
            Family(
                "oran_mano_token_rejections_total",
                "counter",
                TARGET,
                "Answers 401 to a token that should still be good: revoked, or not good there.",
            ),
            Family(
                "oran_mano_api_clock_skew_seconds",
                "gauge",
                TARGET,
                "By how much the server's clock was ahead of ours at the last renewal; tokens "
                "and dates go wrong from minutes on.",
            ),
        ),
    ),
)
