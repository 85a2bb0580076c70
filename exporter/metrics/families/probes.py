"""Families of surfaces: their runs, the last run of each, what is planned."""

from typing import Final

from exporter.metrics.families.row import (
    COMPONENT,
    DURATIONS,
    METHODS,
    PHASES,
    RATE_CLASSES,
    REASONS,
    SKIP_REASONS,
    SURFACE,
    TARGET,
    Family,
    Group,
)

GROUPS: Final = (
    Group(
        "Runs of probes",
        "They begin at 0 (reasons of failures when first seen, those of skips where they can "
        "occur) and live as long as their surface is planned, so `rate()` and `increase()` miss "
        "no first event. In every scrape, scheduled is runs plus skipped.",
        (
            Family(
                "oran_mano_probe_scheduled_total",
                "counter",
                SURFACE,
                "Due runs that ended, whether they took place or were skipped.",
            ),
            Family(
                "oran_mano_probe_runs_total",
                "counter",
                SURFACE,
                "Runs that took place, well or failed.",
            ),
            Family(
                "oran_mano_probe_failures_total",
                "counter",
                SURFACE,
                "Runs that failed, for whatever reason; throttled ones are among them.",
            ),
            Family(
                "oran_mano_probe_throttled_total",
                "counter",
                SURFACE,
                "Runs answered 429: we asked too much, which says nothing of the API's health.",
            ),
            Family(
                "oran_mano_probe_internal_total",
                "counter",
                SURFACE,
                "Runs that failed by a fault of the exporter, which says nothing of the API's "
                "health; `oran_mano_exporter_faults_total` has their kind.",
            ),
            Family(
                "oran_mano_probe_slow_total",
                "counter",
                SURFACE,
                "Runs that were well but slower than `latency.good`; over `latency.bad` they fail.",
            ),
            Family(
                "oran_mano_probe_delayed_total",
                "counter",
                SURFACE,
                "Runs that began over 10 ms late, or may have been measured as much too long: the "
                "exporter is short of CPU. None of them counts as slow.",
            ),
            Family(
                "oran_mano_probe_skipped_total",
                "counter",
                (*SURFACE, "reason"),
                "Due runs that did not take place, by what prevented them; of each surface the "
                "reasons that can occur on it.",
                {"reason": SKIP_REASONS},
            ),
            Family(
                "oran_mano_probe_duration_seconds",
                "histogram",
                SURFACE,
                "How long runs took, without the wait for a slot of our own and without those "
                "that a fault of the exporter ended: they measured nothing.",
                buckets=DURATIONS,
            ),
            Family(
                "oran_mano_probe_failure_reasons_total",
                "counter",
                (*COMPONENT, "reason"),
                "Failed runs of a component by reason; a series begins with the first one.",
                {"reason": REASONS},
            ),
        ),
    ),
    Group(
        "The last run of each surface",
        "What is now. A surface's series vanish when three intervals passed without even a skip, "
        "and at once when it is skipped because there is nothing to ask for (`no_resource`) or "
        "another replica asks (`not_leader`); through other skips they keep their values, but for "
        "a success: one that is older than two intervals (a minute at least) says no longer that "
        "the surface is well. How long that is, is counted on a clock that no step moves.",
        (
            Family(
                "oran_mano_probe_success",
                "gauge",
                SURFACE,
                "1 when the last run was well, 0 when it failed; a 0 stays until the next run, "
                "a 1 is absent once the surface was not asked for two intervals (a minute at "
                "least).",
            ),
            Family(
                "oran_mano_probe_failure_reason",
                "gauge",
                (*SURFACE, "reason"),
                "1, with the reason why the last run failed; no series where that was well.",
                {"reason": REASONS},
            ),
            Family(
                "oran_mano_probe_consecutive_failures",
                "gauge",
                SURFACE,
                "Failed runs in a row up to now; 0 after one that was well.",
            ),
            Family(
                "oran_mano_probe_state_since_timestamp_seconds",
                "gauge",
                SURFACE,
                "When runs became well or failing, as the last one still was.",
            ),
            Family(
                "oran_mano_probe_last_run_timestamp_seconds",
                "gauge",
                SURFACE,
                "When the last run ended: how old all other values here are.",
            ),
            Family(
                "oran_mano_probe_last_success_timestamp_seconds",
                "gauge",
                SURFACE,
                "When a run was well for the last time; absent until one was.",
            ),
            Family(
                "oran_mano_probe_http_status_code",
                "gauge",
                SURFACE,
                "Status of the answer that decided the last run; absent when none came.",
            ),
            Family(
                "oran_mano_probe_response_bytes",
                "gauge",
                SURFACE,
                "Size of the body that decided the last run.",
            ),
            Family(
                "oran_mano_probe_connection_reused",
                "gauge",
                SURFACE,
                "1 when the last run used a kept connection (so it saw no DNS, connect or TLS), "
                "0 when a new one.",
            ),
            Family(
                "oran_mano_probe_phase_duration_seconds",
                "gauge",
                (*SURFACE, "phase"),
                "Where the time of the last run went; a phase that was not reached is absent.",
                {"phase": PHASES},
            ),
        ),
    ),
    Group(
        "What is planned",
        "From the configuration; there before the first run.",
        (
            Family(
                "oran_mano_surface_info",
                "gauge",
                (*SURFACE, "method", "endpoint", "rate_class", "safety", "mode"),
                "1 for each surface that is probed, with what is asked and how.",
                {
                    **METHODS,
                    **RATE_CLASSES,
                    "safety": ("read", "dry_run", "write"),
                    "mode": ("read", "dry_run"),
                },
            ),
            Family(
                "oran_mano_surface_interval_seconds",
                "gauge",
                SURFACE,
                "How often the surface is due; absent where no schedule asks (login, refresh).",
            ),
            Family(
                "oran_mano_slo_objective_ratio",
                "gauge",
                ("target", "surface", "slo"),
                "The share of runs that is not to fail (`availability`), or to end in time "
                "(`latency`), as `slo` in the configuration has it; the rules join on it.",
                {"slo": ("availability", "latency")},
            ),
            Family(
                "oran_mano_slo_latency_threshold_seconds",
                "gauge",
                ("target", "surface"),
                "What is in time: one of the bounds of `oran_mano_probe_duration_seconds`.",
            ),
            Family(
                "oran_mano_target_info",
                "gauge",
                (*TARGET, "transport"),
                "1 for each target, with how well what is sent to it is kept from others, and the "
                "labels that its configuration gives it.",
                {"transport": ("https", "https_unverified", "http")},
                varying="those under `labels`",
            ),
        ),
    ),
)
