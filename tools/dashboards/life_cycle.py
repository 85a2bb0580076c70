"""API life cycle: versions, announced ends, contradictions, and certificates."""

from typing import Final

from tools.dashboards.board import Board, Row
from tools.dashboards.pages import Page, from_cell, from_series, runbook
from tools.dashboards.panels import About, Steps, bars, lines, timeline
from tools.dashboards.queries import BANDS, COMPONENT, EACH, Query, called, lowest, per
from tools.dashboards.tables import Column, First, Labels, rows

PART: Final = per("target", "component")
NAME: Final = called("target", "component")
BARS: Final = 8
"""How many bars a panel has room for."""
DAY: Final = 86400
SILENT: Final = "the API announces nothing"
NEVER: Final = 10**11
"""Seconds to an end that was not announced: an empty cell would be sorted to the top."""
SOON: Final[Steps] = ((None, "red"), (30 * DAY, "orange"), (90 * DAY, "green"))
"""The policy promises half a year; the alert comes three months before."""
ENDING: Final[Steps] = ((None, "red"), (7 * DAY, "orange"), (21 * DAY, "green"))


def _date(what: str, of: str = PART) -> str:
    return f"min by ({of}) (oran_mano_{what}_timestamp_seconds{{{COMPONENT}}})"


def _first(what: str) -> str:
    """Of each target, for most have one date for all components: eight bars would be one target."""
    return _date(what, EACH)


TOLD: Final = (
    rows(
        About(
            "Which versions are there, and until when?",
            "What the headers of each component said last. Empty cells were not announced. "
            "Normal: one version, no dates. Else plan the move before the end.",
            "short",
            empty=SILENT,
            size=(12, 8),
            more=(runbook("ApiDeprecated"), runbook("ApiSunsetNear")),
        ),
        Labels(
            ("target", "component", "api_version"),
            links={"component": (from_cell(Page.ON_CALL, "target", "component"),)},
        ),
        (
            Column(
                "Version",
                f"max by ({PART}, api_version) (oran_mano_api_version_info{{{COMPONENT}}})",
                "none",
                shown=False,
            ),
            Column("Deprecated", f"{_date('api_deprecation')} * 1000", "dateTimeAsIso"),
            Column("Ends", f"{_date('api_sunset')} * 1000", "dateTimeAsIso"),
            Column(
                "Left",
                f"({_date('api_sunset')} - time())\n"
                f"or on ({PART})\n"
                f"{NEVER} + 0 * max by ({PART}) (oran_mano_api_version_info{{{COMPONENT}}})",
                "s",
                SOON,
                states={NEVER: ("not announced", "text")},
            ),
        ),
        First("Left"),
    ),
    lines(
        About(
            "When did versions change?",
            "How many components tell each version. A line that takes over from another is an "
            "upgrade; two that go on side by side are a half upgraded API.",
            "suffix: components",
            empty=SILENT,
            size=(12, 8),
        ),
        Query(
            f"count by ({per('target', 'api_version')}) "
            f"(max by ({PART}, api_version) (oran_mano_api_version_info{{{COMPONENT}}}))",
            called("target", "api_version"),
        ),
    ),
)

ENDS: Final = (
    bars(
        About(
            "How long until a component is switched off?",
            "Time to the first announced sunset of each target; negative when it has passed and "
            "the API may end any moment. Normal: nothing announced. Below 90 days, ApiSunsetNear "
            f"fires. Of many, the {BARS} that end first.",
            "s",
            empty="no end is announced",
            size=(12, 7),
            more=(runbook("ApiSunsetNear"),),
            steps=SOON,
        ),
        Query(f"sort(bottomk({BARS}, {_first('api_sunset')} - time()))", called("target")),
    ),
    bars(
        About(
            "For how long is a component deprecated?",
            "Time since the first announced deprecation of each target; negative while it is yet "
            "to come. Normal: nothing announced. Find the successor in the API's own notes. Of "
            f"many, the {BARS} that were deprecated first.",
            "s",
            empty="no deprecation is announced",
            size=(12, 7),
            more=(runbook("ApiDeprecated"),),
            steps=((None, "green"), (0, "orange")),
        ),
        Query(f"sort_desc(topk({BARS}, time() - {_first('api_deprecation')}))", called("target")),
    ),
)

WRONG: Final = (
    timeline(
        About(
            "What is wrong with what is announced?",
            "Problems of versions and dates that were there in the time range, and when. Normal: "
            "none. `withdrawn` and `sunset_moved_earlier` want a call to those who run the API. Of "
            f"many, the {BANDS} that lasted longest.",
            "none",
            empty="nothing wrong is known in this time",
            size=(24, 7),
            links=(from_series(Page.ON_CALL, "target", "component"),),
            more=(runbook("ApiNoticeBelowPolicy"),),
        ),
        Query(
            f"max by ({PART}, reason) (oran_mano_api_lifecycle_problem{{{COMPONENT}}})\n"
            f"and on ({PART}, reason)\n"
            f"topk({BANDS}, max by ({PART}, reason) "
            f"(avg_over_time(oran_mano_api_lifecycle_problem{{{COMPONENT}}}[$__range] @ end()))) "
            "> 0",
            f"{NAME}: {{{{reason}}}}",
        ),
        states={0: ("no problem", "green"), 1: ("problem", "red")},
    ),
)

PAPERS: Final = (
    bars(
        About(
            "How long are certificates good?",
            "Time to the first end of a certificate that a target presents; negative when it "
            "has expired. Below 21 days, CertificateExpiring fires: have it renewed. Of many, the "
            f"{BARS} that end first.",
            "s",
            empty="no certificate seen: plain HTTP, or no answer yet",
            size=(24, 7),
            more=(runbook("CertificateExpiring"), runbook("CertificateExpired")),
            steps=ENDING,
        ),
        Query(
            f"sort(bottomk({BARS}, {_first('tls_certificate_expiry')} - time()))", called("target")
        ),
    ),
    lines(
        About(
            "When were certificates renewed?",
            "The same over time: it falls a day each day and jumps with each renewal. One that "
            "jumps back and forth is a replica with another certificate.",
            "s",
            empty="no certificate seen: plain HTTP, or no answer yet",
            size=(24, 7),
            more=(runbook("CertificateExpiring"),),
            steps=ENDING,
        ),
        Query(lowest(f"{_first('tls_certificate_expiry')} - time()"), called("target")),
        low_is_bad=True,
    ),
)

BOARD: Final = Board(
    Page.LIFE_CYCLE,
    "Which version of the API is there, when does it end, and do its certificates last?",
    (
        Row("Which versions does the API tell?", TOLD),
        Row("How long until it ends?", ENDS),
        Row("Does what it announces make sense?", WRONG),
        Row("When do certificates end?", PAPERS),
    ),
    since="now-7d",
)
