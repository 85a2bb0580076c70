"""Exporter: whether what all other dashboards say can be believed."""

from typing import Final

from tools.dashboards import schedule
from tools.dashboards.board import Board, Row
from tools.dashboards.pages import Page, runbook
from tools.dashboards.panels import SHARE, About, events, lines, words
from tools.dashboards.queries import (
    ABSENT,
    EACH,
    JOB,
    OURS,
    OWN,
    PLACE,
    TARGET,
    Query,
    a_minute,
    called,
    highest,
    own,
    per,
    quantile,
)
from tools.dashboards.tables import Column, First, Labels, rows

ALIVE: Final = (
    rows(
        About(
            "Is every exporter well?",
            "One line for each job, of the pod that is worst off. `Scraped`: at no, Prometheus "
            "does not reach a pod, and what the others say is old: see the pod and its network "
            "policy. `Heartbeat`: how long ago its schedule showed to be alive; seconds are "
            "normal, above a minute it probes nothing. `Newest configuration`: at no, a newer one "
            "was refused and would not survive a restart: the log names file and line. Something "
            "that began when the one in force was read may have begun because of it. `Runs since` "
            "seconds, again and again: it crashes or is killed.",
            "short",
            empty=ABSENT,
            size=(19, 7),
            more=(
                runbook("ExporterAbsent"),
                runbook("ProbesNotRunning"),
                runbook("ConfigReloadFailed"),
            ),
        ),
        Labels(("job",)),
        (
            Column(
                "Scraped",
                f"min by ({JOB}) (\n"
                f"  up{{{PLACE}}}\n"
                f"  and on ({per('job', 'instance')}) max_over_time({own('build_info')}[1d])\n"
                ")",
                "none",
                states={0: ("no", "red"), 1: ("yes", "green")},
            ),
            Column(
                "Heartbeat",
                f"time() - min by ({JOB}) ({own('schedule_heartbeat_timestamp_seconds')})",
                "s",
                ((None, "green"), (30, "orange"), (60, "red")),
            ),
            Column(
                "Newest configuration",
                f"min by ({JOB}) ({own('config_last_reload_successful')})",
                "none",
                states={0: ("no", "red"), 1: ("yes", "green")},
            ),
            Column(
                "Read",
                f"max by ({JOB}) ({own('config_last_reload_success_timestamp_seconds')}) * 1000",
                "dateTimeFromNow",
            ),
            Column(
                "Runs since",
                f"max by ({JOB}) (process_start_time_seconds{{{PLACE}}} {OURS}) * 1000",
                "dateTimeFromNow",
            ),
        ),
        First("Scraped"),
    ),
    words(
        About(
            "Which versions run?",
            "Version and revision, one for each that runs. Two are there during an upgrade only.",
            "none",
            empty=ABSENT,
            size=(5, 7),
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
            size=(12, 8),
            more=(runbook("ExporterSlow"),),
        ),
        Query(quantile(0.99, f"{OWN}scrape_duration_seconds", JOB), called("job"), exemplar=True),
    ),
    lines(
        About(
            "Do its spans arrive?",
            "Spans in a second: that were to be sent, that the collector did not take, and that "
            "found the queue full. Normal: the last two are 0. Else see the collector.",
            "suffix: spans/s",
            empty="no spans are exported",
            size=(12, 8),
            more=(runbook("SpansDropped"),),
        ),
        *(
            Query(
                f"sum by ({JOB}) (rate({own(counter)}[$__rate_interval]))",
                f"{word}: {called('job')}",
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
            "Do its sinks fail?",
            "Observations in a minute that metrics, logs or traces could not take. Normal: 0. Else "
            "it is a fault of the exporter: its log has the trace of it, report that.",
            "suffix: failures/min",
            empty=ABSENT,
            size=(24, 7),
        ),
        Query(
            a_minute(f"{OWN}sink_failures_total", per("job", "sink"), PLACE),
            f"{called('job')}: {{{{sink}}}}",
        ),
    ),
    events(
        About(
            "Do its own faults spoil runs?",
            "Runs in a minute that told nothing of the API for a fault of the exporter, by kind. "
            "Normal: 0. Else its log has the trace of it, report that.",
            "suffix: runs/min",
            empty=ABSENT,
            size=(24, 7),
            more=(runbook("ExporterFault"),),
        ),
        Query(
            highest(
                f"{a_minute(f'{OWN}faults_total', per('target', 'surface', 'kind'), PLACE)}\n"
                f"or on ({EACH})\n"
                f"{a_minute('oran_mano_probe_internal_total', EACH, TARGET)}"
            ),
            f"{called('target')} {{{{surface}}}} {{{{kind}}}}",
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
            size=(12, 8),
        ),
        Query(f"max by ({JOB}) (process_resident_memory_bytes{{{PLACE}}} {OURS})", called("job")),
    ),
    lines(
        About(
            "How much CPU does it take?",
            "Of its busiest process, in cores. It has one thread that matters: near 1, runs "
            "are late. A limit below it shows as lateness, too.",
            "suffix: cores",
            empty=ABSENT,
            size=(12, 8),
            more=(runbook("ExporterSlow"),),
            steps=((None, "green"), (0.8, "red")),
        ),
        Query(
            f"max by ({JOB}) (\n"
            f"  rate(process_cpu_seconds_total{{{PLACE}}}[$__rate_interval]) {OURS}\n"
            ")",
            called("job"),
        ),
    ),
    lines(
        About(
            "How many file descriptors are open?",
            "By those allowed; each connection is one. Normal: a few percent. Near 100 % "
            "connections fail, as if it were the network.",
            "percentunit",
            empty=ABSENT,
            size=(24, 7),
            steps=((None, "green"), (0.8, "red")),
        ),
        Query(
            f"max by ({JOB}) (\n"
            f"  process_open_fds{{{PLACE}}} / process_max_fds{{{PLACE}}} {OURS}\n"
            ")",
            called("job"),
        ),
        axis=SHARE,
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
