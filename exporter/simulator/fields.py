"""What requests have to look like: the request schemas of the API's document, as tables."""

import re
from collections.abc import Mapping
from typing import Final

from exporter.simulator.validate import FieldRule

SLICE_TYPES: Final = ("eMBB", "uRLLC", "mIoT", "balanced")
INTENT_STATES: Final = ("planned", "deployed", "failed", "deleting")
VNF_STATES: Final = ("Pending", "Creating", "Running", "Failed", "Deleting")
VNF_TYPES: Final = (
    *("UPF", "AMF", "SMF", "PCF", "UDM", "AUSF", "NSSF", "NEF", "NRF"),
    *("gNB", "CU", "DU", "RU", "RAN", "CN", "TN"),
)
TIMEFRAMES: Final = {"1h": 3600, "6h": 21600, "24h": 86400, "7d": 604800}
EVENTS: Final = (
    *("deployment.started", "deployment.completed", "deployment.failed"),
    *("slice.created", "slice.deployed", "slice.failed", "slice.deleted"),
)

_TEXT = FieldRule(kind="string")
_TEXTS = FieldRule(kind="array", items=_TEXT)
_FLAG = FieldRule(kind="boolean")
_URI = FieldRule(kind="string", uri=True)
_ANYTHING = FieldRule(kind="object")
_COUNT = FieldRule(kind="integer", low=1)
_SLICE_TYPE = FieldRule(kind="string", choices=SLICE_TYPES)
_CLOUD = FieldRule(kind="string", choices=("edge", "regional", "central"))

_PROMISE: Mapping[str, FieldRule] = {
    "latency": FieldRule(kind="number", low=1, high=1000),
    "slice_type": _SLICE_TYPE,
    "jitter": FieldRule(kind="number", low=0, high=100),
    "packet_loss": FieldRule(kind="number", low=0, high=1),
    "reliability": FieldRule(kind="number", low=0.95, high=0.99999),
}

LOGIN = FieldRule(
    kind="object",
    required=("username", "password"),
    fields={"username": _TEXT, "password": _TEXT},
)

REFRESH = FieldRule(kind="object", required=("refresh_token",), fields={"refresh_token": _TEXT})

INTENT = FieldRule(
    kind="object",
    required=("bandwidth", "latency", "slice_type"),
    fields={"bandwidth": FieldRule(kind="number", low=1, high=10000), **_PROMISE},
)

PLAN = FieldRule(
    kind="object",
    fields={"intents": FieldRule(kind="array", items=INTENT), "dry_run": _FLAG},
)

# The document requires nothing here; a deployment of no plan means nothing, so the plan's name is
# asked for by the handler, after the schema.
DEPLOY = FieldRule(kind="object", fields={"plan_id": _TEXT, "force": _FLAG})

_AFFINITY = FieldRule(
    kind="object",
    required=("type", "scope", "target"),
    fields={
        "type": FieldRule(kind="string", choices=("affinity", "anti-affinity")),
        "scope": FieldRule(kind="string", choices=("host", "rack", "zone", "region")),
        "target": _TEXT,
    },
)

VNF = FieldRule(
    kind="object",
    required=("name", "type", "version", "qos", "placement", "image"),
    fields={
        "name": FieldRule(
            kind="string",
            shortest=1,
            longest=63,
            pattern=re.compile("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"),
        ),
        "type": FieldRule(kind="string", choices=VNF_TYPES),
        "version": _TEXT,
        "qos": FieldRule(
            kind="object",
            required=("bandwidth", "latency"),
            fields={"bandwidth": FieldRule(kind="number", low=1, high=5000), **_PROMISE},
        ),
        "placement": FieldRule(
            kind="object",
            required=("cloud_type",),
            fields={
                "cloud_type": _CLOUD,
                "region": _TEXT,
                "zone": _TEXT,
                "site": _TEXT,
                "preferred_zones": _TEXTS,
                "affinity_rules": FieldRule(kind="array", items=_AFFINITY),
            },
        ),
        "target_clusters": _TEXTS,
        "resources": FieldRule(
            kind="object",
            fields={
                "cpu_cores": _COUNT,
                "memory_gb": _COUNT,
                "storage_gb": _COUNT,
                "gpu": FieldRule(
                    kind="object", required=("count",), fields={"count": _COUNT, "type": _TEXT}
                ),
            },
        ),
        "config": FieldRule(kind="object", values=_TEXT),
        "image": FieldRule(
            kind="object",
            required=("repository", "tag"),
            fields={
                "repository": _TEXT,
                "tag": _TEXT,
                "pull_policy": FieldRule(
                    kind="string", choices=("Always", "IfNotPresent", "Never")
                ),
                "pull_secrets": _TEXTS,
            },
        ),
    },
)

