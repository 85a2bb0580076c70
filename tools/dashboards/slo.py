"""SLO: what is left of each error budget, how fast it goes, and what takes it."""

from typing import Final

from tools.dashboards.board import Board, Row
from tools.dashboards.pages import REASONS, Page, from_cell, from_series, runbook
from tools.dashboards.panels import NEARLY_ALL, SHARE, About, Steps, events, lines
from tools.dashboards.queries import (
    AVAILABILITY,
    KEY,
    SHOWN,
    SURFACE,
    TARGET,
    Query,
    a_minute,
    called,
    highest,
    lowest,
    per,
)
from tools.dashboards.tables import Column, First, Labels, rows

FEW: Final = "no runs with an objective yet, or the rules are not loaded"
NAME: Final = called("target", "surface", "slo")
OBJECTIVE: Final = per("target", "surface")
FEWER: Final = f"Of many, the {SHOWN} that were worst."
LEFT: Final[Steps] = ((None, "red"), (0, "orange"), (0.25, "green"))
FAST: Final[Steps] = ((None, "green"), (1, "orange"), (14.4, "red"))
REMAINING: Final = f"oran_mano:slo_error_budget_remaining:ratio30d{{{SURFACE}}} > -Inf"
COVERAGE: Final = (
    f'oran_mano:slo_valid:increase1h{{{SURFACE}, slo="availability"}}\n'
    f"/ on ({KEY}) (oran_mano:probe_expected:increase1h{{{SURFACE}}} >= 0.5)"
)
"""Not of surfaces without anything to ask for: estimates of their due runs are a little off 0."""
TO_LATENCY: Final = (from_series(Page.LATENCY, "target", "component", "surface"),)


def _burn(window: str) -> str:
    # What never ran has 0 / 0: it is not known, and no line.
    return f"oran_mano:slo_burn_rate:{window}{{{SURFACE}}} >= 0"


BUDGET: Final = (
    rows(
        About(
            "What is left of each budget?",
            "One line for each surface and objective. `Left` is what remains of 30 days' error "
            "budget; below 0 the objective is missed. `Burn` is how many times too fast it is "
            "spent: 1 spends exactly all of it. What has least left is on top. Click on a surface "
            "for its latency.",
            "short",
            empty=FEW,
            size=(24, 9),
        ),
        Labels(
            ("target", "component", "surface", "slo"),
            links={"surface": (from_cell(Page.LATENCY, "target", "component", "surface"),)},
        ),
        (
            Column(
                "Left",
                REMAINING,
                "percentunit",
                LEFT,
            ),
            Column("Burn now", _burn("recent"), "none", FAST),
            Column("Burn 1 h", _burn("ratio1h"), "none", FAST),
            Column(
                "Burn 6 h", _burn("ratio6h"), "none", ((None, "green"), (1, "orange"), (6, "red"))
            ),
            Column("Burn 3 d", _burn("ratio3d"), "none", ((None, "green"), (1, "orange"))),
            Column(
                "Objective",
                f"max by ({OBJECTIVE}, slo) "
                f'(oran_mano_slo_objective_ratio{{{TARGET}, surface=~"$surface"}})\n'
                f"* on ({OBJECTIVE}) group_left (component)\n"
                f"max by ({KEY}) (oran_mano_surface_info{{{SURFACE}}})\n"
                # An empty cell would be sorted to the top.
                f"and on ({OBJECTIVE}, slo) {REMAINING}",
                "percentunit",
            ),
        ),
        First("Left"),
    ),
    lines(
        About(
            "How did the budgets shrink?",
            "What remains of 30 days' error budget, over time. Normal: level, and far above 0. A "
            "cliff is an incident, a slope a lasting fault. What is below -100 % is drawn there. "
            f"{FEWER}",
            "percentunit",
            empty=FEW,
            size=(24, 7),
            links=TO_LATENCY,
            steps=LEFT,
        ),
        Query(f"clamp_min(\n{lowest(REMAINING)}\n, -1)", NAME),
        axis=SHARE,
        low_is_bad=True,
    ),
)


def _burning(window: str, limit: float, ends: str, *alerts: str) -> About:
    return About(
        f"How fast, over {window}?",
        f"Times too fast. At the line, {limit:g}, the budget of 30 days is gone in {ends}, and an "
        f"alert fires if it goes on. Normal: below 1. {FEWER}",
        "suffix:x",
        empty=FEW,
        size=(24, 7),
        links=TO_LATENCY,
        more=tuple(runbook(alert) for alert in alerts),
        steps=((None, "green"), (limit, "red")),
    )


FAST_ALERTS: Final = ("AvailabilityBudgetBurnFast", "LatencyBudgetBurnFast")
SLOW_ALERTS: Final = ("AvailabilityBudgetBurnSlow", "LatencyBudgetBurnSlow")
SPEED: Final = (
    lines(
        _burning("1 hour", 14.4, "2 days", *FAST_ALERTS),
        Query(highest(_burn("ratio1h")), NAME),
    ),
    lines(
        _burning("6 hours", 6, "5 days", *FAST_ALERTS),
        Query(highest(_burn("ratio6h")), NAME),
    ),
    lines(
        _burning("3 days", 1, "30 days", *SLOW_ALERTS),
        Query(highest(_burn("ratio3d")), NAME),
    ),
)

