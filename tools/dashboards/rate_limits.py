"""Rate limits: what is left, who is refused, and what the exporter itself uses."""

from typing import Final

from tools.dashboards.board import Board, Row
from tools.dashboards.pages import REASONS, Page, from_series, runbook
from tools.dashboards.panels import SHARE, About, events, lines
from tools.dashboards.queries import (
    COMPONENT,
    SHOWN,
    TARGET,
    Query,
    a_minute,
    called,
    highest,
    lowest,
    per,
)
from tools.dashboards.tables import Column, First, Labels, rows

QUOTA: Final = per("target", "rate_class", "credential")
LEGEND: Final = f"{called('target', 'rate_class')} ({{{{credential}}}})"
LITTLE: Final = ((None, "red"), (0.1, "orange"), (0.25, "green"))


def _told(word: str, by: str = "min") -> str:
    return f"{by} by ({QUOTA}) (oran_mano_rate_limit_{word}{{{TARGET}}})"


LEFT_OF: Final = f"{_told('remaining_requests')}\n/ {_told('limit_requests')}"

LEFT: Final = (
    lines(
        About(
            "What share of each quota is left?",
            "Requests left in the window by those allowed, as the server last told. Normal: a saw "
            "that never touches the ground. Below a tenth the next burst is refused: see who asks. "
            f"Of many quotas, the {SHOWN} that were lowest.",
            "percentunit",
            empty="the server sent no rate-limit headers",
            size=(24, 7),
            more=(runbook("RateClassThrottled"),),
            steps=LITTLE,
        ),
        Query(lowest(LEFT_OF), LEGEND),
        axis=SHARE,
        low_is_bad=True,
    ),
    rows(
        About(
            "What does the server say now?",
            "The newest rate-limit headers of each class. `Told` is how old they are: they stay "
            "until their window ends.",
            "short",
            empty="the server sent no rate-limit headers",
            size=(24, 7),
        ),
        Labels(("target", "rate_class", "credential")),
        (
            Column("Left", _told("remaining_requests"), "none"),
            Column("Allowed", _told("limit_requests"), "none"),
            Column("Share left", LEFT_OF, "percentunit", LITTLE),
            Column(
                "Window ends",
                f"{_told('reset_timestamp_seconds', 'max')} * 1000",
                "dateTimeFromNow",
            ),
            Column(
                "Told",
                f"{_told('last_sample_timestamp_seconds', 'max')} * 1000",
                "dateTimeFromNow",
            ),
        ),
        First("Share left"),
    ),
)

REFUSED: Final = (
    events(
        About(
            "How many answers were 429, in which class?",
            "Refused requests of this exporter in a minute, whoever in it asked. Normal: 0. Else "
            "lower its share or its intervals, or find out who else uses the account.",
            "suffix: answers/min",
            size=(24, 7),
            more=(runbook("RateClassThrottled"),),
        ),
        Query(
            highest(a_minute("oran_mano_rate_limit_throttled_responses_total", QUOTA, TARGET)),
            LEGEND,
        ),
    ),
    events(
        About(
            "Which surfaces were refused?",
            "Runs in a minute that were answered 429. Normal: 0. They do not count against "
            "availability, but what they would have told is not known.",
            "suffix: runs/min",
            empty="none is known in this time",
            size=(24, 7),
            links=(from_series(Page.LATENCY, "target", "surface"),),
        ),
        Query(
            highest(f"{a_minute('oran_mano_probe_throttled_total', per('target', 'surface'))} > 0"),
            called("target", "surface"),
        ),
    ),
)

PROMISED: Final = (
    lines(
        About(
            "Does the server allow what is documented?",
            "Requests in a window that the headers allow, by those that the documentation "
            "promises. Normal: 100 %. Less is a matter for those who run the API. Of many quotas, "
            f"the {SHOWN} lowest.",
            "percentunit",
            empty="the server sent no rate-limit headers",
            size=(24, 7),
        ),
        Query(
            lowest(f"{_told('limit_requests')}\n/ {_told('documented_requests', 'max')}"), LEGEND
        ),
        axis=SHARE,
        low_is_bad=True,
    ),
)

OWN: Final = (
    lines(
        About(
            "What does the exporter send?",
            "Requests on the wire in a second, probes and logins and all. Normal: even. A step "
            "follows a change of the configuration or of the number of resources. Of many "
            f"endpoints, the {SHOWN} most asked.",
            "reqps",
            size=(24, 7),
        ),
        Query(
            highest(
                f"sum by ({per('target', 'endpoint')}) "
                f"(rate(oran_mano_api_requests_total{{{TARGET}}}[$__rate_interval]))"
            ),
            called("target", "endpoint"),
        ),
    ),
    events(
        About(
            "Which runs did it forgo to save quota?",
            "Runs in a minute that were skipped because our own share was spent (`budget`) or the "
            "server asked to wait (`retry_after`). Normal: 0. Else fewer surfaces or longer "
            f"intervals are due. {REASONS}",
            "suffix: runs/min",
            empty="none is known in this time",
            size=(24, 7),
            links=(from_series(Page.EXPORTER, "target"),),
            more=(runbook("RunsSkipped"),),
        ),
        Query(
            highest(
                a_minute(
                    "oran_mano_probe_skipped_total",
                    per("target", "component", "reason"),
                    f'{COMPONENT}, reason=~"budget|retry_after"',
                )
                + " > 0"
            ),
            f"{called('target', 'component')}: {{{{reason}}}}",
        ),
    ),
)

BOARD: Final = Board(
    Page.RATE_LIMITS,
    "How much may still be asked, who is refused, and who uses it up?",
    (
        Row("How much is left?", LEFT),
        Row("Are requests refused?", REFUSED),
        Row("Does the server keep its promise?", PROMISED),
        Row("How much does the exporter itself use?", OWN),
    ),
    since="now-1h",
)
