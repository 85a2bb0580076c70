"""Where each page is. That of the metrics may be anywhere else, `/` too."""

from typing import Final

from exporter.report.advice import PAGE

HEALTHY: Final = "/-/healthy"
READY: Final = "/-/ready"
RELOAD: Final = "/-/reload"
PROBE: Final = "/probe"
LOGS: Final = "/logs"
CONFIG: Final = "/config"
REASONS: Final = PAGE
STATUS: Final = "/api/v1/status"

PAGES: Final = (HEALTHY, READY, RELOAD, PROBE, LOGS, CONFIG, REASONS, STATUS)