SCALE = FieldRule(
    kind="object",
    required=("replicas",),
    fields={"replicas": FieldRule(kind="integer", low=0, high=100)},
)

AGENT = FieldRule(
    kind="object",
    required=("name", "endpoint"),
    fields={
        "name": FieldRule(kind="string", shortest=1, longest=63),
        "endpoint": _URI,
        "capabilities": _TEXTS,
    },
)

TN_SLICE = FieldRule(
    kind="object",
    required=("slice_id", "bandwidth_mbps"),
    fields={
        "slice_id": _TEXT,
        "bandwidth_mbps": FieldRule(kind="number", low=1),
        "vlan_id": FieldRule(kind="integer", low=1, high=4094),
        "qos_class": _SLICE_TYPE,
        "priority": FieldRule(kind="integer", low=1, high=8),
        "latency_budget_ms": FieldRule(kind="number", low=1),
    },
)

PERFORMANCE = FieldRule(
    kind="object",
    required=("test_id", "duration_seconds"),
    fields={
        "test_id": _TEXT,
        "duration_seconds": FieldRule(kind="integer", low=1, high=3600),
        "bandwidth_mbps": FieldRule(kind="number", low=1),
        "packet_size": FieldRule(kind="integer", low=64, high=9000),
        "target_host": _TEXT,
    },
)

NF_DEPLOYMENT = FieldRule(
    kind="object",
    required=("name", "nf_deployment_descriptor_id"),
    fields={
        "name": FieldRule(kind="string", shortest=1, longest=255),
        "description": _TEXT,
        "nf_deployment_descriptor_id": _TEXT,
        "parent_deployment_id": _TEXT,
        "input_params": _ANYTHING,
        "location_constraints": _TEXTS,
        "extensions": _ANYTHING,
    },
)

# In the guide alone ("Webhook Registration"): the document has no such path.
SUBSCRIPTION = FieldRule(
    kind="object",
    required=("url", "events", "secret"),
    fields={
        # Events are sent by POST, and signed: another scheme, or nothing to sign with, is no use.
        "url": FieldRule(kind="string", uri=True, pattern=re.compile(r"^https?://[^/?#].*$")),
        "events": FieldRule(kind="array", items=FieldRule(kind="string", choices=EVENTS), fewest=1),
        "secret": FieldRule(kind="string", shortest=1),
        "active": _FLAG,
    },
)

PAGE: Mapping[str, FieldRule] = {
    "limit": FieldRule(kind="integer", low=1, high=1000, default=50),
    "offset": FieldRule(kind="integer", low=0, default=0),
}
INTENT_QUERY: Mapping[str, FieldRule] = {
    **PAGE,
    "slice_type": _SLICE_TYPE,
    "status": FieldRule(kind="string", choices=INTENT_STATES),
}
VNF_QUERY: Mapping[str, FieldRule] = {
    **PAGE,
    "type": FieldRule(kind="string", choices=VNF_TYPES),
    "status": FieldRule(kind="string", choices=VNF_STATES),
}
TIMEFRAME_QUERY: Mapping[str, FieldRule] = {
    "timeframe": FieldRule(kind="string", choices=tuple(TIMEFRAMES), default="1h"),
}
