"""On-call: one screen for whoever was just woken."""

from typing import Final

from tools.dashboards.alerts import firing
from tools.dashboards.board import Board, Row
from tools.dashboards.faults import API, EXPORTER, NETWORK, QUOTA, TOKEN, Fault, blamed
from tools.dashboards.pages import REASONS, Link, Page, from_cell, from_series, runbook
from tools.dashboards.panels import ALARM, WELL, About, number, timeline
from tools.dashboards.queries import (
    ABSENT,
    AVAILABILITY,
    BANDS,
    COMPONENT,
    EACH,
    KEY,
    TARGET,
    Query,
    called,
    count_or_zero,
)
from tools.dashboards.tables import Column, First, Labels, rows

SUCCESS: Final = f"max by ({KEY}) (oran_mano_probe_success{{{COMPONENT}}})"
FAILING: Final = f"{SUCCESS} == 0"
HEALTHY: Final = f"max by ({EACH}) (oran_mano_target_healthy{{{TARGET}}})"
COVERAGE: Final = f"oran_mano:target_coverage:ratio1h{{{TARGET}}}"
INTERVAL: Final = f"max by ({KEY}) (oran_mano_surface_interval_seconds{{{COMPONENT}}})"
UNKNOWN: Final = (
    f"{INTERVAL}\n"
    f"unless on ({KEY}) {SUCCESS}\n"
    f"unless on ({KEY}) sum by ({KEY}) (increase(oran_mano_probe_skipped_total"
    f'{{{COMPONENT}, reason=~"no_resource|not_leader"}}[10m])) > 0'
)
RATIO: Final = ((None, "red"), (0.95, "orange"), (0.99, "green"))
KNOWN: Final = ((None, "red"), (0.5, "orange"), (0.9, "green"))


def _of_failing(metric: str, scale: str = "") -> str:
    """The value of a metric for each surface that fails now."""
    return f"max by ({KEY}) ({metric}{{{COMPONENT}}}){scale}\nand on ({KEY}) {FAILING}"


def _of_each(which: str, among: str) -> str:
    """How many of a target's surfaces, 0 where there are others."""
    return f"count by ({EACH}) ({which})\nor\n0 * count by ({EACH}) ({among})"


HEALTH: Final = (
    number(
        About(
            "How many targets are unhealthy?",
            "The overall status: authentication, health, intents, VNFs and agents. Normal: 0. Else "
            "one of these fails; the tables below say where, and which.",
            "suffix: targets",
            empty=ABSENT,
            size=(5, 3),
            links=(from_series(Page.SLO),),
            more=(runbook("TargetDown"),),
            steps=ALARM,
        ),
        Query(
            count_or_zero(f"{HEALTHY} == 0", of=f"oran_mano_target_healthy{{{TARGET}}}", by=EACH)
        ),
    ),
    number(
        About(
            "How many surfaces fail?",
            "Surfaces whose last run failed. Normal: 0. A single one may be a passing fault; all "
            "of them at once: look at the exporter and the network first.",
            "suffix: surfaces",
            empty=ABSENT,
            size=(5, 3),
            more=(runbook("SurfaceFailing"),),
            steps=ALARM,
        ),
        Query(count_or_zero(FAILING, of=f"oran_mano_probe_success{{{COMPONENT}}}")),
    ),
    number(
        About(
            "How many are not known?",
            "Surfaces without a result that still holds: not asked for two intervals, a minute at "
            "least, and well before, if ever asked. Normal: 0. Where there is nothing to ask for, "
            f"nothing is missing; those that failed last are counted as failing. {REASONS}",
            "suffix: surfaces",
            empty=ABSENT,
            size=(4, 3),
            links=(from_series(Page.EXPORTER),),
            more=(runbook("RunsSkipped"),),
            steps=ALARM,
        ),
        Query(count_or_zero(UNKNOWN, of=f"oran_mano_surface_interval_seconds{{{COMPONENT}}}")),
    ),
    number(
        About(
            "How well was the worst of them?",
            "The lowest availability of a target in the last hour: the share of runs that did not "
            "fail. Answers 429 do not count; runs that an open circuit breaker prevented do. "
            "Normal: above the objective. Nothing is shown where less than a tenth is known.",
            "percentunit",
            empty="too little is known of the last hour, or the rules are not loaded",
            size=(5, 3),
            links=(from_series(Page.SLO),),
            steps=RATIO,
        ),
        Query(f"min(\n{AVAILABILITY}\n)"),
    ),
    number(
        About(
            "How little do we know of one?",
            "The lowest coverage of a target in the last hour: the share of due runs that took "
            "place and were not answered 429. Those that an open circuit breaker prevented are "
            "known to be bad. Normal: close to 100 %. At a low one availability says little: look "
            "for skips and for 429.",
            "percentunit",
            empty="no runs in the last hour, or the rules are not loaded",
            size=(5, 3),
            links=(from_series(Page.EXPORTER),),
            more=(runbook("RunsSkipped"), runbook("RateClassThrottled")),
            steps=KNOWN,
        ),
        Query(f"min({COVERAGE})"),
    ),
)

