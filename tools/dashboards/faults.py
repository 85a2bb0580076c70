"""Whose fault it is: each reason of a failure or of a skip, by who can mend it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tools.dashboards.queries import COMPONENT, KEY, count_or_zero


@dataclass(frozen=True)
class Fault:
    """Somebody who can mend it, and by which reasons that is known."""

    who: str
    reasons: tuple[str, ...]
    skips: tuple[str, ...]

    def count(self) -> str:
        """How many surfaces suffer from it: they fail, or are not even asked."""
        suffering = [self._failing(), *([self._skipped()] if self.skips else [])]
        inside = "\n  or\n  ".join(suffering)
        return count_or_zero(f"\n  {inside}\n", of=f"oran_mano_surface_info{{{COMPONENT}}}")

    def _failing(self) -> str:
        reasons = "|".join(self.reasons)
        return (
            f'max by ({KEY}) (oran_mano_probe_failure_reason{{{COMPONENT}, reason=~"{reasons}"}})'
        )

    def _skipped(self) -> str:
        skips = "|".join(self.skips)
        counter = f'oran_mano_probe_skipped_total{{{COMPONENT}, reason=~"{skips}"}}'
        return f"sum by ({KEY}) (increase({counter}[10m])) > 0"


API: Final = Fault(
    "API",
    (
        *("http_5xx", "http_4xx", "not_found", "conflict", "validation", "read_timeout"),
        *("protocol", "redirect", "too_large", "body_invalid", "schema_mismatch"),
        *("check_failed", "slow", "unhealthy", "tls_verify", "tls_expired"),
    ),
    ("circuit_open", "overrun"),
)
NETWORK: Final = Fault(
    "network",
    ("dns", "connect_refused", "connect_timeout", "tls_handshake", "reset"),
    (),
)
TOKEN: Final = Fault("token", ("auth_rejected", "forbidden"), ("no_token",))
QUOTA: Final = Fault("quota", ("throttled",), ("budget", "retry_after"))
EXPORTER: Final = Fault("exporter", ("internal",), ("misfire",))
FAULTS: Final = (API, NETWORK, TOKEN, QUOTA, EXPORTER)
NOBODYS: Final = ("no_resource", "not_leader", "shutdown")
"""Skips that are as they should be."""


def blamed(expr: str) -> str:
    """The expression with one more label, ``fault``, made of its ``reason``."""
    for fault in FAULTS:
        expr = (
            f'label_replace({expr}, "fault", "{fault.who}", "reason", "{"|".join(fault.reasons)}")'
        )
    return expr


def reasons() -> Iterator[str]:
    """All that somebody can mend."""
    for fault in FAULTS:
        yield from fault.reasons
        yield from fault.skips
