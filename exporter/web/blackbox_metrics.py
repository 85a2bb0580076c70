"""A run under the names of blackbox_exporter, for what already knows these."""

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporter.model.observation import Call, Phases, Run, Transport
from exporter.report.run_text import tls_name

_HELP: Final = {
    "probe_success": "Whether the surface is well (1) or not (0)",
    "probe_duration_seconds": "Seconds that the probe took",
    "probe_http_duration_seconds": "Seconds in each phase of the request; 0: not reached",
    "probe_dns_lookup_time_seconds": "Seconds that the look-up of the host's name took",
    "probe_http_status_code": "HTTP status of the answer; 0: there was none",
    "probe_http_ssl": "Whether the answer came over TLS",
    "probe_http_version": "HTTP version of the answer; 0: there was none",
    "probe_http_redirects": "Redirects that were followed",
    "probe_http_uncompressed_body_length": "Bytes of the body, decompressed",
    "probe_ip_protocol": "Internet protocol that was used, 4 or 6; 0: there was no connection",
    "probe_ssl_earliest_cert_expiry": "When the first certificate of the chain ends, Unix time",
    "probe_tls_version_info": "TLS version that was used, as a label",
}


class BlackboxFamilies(Collector):
    """Families of one run.

    What blackbox_exporter always has is always there, and 0 where it was not reached, as rules
    compare with that (``probe_http_status_code <= 199``).
    """

    def __init__(self, run: Run) -> None:
        """Hold the run."""
        self._run = run

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The families, by name."""
        return [_family(name, value) for name, value in _plain(self._run)] + [
            _labelled(name, label, values) for name, label, values in _by_label(self._run)
        ]


def _family(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, _HELP[name], value)


def _labelled(name: str, label: str, values: dict[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, _HELP[name], labels=[label])
    for value, measured in values.items():
        family.add_metric([value], measured)
    return family


def _plain(run: Run) -> Iterator[tuple[str, float]]:
    call = run.deciding
    carried = (call and call.transport) or Transport()
    yield "probe_success", float(run.reason is None)
    yield "probe_duration_seconds", run.duration
    yield "probe_dns_lookup_time_seconds", (call and call.phases.dns) or 0.0
    yield "probe_http_status_code", (call and call.status) or 0
    yield "probe_http_ssl", float(carried.tls is not None)
    yield "probe_http_version", _number(carried.http)
    yield "probe_http_redirects", carried.redirects
    yield "probe_http_uncompressed_body_length", (call and call.response_bytes) or 0
    yield "probe_ip_protocol", carried.ip_protocol or 0
    if call is not None and call.certificate_expiry is not None:
        yield "probe_ssl_earliest_cert_expiry", call.certificate_expiry


def _by_label(run: Run) -> Iterator[tuple[str, str, dict[str, float]]]:
    call = run.deciding
    if call is None:
        return
    yield "probe_http_duration_seconds", "phase", _phases(call)
    if call.transport is not None and call.transport.tls is not None:
        yield "probe_tls_version_info", "version", {tls_name(call.transport.tls): 1.0}


def _phases(call: Call) -> dict[str, float]:
    """Those of blackbox_exporter; after a name that cannot be resolved it has the first alone."""
    phases = call.phases
    resolved = {"resolve": phases.dns or 0.0}
    if phases == Phases(queue=phases.queue, dns=phases.dns) and phases.dns is not None:
        return resolved
    return resolved | {
        "connect": phases.connect or 0.0,
        "tls": phases.tls or 0.0,
        "processing": (phases.send or 0.0) + (phases.wait or 0.0),
        "transfer": phases.receive or 0.0,
    }


def _number(version: str | None) -> float:
    return 0.0 if version is None else float(version)
