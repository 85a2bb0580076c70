"""Health, metrics and the measurements of slices."""

from typing import Final

from exporter.simulator import fields
from exporter.simulator.exchange import TEXT, OperationCall, Reply
from exporter.simulator.fields import TIMEFRAMES
from exporter.simulator.knobs import Knobs, last_fit
from exporter.simulator.motion import stamp, wave
from exporter.simulator.operation import Operation
from exporter.simulator.problems import not_found
from exporter.simulator.world import World

_COMPONENTS: Final = ("database", "redis", "message_queue")
_OTHERS_PER_SECOND: Final = 5  # requests of the system's other clients in its own metrics


def health(world: World, call: OperationCall) -> Reply:
    """GET /monitoring/health."""
    knobs = call.knobs
    return Reply(
        200,
        {
            "status": "unhealthy" if knobs.unhealthy else "healthy",
            "timestamp": stamp(world.started if knobs.frozen_health else call.now),
            "version": knobs.version or "1.0.0",
            "components": {
                name: "unhealthy" if name in knobs.unhealthy else "healthy" for name in _COMPONENTS
            },
        },
    )


def metrics(world: World, call: OperationCall) -> Reply:
    """GET /monitoring/metrics: the system's own, in the text format of Prometheus."""
    up = call.now - world.started
    served = dict(world.served)
    served["GET", 200] = served.get(("GET", 200), 0) + 1024 + int(up * _OTHERS_PER_SECOND)
    counts = [
        f'http_requests_total{{method="{method}",status="{status}"}} {count}'
        for (method, status), count in sorted(served.items())
    ]
    lines = [
        "# HELP http_requests_total Total number of HTTP requests",
        "# TYPE http_requests_total counter",
        *counts,
        "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds",
        "# TYPE process_cpu_seconds_total counter",
        f"process_cpu_seconds_total {12 + up * 0.07:.3f}",
        "# HELP process_start_time_seconds Start time of the process since unix epoch in seconds",
        "# TYPE process_start_time_seconds gauge",
        f"process_start_time_seconds {world.started:.3f}",
        "# HELP oran_mano_server_intents Number of intents",
        "# TYPE oran_mano_server_intents gauge",
        f"oran_mano_server_intents {len(world.intents)}",
        "# HELP oran_mano_server_vnfs Number of VNFs",
        "# TYPE oran_mano_server_vnfs gauge",
        f"oran_mano_server_vnfs {len(world.vnfs)}",
    ]
    return Reply(200, ("\n".join(lines) + "\n").encode(), TEXT)


def slice_metrics(world: World, call: OperationCall) -> Reply:
    """GET /monitoring/slices/{sliceId}/metrics: the id of a deployed intent names its slice."""
    ident = call.ids["sliceId"]
    intent = world.intents.get(ident)
    if intent is None or intent["status"] != "deployed":
        return not_found("slice", ident)
    missed = _missed(call.knobs, ident)

    def measured(objective: str, well: tuple[float, float], ill: tuple[float, float]) -> float:
        low, high = ill if objective in missed else well
        return wave(f"{ident}/{objective}", call.now, low, high)

    target = intent["latency"]
    latency = target * measured("latency", (0.5, 0.75), (1.3, 1.7))
    allocated = intent["bandwidth"] * (0.6 if "bandwidth" in missed else 1.0)
    current = allocated * wave(f"{ident}/load", call.now, 0.4, 0.85)
    reliability = intent.get("reliability", 0.99)
    uptime = reliability + (1 - reliability) * 0.6
    if "reliability" in missed:
        uptime = reliability - 0.01
    timeframe = call.query["timeframe"]
    loss = intent.get("packet_loss", 0.01) * measured("packet_loss", (0.1, 0.5), (2, 4))
    return Reply(
        200,
        {
            "slice_id": ident,
            "timeframe": timeframe,
            "bandwidth_utilization": {
                "current_mbps": round(current, 3),
                "allocated_mbps": allocated,
                "utilization_percent": round(100 * current / allocated, 2),
                "peak_mbps": round(allocated * 0.95, 3),
            },
            "latency": {
                "current_ms": round(latency, 3),
                "target_ms": target,
                "percentile_95_ms": round(latency * 1.15, 3),
                "percentile_99_ms": round(latency * 1.25, 3),
            },
            "throughput": {
                "rx_mbps": round(current * 0.6, 3),
                "tx_mbps": round(current * 0.4, 3),
                "rx_packets_per_sec": round(current * 55),
                "tx_packets_per_sec": round(current * 37),
            },
            "quality": {
                "packet_loss_rate": round(min(1.0, loss), 6),
                "jitter_ms": round(
                    intent.get("jitter", 5) * measured("jitter", (0.2, 0.7), (1.5, 2.5)), 3
                ),
                "error_rate": wave(f"{ident}/errors", call.now, 0.0, 0.002),
            },
            "availability": {
                "uptime_percent": round(100 * uptime, 5),
                "downtime_seconds": round((1 - uptime) * TIMEFRAMES[timeframe]),
                "sla_compliance": not missed,
            },
            "timestamp": stamp(call.now),
        },
    )


def _missed(knobs: Knobs, ident: str) -> tuple[str, ...]:
    return last_fit(knobs.breach, ident) or ()


OPERATIONS: Final = (
    Operation(
        surface="monitoring.health",
        method="GET",
        path="/monitoring/health",
        rate_class="monitoring",
        handler=health,
        bearer=False,
        typical_ms=3,
    ),
    Operation(
        surface="monitoring.metrics",
        method="GET",
        path="/monitoring/metrics",
        rate_class="monitoring",
        handler=metrics,
        bearer=False,
        typical_ms=6,
    ),
    Operation(
        surface="monitoring.slices.metrics",
        method="GET",
        path="/monitoring/slices/{sliceId}/metrics",
        rate_class="monitoring",
        handler=slice_metrics,
        query=fields.TIMEFRAME_QUERY,
        typical_ms=16,
    ),
)