WELL: Final = (
    lines(
        About(
            "What share of runs was well, by target?",
            "Availability of the last hour: 429 left out, runs that an open circuit breaker "
            "prevented counted as failed. Normal: above the objective. A gap: less than a tenth "
            "of it is known.",
            "percentunit",
            empty=FEW,
            size=(24, 7),
        ),
        Query(AVAILABILITY, called("target")),
        axis=NEARLY_ALL,
        low_is_bad=True,
    ),
    lines(
        About(
            "What share of runs was well, by surface?",
            "The same for each surface. One line that falls alone is that part of the API. "
            f"{FEWER}",
            "percentunit",
            empty=FEW,
            size=(24, 7),
            links=TO_LATENCY,
        ),
        Query(
            lowest(
                f'clamp_min(1 - oran_mano:slo_bad:increase1h{{{SURFACE}, slo="availability"}}\n'
                f'/ oran_mano:slo_valid:increase1h{{{SURFACE}, slo="availability"}}, 0)\n'
                f"and on ({KEY}) {COVERAGE} > 0.1"
            ),
            called("target", "surface"),
        ),
        axis=NEARLY_ALL,
        low_is_bad=True,
    ),
    lines(
        About(
            "How much of it do we know?",
            "Coverage of the last hour: the share of due runs that took place and were not "
            "answered 429. Those that an open circuit breaker prevented are known to be bad. "
            f"Normal: close to 100 %. At a low one the two panels above say little. {FEWER}",
            "percentunit",
            empty=FEW,
            size=(24, 7),
            links=(from_series(Page.EXPORTER, "target", "component"),),
            more=(runbook("RunsSkipped"), runbook("RateClassThrottled")),
            steps=((None, "red"), (0.5, "green")),
        ),
        Query(lowest(COVERAGE), called("target", "surface")),
        axis=SHARE,
        low_is_bad=True,
    ),
)

SPENT: Final = (
    lines(
        About(
            "Which surfaces spend it?",
            f"Bad runs in 5 minutes, of surfaces that had any. Normal: none. {FEWER}",
            "suffix: runs",
            empty="nothing bad is known in this time: are the rules loaded?",
            size=(24, 7),
            links=TO_LATENCY,
        ),
        Query(highest(f"oran_mano:slo_bad:increase5m{{{SURFACE}}} > 0"), NAME),
    ),
    events(
        About(
            "For which reasons do runs fail?",
            "Failed runs of each component in a minute, by reason; surfaces do not narrow it. "
            f"Normal: none. {FEWER} {REASONS}",
            "suffix: runs/min",
            empty="no failed run is known",
            size=(24, 7),
            links=(from_series(Page.ON_CALL, "target", "component"),),
        ),
        Query(
            highest(
                a_minute(
                    "oran_mano_probe_failure_reasons_total", per("target", "component", "reason")
                )
            ),
            f"{called('target', 'component')}: {{{{reason}}}}",
        ),
    ),
)

UNSEEN: Final = (
    lines(
        About(
            "How much of what is listed is not asked for?",
            "Resources that the API lists and that no probe follows, by kind: more than "
            "`resources.max`, or with an id that cannot stand in a path. Normal: none, or what "
            "`max` leaves out on purpose. The log names the surface of odd ids.",
            "suffix: resources",
            empty="no list was read yet",
            size=(24, 7),
        ),
        Query(
            highest(
                f"max by ({per('target', 'kind')}) (oran_mano_resources_unfollowed{{{TARGET}}})"
            ),
            f"{called('target')}: {{{{kind}}}}",
        ),
    ),
    events(
        About(
            "Which answers are odd, and read all the same?",
            "Answers in a minute with broken text (half an emoji, no UTF-8), with numbers that "
            "are none, or in another encoding, by component. Their runs are well. Normal: none; "
            "whoever serves or enters such data mends it. The log names the surface.",
            "suffix: answers/min",
            empty="no odd answer is known",
            size=(24, 7),
        ),
        Query(
            highest(a_minute("oran_mano_body_oddities_total", per("target", "component", "kind"))),
            f"{called('target', 'component')}: {{{{kind}}}}",
        ),
    ),
)

BOARD: Final = Board(
    Page.SLO,
    "How much error budget is left, how fast does it go, and what spends it?",
    (
        Row("How much budget is left?", BUDGET),
        Row("How fast is it spent?", SPEED),
        Row("How well is the API, and how well do we know?", WELL),
        Row("What spends it?", SPENT),
        Row("What do we not see, though no run fails?", UNSEEN),
    ),
    surfaces=True,
    since="now-24h",
)
