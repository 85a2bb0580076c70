"""Whether probes run when they are due, with what they need."""

from typing import Final

from tools.dashboards.pages import REASONS, Page, from_series, runbook
from tools.dashboards.panels import About, buckets, events, lines, timeline
from tools.dashboards.queries import (
    ABSENT,
    BANDS,
    COMPONENT,
    EACH,
    JOB,
    OWN,
    TARGET,
    Query,
    a_minute,
    called,
    highest,
    own,
    per,
    quantile,
)

PART: Final = per("target", "component")

SKIPPED: Final = a_minute("oran_mano_probe_skipped_total", per("target", "component", "reason"))

PUNCTUAL: Final = (
    buckets(
        About(
            "How late do runs begin?",
            "Against the instant planned. Normal: a dark band of milliseconds. A band that climbs "
            "means that the exporter is short of CPU.",
            "s",
            empty=ABSENT,
            size=(12, 8),
            more=(runbook("ExporterSlow"),),
        ),
        Query(
            f"sum by (le) (rate({own('schedule_lateness_seconds_bucket')}[$__rate_interval]))",
            "{{le}}",
            exemplar=True,
        ),
    ),
    lines(
        About(
            "How late does its event loop wake up (99 %)?",
            "Normal: milliseconds. Above the line, ExporterSlow fires: durations are measured too "
            "long. Give it CPU, or fewer targets.",
            "s",
            empty=ABSENT,
            size=(12, 8),
            more=(runbook("ExporterSlow"),),
            steps=((None, "green"), (0.1, "red")),
        ),
        Query(quantile(0.99, f"{OWN}event_loop_lag_seconds", JOB), called("job"), exemplar=True),
    ),
    events(
        About(
            "How many durations are suspect?",
            "Runs in a minute that began over 10 ms late by our own doing. Normal: next to none. "
            "Do not trust latencies while there are many.",
            "suffix: runs/min",
            empty=ABSENT,
            size=(24, 7),
            links=(from_series(Page.LATENCY, "target"),),
            more=(runbook("ExporterSlow"),),
        ),
        Query(
            highest(a_minute("oran_mano_probe_delayed_total", PART)),
            called("target", "component"),
        ),
    ),
)

COMPLETE: Final = (
    events(
        About(
            "Why do due runs not happen?",
            "Skipped runs in a minute, by reason. Normal: few; `no_resource` where there is "
            "nothing to ask for, `not_leader` where another replica asks. `circuit_open` is the "
            f"API's fault. {REASONS}",
            "suffix: runs/min",
            empty="no skip is known in this time",
            size=(24, 7),
            links=(from_series(Page.ON_CALL, "target", "component"),),
            more=(runbook("RunsSkipped"),),
        ),
        Query(
            highest(f"{SKIPPED} > 0"),
            f"{called('target', 'component')}: {{{{reason}}}}",
        ),
    ),
    lines(
        About(
            "How many runs were due, and how many took place?",
            "Per second, of each exporter. Normal: both the same, and level. Nothing due at all: "
            "the schedule stands still.",
            "suffix: runs/s",
            empty=ABSENT,
            size=(24, 7),
            more=(runbook("ProbesNotRunning"),),
        ),
        *(
            Query(
                f"sum by ({JOB}) "
                f"(rate(oran_mano_probe_{counter}_total{{{COMPONENT}}}[$__rate_interval]))",
                f"{word}: {called('job')}",
            )
            for counter, word in (("scheduled", "due"), ("runs", "took place"))
        ),
    ),
)

TOKENS: Final = (
    lines(
        About(
            "How long are tokens good?",
            "Time to the end of each target's token, by the clock. Normal: a saw that never "
            "touches 0. On the ground, the surfaces that need a token are not watched.",
            "s",
            empty="no target has a token that ends",
            size=(12, 8),
            more=(runbook("TokenNotRenewed"),),
        ),
        Query(
            f"max by ({EACH}) (oran_mano_token_expiry_timestamp_seconds{{{TARGET}}}) - time()",
            called("target"),
        ),
    ),
    timeline(
        About(
            "Was a renewal overdue?",
            "Red: a token that is needed should have been replaced over a minute ago, or there is "
            "none. Judged by the time that passed, so that no step of the clock shows here. "
            "Normal: never red. Of many targets, those that were longest.",
            "none",
            empty="no target is probed with a token",
            size=(12, 8),
            more=(runbook("TokenNotRenewed"),),
        ),
        Query(
            f"max by ({EACH}) (oran_mano_token_renewal_overdue{{{TARGET}}})\n"
            f"and on ({EACH})\n"
            f"topk({BANDS}, max by ({EACH}) "
            f"(avg_over_time(oran_mano_token_renewal_overdue{{{TARGET}}}[$__range] @ end())))",
            called("target"),
        ),
        states={0: ("in time", "green"), 1: ("overdue", "red")},
    ),
    lines(
        About(
            "When is a login tried again?",
            "Time until then, where it is put off: its secret was refused, the API asked to wait, "
            "or the last one failed. Normal: nothing. After 15 minutes a refused secret is tried "
            "again; a changed one, or a reload by hand, is tried at once.",
            "s",
            empty="no login is put off",
            size=(12, 8),
            more=(runbook("AuthenticationFailing"),),
        ),
        Query(
            f"max by ({EACH}) "
            f"(oran_mano_token_next_attempt_timestamp_seconds{{{TARGET}}}) - time()",
            called("target"),
        ),
    ),
    lines(
        About(
            "Do the clocks agree?",
            "By how much the server's clock was ahead of ours at the last renewal. Normal: about "
            "0. From minutes on tokens and dates go wrong: see to NTP on both sides.",
            "s",
            empty="no token was fetched yet",
            size=(12, 8),
            more=(runbook("AuthenticationFailing"),),
            steps=((None, "green"), (60, "red")),
        ),
        Query(
            f"max by ({EACH}) (abs(oran_mano_api_clock_skew_seconds{{{TARGET}}}))", called("target")
        ),
    ),
    events(
        About(
            "Does renewing them fail?",
            "Logins and refreshes in a minute that gave no token, by reason, and answers 401 to a "
            f"token that should still be good. Normal: none. {REASONS}",
            "suffix: times/min",
            empty="no failed renewal is known",
            size=(24, 7),
            more=(runbook("AuthenticationFailing"), runbook("TokenRefreshRefused")),
        ),
        Query(
            highest(
                a_minute(
                    "oran_mano_token_renewal_failures_total",
                    per("target", "grant", "reason"),
                    TARGET,
                )
            ),
            f"{called('target', 'grant')}: {{{{reason}}}}",
        ),
        Query(
            a_minute("oran_mano_token_rejections_total", EACH, TARGET), f"{called('target')}: 401"
        ),
    ),
)
