"""Latency: how long, which surface, in which phase, and the traces of it."""

from typing import Final

from grafana_foundation_sdk.builders import table, tempo
from grafana_foundation_sdk.models.tempo import SearchTableType

from tools.dashboards.board import TEMPO, Board, Row
from tools.dashboards.pages import Page, from_series, runbook
from tools.dashboards.panels import SHARE, About, buckets, dressed, lines
from tools.dashboards.queries import (
    EACH,
    KEY,
    SHOWN,
    SURFACE,
    TARGET,
    Query,
    called,
    highest,
    per,
    quantile,
)

RUNS: Final = "oran_mano_probe_duration_seconds"
PHASES: Final = f"oran_mano_probe_phase_duration_seconds{{{SURFACE}}}"
TO_BUDGET: Final = (from_series(Page.SLO, "target", "surface"),)
PROBE: Final = per("target", "surface")
NAME: Final = called("target", "surface")

DURATIONS: Final = (
    buckets(
        About(
            "How are the durations of runs spread?",
            "Each column is a time, each row a bucket, dark is many. Normal: one dark band. A "
            "second band above it is a part of the requests that waits for something. Dots are "
            "single runs: each leads to its trace.",
            "s",
            size=(12, 9),
        ),
        Query(
            f"sum by (le) (rate({RUNS}_bucket{{{SURFACE}}}[$__rate_interval]))",
            "{{le}}",
            exemplar=True,
        ),
    ),
    lines(
        About(
            "How long do runs take?",
            "What half of the chosen runs, 95 % and 99 % of them do not exceed. Normal: level. "
            "Does only the 99 % line rise, few requests are slow; do all, everything is.",
            "s",
            size=(12, 9),
            more=(runbook("SurfaceSlow"),),
        ),
        *(
            Query(quantile(share, RUNS, matchers=SURFACE), name, exemplar=True)
            for share, name in ((0.5, "half"), (0.95, "95 %"), (0.99, "99 %"))
        ),
    ),
)

WHICH: Final = (
    lines(
        About(
            "How long does each surface take (95 %)?",
            "What 95 % of a surface's runs do not exceed, and the strictest objective among those "
            f"chosen. Normal: below it. Of many, the {SHOWN} that were slowest. Click on a line "
            "for its budget.",
            "s",
            size=(24, 7),
            links=TO_BUDGET,
            more=(runbook("SurfaceSlow"), runbook("LatencyBudgetBurnFast")),
        ),
        Query(
            highest(quantile(0.95, RUNS, PROBE, SURFACE)),
            NAME,
            exemplar=True,
        ),
        Query(
            f'min(oran_mano_slo_latency_threshold_seconds{{{TARGET}, surface=~"$surface"}})',
            "objective",
        ),
    ),
    lines(
        About(
            "What share of runs is slow?",
            "Runs that were well but over `latency.good`, by all runs. Normal: 0. Over one half "
            f"for a while, SurfaceSlow fires. Of many surfaces, the {SHOWN} that were worst.",
            "percentunit",
            size=(24, 7),
            links=TO_BUDGET,
            more=(runbook("SurfaceSlow"),),
            steps=((None, "green"), (0.5, "red")),
        ),
        Query(
            highest(
                f"sum by ({PROBE}) "
                f"(rate(oran_mano_probe_slow_total{{{SURFACE}}}[$__rate_interval]))\n"
                f"/ (sum by ({PROBE}) "
                f"(rate(oran_mano_probe_runs_total{{{SURFACE}}}[$__rate_interval])) > 0)"
            ),
            NAME,
        ),
        axis=SHARE,
    ),
)

WHERE: Final = (
    lines(
        About(
            "In which phase does the time go?",
            "Phases of the last runs, on average over the chosen surfaces: the height of all is "
            "how long one took. `wait` is the API's own time. `dns`, `connect` and `tls` are the "
            "network's, and none on kept connections. `queue` is our own.",
            "s",
            size=(24, 8),
        ),
        Query(
            # Not avg: a phase that few runs reach would weigh as if all did.
            f"sum by (phase) (max by ({KEY}, phase) ({PHASES}))\n"
            f"/ on () group_left () count(max by ({KEY}) ({PHASES}))",
            "{{phase}}",
        ),
        stacked=True,
    ),
    lines(
        About(
            "What share of runs used a kept connection?",
            "A run on a kept connection sees neither DNS nor connect nor TLS. Normal: high, with "
            "dips where connections are renewed. Low: the server closes them.",
            "percentunit",
            size=(24, 7),
        ),
        Query(
            f"avg by ({EACH}) (max by ({KEY}) (oran_mano_probe_connection_reused{{{SURFACE}}}))",
            called("target"),
        ),
        axis=SHARE,
        low_is_bad=True,
    ),
    lines(
        About(
            "How big are the answers?",
            "Bodies of the last runs. Normal: level. A growing list explains a growing `receive`. "
            f"Of many surfaces, the {SHOWN} with the biggest.",
            "bytes",
            size=(24, 7),
        ),
        Query(
            highest(f"max by ({PROBE}) (oran_mano_probe_response_bytes{{{SURFACE}}})"),
            NAME,
        ),
    ),
)

WIRE: Final = (
    lines(
        About(
            "How long do single requests take (95 %)?",
            "Every request on the wire, those of probes that need many, logins and pages too. "
            "Normal: like the runs above; component and surface do not narrow it. Of many, the "
            f"{SHOWN} slowest.",
            "s",
            size=(24, 7),
        ),
        Query(
            highest(
                quantile(
                    0.95,
                    "oran_mano_api_request_duration_seconds",
                    per("target", "method", "endpoint"),
                    TARGET,
                )
            ),
            called("target", "method", "endpoint"),
            exemplar=True,
        ),
    ),
    lines(
        About(
            "How many requests are on the wire?",
            "Requests without an answer yet. Normal: a few. Near `connection.concurrency` runs "
            "wait for each other: the API hangs, or too much is asked at once.",
            "suffix: requests",
            size=(24, 7),
        ),
        Query(f"max by ({EACH}) (oran_mano_active_connections{{{TARGET}}})", called("target")),
    ),
)

TRACES: Final = dressed(
    table.Panel(),
    About(
        "Which runs left a trace?",
        "Newest traces of the chosen surfaces in a Tempo data source: sampled runs, and every run "
        "that failed or was slow. Needs `OTEL_EXPORTER_OTLP_ENDPOINT` at the exporter.",
        "short",
        empty="no traces: are they exported, and is `Traces` the right data source?",
        size=(24, 9),
    ),
    [
        tempo.TempoQuery()
        .ref_id("A")
        .datasource(TEMPO)
        .query_type("traceql")
        .table_type(SearchTableType.TRACES)
        .limit(50)
        .filters([])
        .query(
            '{ span.oran_mano.target =~ "${target:pipe}" '
            '&& span.oran_mano.component =~ "${component:pipe}" '
            '&& span.oran_mano.surface =~ "${surface:pipe}" }'
        )
    ],
).datasource(TEMPO)

BOARD: Final = Board(
    Page.LATENCY,
    "How long does the API take, which part of it, and where does the time go?",
    (
        Row("How long do runs take?", DURATIONS),
        Row("Which surface is slow?", WHICH),
        Row("Where does the time go?", WHERE),
        Row("How do requests do on the wire?", WIRE),
        Row("Which traces tell more? (asks the trace data source)", (TRACES,), closed=True),
    ),
    surfaces=True,
    traces=True,
)
