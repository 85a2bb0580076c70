"""Cases of ``slo.rules.yaml``, and what an outage does to all that tell of one."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from tests.bundle.case import Case, Play, cases
from tests.bundle.cases.api import PAGE, TICKET, always, every, refreshes, within
from tests.bundle.stage import LIST, Outcome, Stage

AVAILABILITY: Final = {**LIST, "slo": "availability"}
LATENCY: Final = {**LIST, "slo": "latency"}
Span: TypeAlias = tuple[int, int]
LONG: Final = Stage(360, scrape=60)
UNEVEN: Final[Mapping[Outcome, int]] = {"fail": 30, "slow": 29}
"""Seconds between runs: of so many the share is never exactly what a rule compares it with, which
versions of Prometheus round differently."""


def one_surface(outcome: Callable[[int], Outcome], interval: int = 30, *, slo: bool = True) -> Play:
    return lambda stage: stage.surface(outcome, interval, slo=slo)


def some(nth: int, outcome: Outcome) -> Callable[[int], Outcome]:
    """Each nth run between the first hour and the fourth."""
    return lambda second: every(nth, outcome)(second) if 3600 <= second < 14_400 else "ok"


def fast() -> Iterator[Case]:
    for name, labels, outcome, window, nth, firing in FAST:
        histories = (
            one_surface(within(outcome), UNEVEN[outcome]),
            one_surface(every(nth, outcome)),
            one_surface(always(outcome), slo=False),
        )
        yield from cases(name, {**PAGE, **labels, "window": window}, firing, histories)
        few = Stage(120).surface(within(outcome, 20, 30), 300)
        yield Case(name, "below", few, PAGE, why=f"two bad runs in {window}")
    ignorant = Stage(120).surface(lambda second: "fail" if second // 30 % 5 < 2 else "budget")
    yield Case(
        "AvailabilityBudgetBurnFast", "below", ignorant, PAGE, why="three in five runs unknown"
    )


def others() -> Iterator[Case]:
    """What is no failure of the API, or wakes nobody."""
    name = PAGES[0]
    for alert in PAGES:
        ours = Stage(120).surface(every(2, "internal"))
        yield Case(alert, "below", ours, PAGE, why="half of it is the exporter's own fault")
    refused = refreshes(within("rejected"))(Stage(120))
    yield Case(name, "below", refused, PAGE, why="refreshes are refused and logins work")


PAGES: Final = ("AvailabilityBudgetBurnFast", "LatencyBudgetBurnFast")
FAST: Final[tuple[tuple[str, dict[str, str], Outcome, str, int, Span], ...]] = (
    (PAGES[0], AVAILABILITY, "fail", "1h", 20, (29, 83)),
    (PAGES[0], AVAILABILITY, "fail", "6h", 20, (30, 110)),
    (PAGES[1], LATENCY, "slow", "1h", 4, (69, 81)),
    (PAGES[1], LATENCY, "slow", "6h", 4, (37, 104)),
)


def slow() -> Iterator[Case]:
    for name, labels, outcome, window, nth, below, firing, missed, restart in SLOW:
        histories = (
            one_surface(some(nth, outcome), UNEVEN[outcome]),
            one_surface(every(below, outcome)),
            one_surface(always(outcome), slo=False),
        )
        expected = {**TICKET, **labels, "window": window}
        spans = {"missed": missed, "restart": restart}
        yield from cases(name, expected, firing, histories, on=LONG, **spans)


TICKETS: Final = ("AvailabilityBudgetBurnSlow", "LatencyBudgetBurnSlow")
SLOW: Final[tuple[tuple[str, dict[str, str], Outcome, str, int, int, Span, Span, Span], ...]] = (
    (TICKETS[0], AVAILABILITY, "fail", "1d", 20, 240, (195, 262), (195, 261), (195, 261)),
    (TICKETS[0], AVAILABILITY, "fail", "3d", 60, 240, (195, 293), (195, 293), (195, 293)),
    (TICKETS[1], LATENCY, "slow", "1d", 3, 40, (159, 275), (159, 275), (159, 275)),
    (TICKETS[1], LATENCY, "slow", "3d", 8, 40, (135, 359), (135, 359), (135, 359)),
)


def outages() -> Iterator[Case]:
    """An hour without an answer, from minute 20 to 80; a breaker that opens changes nothing."""
    expected = (
        ("TargetDown", PAGE),
        ("SurfaceFailing", {**TICKET, **LIST}),
        ("AvailabilityBudgetBurnFast", {**PAGE, **AVAILABILITY, "window": "1h"}),
    )
    for interval, spans in OUTAGES.items():
        for (alert, labels), span in zip(expected, spans, strict=True):
            for outcome, how in ((within("fail"), ""), (_breaker(interval), ", breaker open")):
                stage = Stage(120, scrape=15).surface(outcome, interval)
                yield Case(alert, "outage", stage, labels, span, f"every {interval} s{how}")
    for alert in (*(alert for alert, _ in expected), "AvailabilityBudgetBurnSlow"):
        single = Stage(360).surface(within("fail", 120, 125), 300)
        yield Case(alert, "below", single, {}, why="one failure at a probe every 5 minutes")


OUTAGES: Final = {
    15: ((26, 85), (28, 80), (29, 84)),
    30: ((26, 85), (28, 80), (29, 83)),
    300: ((36, 86), (38, 81), (37, 93)),
}


def _breaker(interval: int) -> Callable[[int], Outcome]:
    """After five failures, seven of ten runs are skipped."""

    def outcome(second: int) -> Outcome:
        run = (second - 1200) // interval
        if not 1200 <= second < 4800:
            return "ok"
        return "circuit_open" if run >= 5 and run % 10 < 7 else "fail"

    return outcome


CASES: Final = [*fast(), *slow(), *others(), *outages()]
