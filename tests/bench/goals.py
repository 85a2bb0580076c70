"""What the exporter is to reach: the one place where that is written down."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

OURS: Final = "exporter"
BLACKBOX: Final = "blackbox_exporter"
PLAIN: Final = "plain exporter"
GOLANG: Final = "client_golang"
SDK: Final = "OpenTelemetry SDK"
BARE: Final = "imports of libraries"


class Goal(NamedTuple):
    """No more than a limit, of the value in its unit or of the ratio to the peer's."""

    of: Literal["value", "ratio"]
    limit: float

    def told(self, unit: str) -> str:
        """In a few words; ``unit`` as it stands behind a value."""
        return f"<= {self.limit:g}{unit}" if self.of == "value" else f"ratio <= {self.limit:g}"


GOALS: Final[Mapping[tuple[str, str], Goal]] = {
    ("CPU per run, keep-alive", BLACKBOX): Goal("ratio", 0.35),
    ("CPU per run, keep-alive", PLAIN): Goal("ratio", 0.70),
    ("CPU per run, new connections", BLACKBOX): Goal("ratio", 0.70),
    ("CPU per run, HTTPS", BLACKBOX): Goal("ratio", 0.30),
    ("CPU per run, 1000 surfaces", "100 surfaces"): Goal("ratio", 1.15),
    ("CPU per run, 5000 surfaces", "1000 surfaces"): Goal("ratio", 1.15),
    ("runs lost, keep-alive", PLAIN): Goal("value", 0),
    ("runs lost, scraper on other cores", PLAIN): Goal("value", 0),
    ("lateness p99, keep-alive", ""): Goal("value", 4),
    ("lateness p99, scraper on other cores", ""): Goal("value", 2),
    ("longest block by a scrape", PLAIN): Goal("value", 1),
    ("CPU of a scrape, gzip", GOLANG): Goal("ratio", 0.35),
    ("CPU of a scrape, text", GOLANG): Goal("ratio", 0.45),
    ("CPU of a span", SDK): Goal("ratio", 0.35),
    ("memory, 1000 targets", BLACKBOX): Goal("value", 80),
    ("memory, 50 surfaces, traces", ""): Goal("value", 52),
    ("memory, imports alone", BARE): Goal("value", 36),
    ("start to first metrics, 1 target", BARE): Goal("value", 200),
    ("start to first metrics, 1000 targets", BARE): Goal("value", 500),
    ("sidecar, CPU", ""): Goal("value", 0.3),
    ("sidecar, memory", ""): Goal("value", 54),
}
"""By figure and peer. Whatever else is known, a figure that is here has to be measured."""
SUMS: Final = "unaccounted for"
"""Begins the figures that have to be 0, or what was measured means nothing."""