TARGETS: Final = rows(
    About(
        "Which targets are worst off?",
        "One line for each target, those with most failing surfaces on top. `Unknown` are surfaces "
        "without a result that still holds. `Last hour` is the share of runs that did not fail, "
        "`Known` how much of what was due it is made of. Click on a target for its budgets. "
        f"{REASONS}",
        "short",
        empty=ABSENT,
        size=(9, 7),
        more=(runbook("TargetDown"),),
    ),
    Labels(
        ("target",),
        links={
            "target": (
                from_cell(Page.SLO, "target"),
                from_cell(Page.LATENCY, "target"),
                from_cell(Page.RATE_LIMITS, "target"),
                from_cell(Page.LIFE_CYCLE, "target"),
            )
        },
    ),
    (
        Column(
            "Status",
            HEALTHY,
            "none",
            states={0: ("unhealthy", "red"), 1: ("healthy", "green")},
        ),
        Column("Failing", _of_each(FAILING, SUCCESS), "none", ALARM),
        Column("Unknown", _of_each(UNKNOWN, INTERVAL), "none", ALARM),
        Column("Last hour", AVAILABILITY, "percentunit", RATIO),
        Column("Known", COVERAGE, "percentunit", KNOWN),
    ),
    First("Failing", highest=True),
)

BROKEN: Final = rows(
    About(
        "What is broken, and since when?",
        "One line for each surface whose last run failed, the newest on top, with the reason, and "
        "with whom to talk. Click on a surface to see its latency or its budget. "
        f"{REASONS}",
        "short",
        empty="nothing is known to fail",
        size=(15, 7),
        more=(runbook("SurfaceFailing"),),
    ),
    Labels(
        ("target", "component", "surface", "fault", "reason"),
        links={
            "surface": (
                from_cell(Page.LATENCY, "target", "component", "surface"),
                from_cell(Page.SLO, "target", "component", "surface"),
            ),
            "target": (from_cell(Page.LIFE_CYCLE, "target"),),
        },
        unseen=("component",),
    ),
    (
        Column(
            "Since",
            _of_failing("oran_mano_probe_state_since_timestamp_seconds", " * 1000"),
            "dateTimeFromNow",
        ),
        Column(
            "Reason",
            blamed(f"max by ({KEY}, reason) (oran_mano_probe_failure_reason{{{COMPONENT}}})"),
            "none",
            shown=False,
        ),
        Column("In a row", _of_failing("oran_mano_probe_consecutive_failures"), "none"),
        Column("HTTP", _of_failing("oran_mano_probe_http_status_code"), "none"),
        Column(
            "Last success",
            _of_failing("oran_mano_probe_last_success_timestamp_seconds", " * 1000"),
            "dateTimeFromNow",
        ),
    ),
    First("Since", highest=True),
)


def _suspect(fault: Fault, title: str, hint: str, width: int, *more: Link) -> About:
    return About(
        title,
        "Surfaces that fail now, or were not asked in the last ten minutes, for: "
        f"{', '.join(fault.reasons + fault.skips)}. "
        f"Normal: 0. {hint} {REASONS}",
        "suffix: surfaces",
        empty=ABSENT,
        size=(width, 3),
        more=more,
        links=(from_series(_PAGES[fault]),),
        steps=ALARM,
    )


_PAGES: Final = {
    API: Page.SLO,
    NETWORK: Page.LATENCY,
    TOKEN: Page.EXPORTER,
    QUOTA: Page.RATE_LIMITS,
    EXPORTER: Page.EXPORTER,
}
WHO: Final = (
    _suspect(
        API,
        "Is it the API?",
        "Else talk to those who run the API; a certificate is theirs, too.",
        5,
        runbook("TargetDown"),
    ),
    _suspect(
        NETWORK,
        "Is it the network?",
        "Else nothing answered at all: name, route, port, or the server is down.",
        5,
        runbook("TargetDown"),
    ),
    _suspect(
        TOKEN,
        "Is it the token?",
        "Else account, password or rights are wrong, or login itself fails.",
        5,
        runbook("AuthenticationFailing"),
        runbook("TokenNotRenewed"),
    ),
    _suspect(
        QUOTA,
        "Is it the quota?",
        "Else somebody asks too much, perhaps we: nothing is said of the API's health.",
        5,
        runbook("RateClassThrottled"),
    ),
    _suspect(
        EXPORTER,
        "Is it the exporter?",
        "Else the exporter has a fault of its own or is short of CPU: its log tells.",
        4,
        runbook("ExporterAbsent"),
        runbook("ProbesNotRunning"),
    ),
)

WHEN: Final = timeline(
    About(
        "Which surfaces were not well, and when?",
        "Surfaces that failed at least once in the time range; of many, the "
        f"{BANDS} that failed longest. Red is failing, a gap is not known. Many bands that turn "
        "red together have one cause: the target, the network or the token.",
        "none",
        empty="nothing is known to have failed in this time",
        size=(12, 8),
        links=(from_series(Page.LATENCY, "target", "component", "surface"),),
    ),
    Query(
        f"{SUCCESS}\nand on ({KEY})\n"
        f"bottomk({BANDS}, min by ({KEY}) "
        f"(avg_over_time(oran_mano_probe_success{{{COMPONENT}}}[$__range] @ end()))) < 1",
        called("target", "surface"),
    ),
    states=WELL,
)

BOARD: Final = Board(
    Page.ON_CALL,
    "What is broken, since when, whose fault is it, and what comes next?",
    (
        Row("What is broken, and since when?", (*HEALTH, TARGETS, BROKEN)),
        Row(
            "Whose fault is it?",
            tuple(
                number(about, Query(fault.count()))
                for about, fault in zip(WHO, _PAGES, strict=True)
            ),
        ),
        Row("What happened, and what comes next?", (WHEN, firing((12, 8)))),
    ),
    since="now-1h",
)
