"""What a running exporter was started with, beside its configuration."""

from dataclasses import dataclass
from pathlib import Path

from exporter.traces.otlp.settings import Settings
from exporter.web.listen_address import ListenAddress


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says beside the configuration."""

    listen: ListenAddress
    telemetry_path: str = "/metrics"
    enable_lifecycle: bool = False
    auto_reload_interval: float = 0.0
    """Seconds; 0 is never."""
    config_file: Path | None = None
    tolerate_errors: bool = False
    """Stay up while there is no configuration that can be used."""
    traces: Settings | None = None
    """Where spans go; nowhere by default."""
