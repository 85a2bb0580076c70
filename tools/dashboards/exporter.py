"""Exporter: whether what all other dashboards say can be believed."""

from typing import Final

from tools.dashboards import schedule
from tools.dashboards.board import Board, Row
from tools.dashboards.pages import Page, runbook
from tools.dashboards.panels import CALM, About, Steps, events, lines, number, words
from tools.dashboards.queries import ABSENT, OURS, Query, own, quantile


def _small(title: str, description: str, unit: str, steps: Steps = CALM, *alerts: str) -> About:
    more = tuple(runbook(alert) for alert in alerts)
    return About(title, description, unit, empty=ABSENT, size=(4, 4), more=more, steps=steps)


ALIVE: Final = (
    number(
        _small(
            "Can it be scraped?",
            "Normal: yes. At no, Prometheus does not reach a pod of it: what the others say is "
            "old. See the pod and its network policy.",
            "none",
            CALM,
            "ExporterAbsent",
        ),
        Query(
            "min by (job) (\n"
            f"  up and on (job, instance) max_over_time({own('build_info')}[1d])\n"
            ")",
            "{{job}}",
        ),
        states={0: ("no", "red"), 1: ("yes", "green")},
    ),
    number(
        _small(
            "How old is its heartbeat?",
            "Time since the schedule last showed to be alive, of the process that is worst off. "
            "Normal: seconds. Above a minute it probes nothing, and Kubernetes should restart it.",
            "s",
            ((None, "green"), (30, "orange"), (60, "red")),
            "ProbesNotRunning",
        ),
        Query(f"time() - min by (job) ({own('schedule_heartbeat_timestamp_seconds')})", "{{job}}"),
    ),
    number(
        _small(
            "Does it run the newest configuration?",
            "Normal: yes. At no, a newer one was refused and would not survive a restart: the log "
            "names file and line.",
            "none",
            CALM,
            "ConfigReloadFailed",
        ),
        Query(f"min by (job) ({own('config_last_reload_successful')})", "{{job}}"),
        states={0: ("no", "red"), 1: ("yes", "green")},
    ),
    number(
        _small(
            "How old is its configuration?",
            "When the one in force was read. Something that began then may have begun because of "
            "it.",
            "dateTimeFromNow",
        ),
        Query(
            f"max by (job) ({own('config_last_reload_success_timestamp_seconds')}) * 1000",
            "{{job}}",
        ),
    ),
    number(
        _small(
            "How long does it run?",
            "Since the start of its youngest process. Seconds, again and again: it crashes or is "
            "killed.",
            "s",
        ),
        Query(
            f"time() - max by (job) (process_start_time_seconds {OURS})",
            "{{job}}",
        ),
    ),
    words(
        _small(
            "Which version is it?",
            "Version and revision, one for each that runs. Two are there during an upgrade only.",
            "none",
        ),
        Query(f"max by (version, revision) ({own('build_info')})", "{{version}} ({{revision}})"),
    ),
)

TELLING: Final = (
    lines(
        About(
            "How long does a scrape take (99 %)?",
            "Normal: milliseconds. It grows with the number of surfaces; near the scrape "
            "time-out, samples are lost.",
            "s",
            empty=ABSENT,
            more=(runbook("ExporterSlow"),),
        ),
        Query(quantile(0.99, own("scrape_duration_seconds"), "job"), "{{job}}", exemplar=True),
    ),
    events(
        About(
            "Do its sinks fail?",
            "Observations that metrics, logs or traces could not take. Normal: 0. Else it is a "
            "fault of the exporter: its log has the trace of it, report that.",
            "suffix: failures",
            empty=ABSENT,
        ),
        Query(
            f"sum by (sink) (increase({own('sink_failures_total')}[$__rate_interval]))",
            "{{sink}}",
        ),
    ),
    lines(
        About(
            "Do its spans arrive?",
            "Spans that were to be sent, that the collector did not take, and that found the "
            "queue full. Normal: the last two are 0. Else see the collector.",
            "suffix: spans",
            empty="no spans are exported",
            more=(runbook("SpansDropped"),),
        ),
        *(
            Query(
                f"sum by (job) (increase({own(counter)}[$__rate_interval]))",
                f"{word}: {{{{job}}}}",
            )
            for counter, word in (
                ("spans_total", "all"),
                ("spans_failed_total", "failed"),
                ("spans_dropped_total", "dropped"),
            )
        ),
    ),
    events(
        About(
            "Do its own faults spoil runs?",
            "Runs that told nothing of the API for a fault of the exporter, by kind. Normal: 0. "
            "Else its log has the trace of it, report that.",
            "suffix: runs",
            empty=ABSENT,
            size=(24, 8),
            more=(runbook("ExporterFault"),),
        ),
        Query(
            f"sum by (target, surface, kind) (increase({own('faults_total')}[$__rate_interval]))\n"
            "or on (target)\n"
            "sum by (target) (increase(oran_mano_probe_internal_total[$__rate_interval]))",
            "{{target}} {{surface}} {{kind}}",
        ),
    ),
)

COSTS: Final = (
    lines(
        About(
            "How much memory does it take?",
            "Of its biggest process. Normal: level after the first hour. Without end: a leak, "
            "report it; Kubernetes kills it at its limit.",
            "bytes",
            empty=ABSENT,
        ),
        Query(
            f"max by (job) (process_resident_memory_bytes {OURS})",
            "{{job}}",
        ),
    ),
    lines(
        About(
            "How much CPU does it take?",
            "Of its busiest process, in cores. It has one thread that matters: near 1, runs "
            "are late. A limit below it shows as lateness, too.",
            "suffix: cores",
            empty=ABSENT,
            more=(runbook("ExporterSlow"),),
            steps=((None, "green"), (0.8, "red")),
        ),
        Query(
            f"max by (job) (rate(process_cpu_seconds_total[$__rate_interval]) {OURS})",
            "{{job}}",
        ),
    ),
    lines(
        About(
            "How many file descriptors are open?",
            "By those allowed; each connection is one. Normal: a few percent. Near 100 % "
            "connections fail, as if it were the network.",
            "percentunit",
            empty=ABSENT,
            steps=((None, "green"), (0.8, "red")),
        ),
        Query(
            f"max by (job) (process_open_fds / process_max_fds {OURS})",
            "{{job}}",
        ),
    ),
)

BOARD: Final = Board(
    Page.EXPORTER,
    "Is the exporter itself well, so that what it says can be believed?",
    (
        Row("Does it run?", ALIVE),
        Row("Is it on time?", schedule.PUNCTUAL),
        Row("Does every due run take place?", schedule.COMPLETE),
        Row("Does it have tokens?", schedule.TOKENS),
        Row("Does what it knows come through?", TELLING),
        Row("What does it cost?", COSTS),
    ),
)
