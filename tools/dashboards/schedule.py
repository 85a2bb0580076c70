"""Whether probes run when they are due, with what they need."""

from typing import Final

from tools.dashboards.pages import REASONS, Page, from_series, runbook
from tools.dashboards.panels import About, buckets, events, lines, timeline
from tools.dashboards.queries import ABSENT, COMPONENT, TARGET, Query, increase, own, quantile

PUNCTUAL: Final = (
    buckets(
        About(
            "How late do runs begin?",
            "Against the instant planned. Normal: a dark band of milliseconds. A band that climbs "
            "means that the exporter is short of CPU.",
            "s",
            empty=ABSENT,
            more=(runbook("ExporterSlow"),),
        ),
        Query(
            f"sum by (le) (increase({own('schedule_lateness_seconds_bucket')}[$__rate_interval]))",
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
            more=(runbook("ExporterSlow"),),
            steps=((None, "green"), (0.1, "red")),
        ),
        Query(quantile(0.99, own("event_loop_lag_seconds"), "job"), "{{job}}", exemplar=True),
    ),
    events(
        About(
            "How many durations are suspect?",
            "Runs that began over 10 ms late by our own doing. Normal: next to none. Do not trust "
            "latencies while there are many.",
            "suffix: runs",
            empty=ABSENT,
            links=(from_series(Page.LATENCY, "target"),),
            more=(runbook("ExporterSlow"),),
        ),
        Query(
            increase("oran_mano_probe_delayed_total", "target, component"),
            "{{target}} {{component}}",
        ),
    ),
)

COMPLETE: Final = (
    events(
        About(
            "Why do due runs not happen?",
            "Skipped runs by reason. Normal: few; `no_resource` where there is nothing to ask for, "
            "`not_leader` where another replica asks. `circuit_open` is the API's fault. "
            f"{REASONS}",
            "suffix: runs",
            empty="no skip is known in this time",
            size=(12, 8),
            links=(from_series(Page.ON_CALL, "target", "component"),),
            more=(runbook("RunsSkipped"),),
        ),
        Query(
            f"{increase('oran_mano_probe_skipped_total', 'target, component, reason')} > 0",
            "{{target}} {{component}}: {{reason}}",
        ),
    ),
    lines(
        About(
            "How many runs were due, and how many took place?",
            "Per second. Normal: both the same, and level. Nothing due at all: the schedule "
            "stands still.",
            "suffix: runs/s",
            empty=ABSENT,
            size=(12, 8),
            more=(runbook("ProbesNotRunning"),),
        ),
        *(
            Query(
                "sum by (target) "
                f"(rate(oran_mano_probe_{counter}_total{{{COMPONENT}}}[$__rate_interval]))",
                f"{word}: {{{{target}}}}",
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
            size=(8, 8),
            more=(runbook("TokenNotRenewed"),),
        ),
        Query(
            f"max by (target) (oran_mano_token_expiry_timestamp_seconds{{{TARGET}}}) - time()",
            "{{target}}",
        ),
    ),
    timeline(
        About(
            "Was a renewal overdue?",
            "Red: a token that is needed should have been replaced over a minute ago, or there is "
            "none. Judged by the time that passed, so that no step of the clock shows here. "
            "Normal: never red.",
            "none",
            empty="no target is probed with a token",
            size=(8, 8),
            more=(runbook("TokenNotRenewed"),),
        ),
        Query(
            f"max by (target) (oran_mano_token_renewal_overdue{{{TARGET}}})",
            "{{target}}",
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
            size=(8, 8),
            more=(runbook("AuthenticationFailing"),),
        ),
        Query(
            "max by (target) "
            f"(oran_mano_token_next_attempt_timestamp_seconds{{{TARGET}}}) - time()",
            "{{target}}",
        ),
    ),
    events(
        About(
            "Does renewing them fail?",
            "Logins and refreshes that gave no token, by reason, and answers 401 to a token that "
            f"should still be good. Normal: none. {REASONS}",
            "suffix: times",
            empty="no failed renewal is known",
            size=(12, 8),
            more=(runbook("AuthenticationFailing"), runbook("TokenRefreshRefused")),
        ),
        Query(
            increase("oran_mano_token_renewal_failures_total", "target, grant, reason", TARGET),
            "{{target}} {{grant}}: {{reason}}",
        ),
        Query(increase("oran_mano_token_rejections_total", "target", TARGET), "{{target}}: 401"),
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
        Query(f"max by (target) (abs(oran_mano_api_clock_skew_seconds{{{TARGET}}}))", "{{target}}"),
    ),
)
