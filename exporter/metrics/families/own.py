"""Families of the exporter itself and of its process."""

from typing import Final

from exporter.metrics.families.row import DELAYS, DURATIONS, FAULTS, SURFACE, Family, Group

GROUPS: Final = (
    Group(
        "The exporter itself",
        "Look here first when everything seems to be down at once.",
        (
            Family(
                "oran_mano_exporter_build_info",
                "gauge",
                ("version", "revision", "python_version"),
                "1, with what is running.",
            ),
            Family(
                "oran_mano_exporter_config_last_reload_successful",
                "gauge",
                (),
                "1 while the configuration in force is the one that was read last; at 0 a newer "
                "one was refused, and the log says why.",
            ),
            Family(
                "oran_mano_exporter_config_last_reload_success_timestamp_seconds",
                "gauge",
                (),
                "When the configuration in force was read.",
            ),
            Family(
                "oran_mano_exporter_schedule_heartbeat_timestamp_seconds",
                "gauge",
                (),
                "When the schedule last showed to be alive; an old one means that nothing is "
                "probed.",
            ),
            Family(
                "oran_mano_exporter_schedule_lateness_seconds",
                "histogram",
                (),
                "How late scheduled runs began, against the instant planned.",
                buckets=DELAYS,
            ),
            Family(
                "oran_mano_exporter_event_loop_lag_seconds",
                "histogram",
                (),
                "How late the event loop woke what was due: CPU is short, or something blocks.",
                buckets=DELAYS,
            ),
            Family(
                "oran_mano_exporter_scrape_duration_seconds",
                "histogram",
                (),
                "How long the event loop was held for this page in all, once for all scrapes that "
                "waited for it; it is written in slices of less than a millisecond.",
                buckets=DURATIONS,
            ),
            Family(
                "oran_mano_exporter_spans_total",
                "counter",
                (),
                "Spans made to be exported; those neither dropped nor failed have arrived, or "
                "are waiting.",
            ),
            Family(
                "oran_mano_exporter_spans_failed_total",
                "counter",
                (),
                "Spans whose batch could not be sent: look at the collector.",
            ),
            Family(
                "oran_mano_exporter_spans_dropped_total",
                "counter",
                (),
                "Spans that were never sent, for the queue was full: the collector is slow or "
                "away.",
            ),
            Family(
                "oran_mano_exporter_sink_failures_total",
                "counter",
                ("sink",),
                "Observations that a sink could not take: a fault of the exporter, told in its "
                "log. For `state` also each time its directory could not be written.",
            ),
            Family(
                "oran_mano_exporter_faults_total",
                "counter",
                (*SURFACE, "kind"),
                "Runs that failed by a fault of the exporter or its machine, by what that was; the "
                "log has its trace. A series begins with the first one.",
                {"kind": FAULTS},
            ),
        ),
    ),
    Group(
        "The process",
        "Measured by prometheus-client, under the names that every exporter has for them.",
        (
            Family("process_virtual_memory_bytes", "gauge", (), "Virtual memory of the process."),
            Family("process_resident_memory_bytes", "gauge", (), "Memory of the process in RAM."),
            Family(
                "process_start_time_seconds", "gauge", (), "When the process started (Unix time)."
            ),
            Family("process_cpu_seconds_total", "counter", (), "CPU time spent, user and system."),
            Family(
                "process_open_fds", "gauge", (), "Open file descriptors; each connection is one."
            ),
            Family(
                "process_max_fds", "gauge", (), "How many file descriptors may be open at most."
            ),
            Family(
                "python_info",
                "gauge",
                ("version", "implementation", "major", "minor", "patchlevel"),
                "The Python that runs the exporter.",
            ),
        ),
    ),
)
