"""The scenarios: one row each."""

from collections.abc import Mapping
from typing import Final

from exporter.simulator.scenario import Scenario, ScenarioStep

_SHORT: Final = 45.0

_STILL: Final = (
    Scenario(
        name="healthy",
        summary="Every answer is right and quick.",
    ),
    Scenario(
        name="slow",
        summary="Answers take over 2 s, those of the VNF operator over 5 s.",
        knobs={"latency_factor": 4, "delay": {"*": 2.2, "vnf-operator.*": 5.5}},
    ),
    Scenario(
        name="throttled",
        summary="The quotas are small: 20, 5 and 30 requests a minute.",
        knobs={
            "limits": {
                "standard": {"requests": 20},
                "deployment": {"requests": 5},
                "monitoring": {"requests": 30},
            }
        },
    ),
    Scenario(
        name="quota_eaten",
        summary="Other clients use up the guide's quotas ten seconds before each reset.",
        knobs={"background": {"standard": 1200, "deployment": 120, "monitoring": 6000}},
    ),
    Scenario(
        name="expiring_tokens",
        summary="Access tokens live 40 s, refresh tokens 2 min and are good once.",
        knobs={
            "token_seconds": 40,
            # Tokens issued before the scenario began are no exception.
            "max_token_age_seconds": 40,
            "refresh_seconds": 120,
            "refresh_rotation": "strict",
        },
    ),
    Scenario(
        name="login_refused",
        summary="The account is locked: no login, no refresh, no token is good.",
        knobs={"revoke_tokens": True},
    ),
    Scenario(
        name="failing_component",
        summary="The O2 client answers 503, and the health answer names the message queue.",
        knobs={"status": {"o2-client.*": 503}, "unhealthy": ["message_queue"]},
    ),
    Scenario(
        name="degraded",
        summary="The orchestrator fails one time in ten, all is slower, two agents are not well.",
        knobs={
            "latency_factor": 5,
            "status": {"orchestrator.*": {"status": 500, "ratio": 0.1}},
            "agents": {"agent-02": "degraded", "agent-03": "failed"},
        },
    ),
    Scenario(
        name="slice_breach",
        summary="Slice intent-001 misses its latency and its loss, intent-002 its bandwidth.",
        knobs={"breach": {"intent-001": ["latency", "packet_loss"], "intent-002": ["bandwidth"]}},
    ),
    Scenario(
        name="deprecated",
        summary="The API was deprecated a month ago and ends in half a year.",
        knobs={"deprecated_days": -30, "sunset_days": 180},
    ),
    Scenario(
        name="sunset_moved_earlier",
        summary="The end of the API is announced, and after 30 s moved to three weeks from now.",
        knobs={"deprecated_days": -30, "sunset_days": 180},
        steps=(ScenarioStep(seconds=30), ScenarioStep(seconds=30, knobs={"sunset_days": 21})),
    ),
    Scenario(
        name="contract_drift",
        summary="Answers break the document: fields, types, values, a status, a body.",
        knobs={
            "drift": {
                "orchestrator.intents.list": ["missing_field"],
                "orchestrator.intents.get": ["range"],
                "vnf-operator.vnfs.list": ["enum"],
                "tn-manager.agents.status": ["type"],
                "tn-manager.agents.list": ["undocumented_status"],
                "o2-client.deployment-managers.list": ["not_json"],
            }
        },
    ),
    Scenario(
        name="flapping",
        summary="Well for 20 s, 503 for 20 s, and so on.",
        steps=(ScenarioStep(seconds=20), ScenarioStep(seconds=20, knobs={"status": {"*": 503}})),
        repeat=True,
    ),
    Scenario(
        name="down",
        summary="Everything answers 503.",
        knobs={"status": {"*": 503}},
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = {
    row.name: row
    for row in (
        *_STILL,
        Scenario(
            name="scripted",
            summary=f"Walks through all the others, {_SHORT:g} s each.",
            steps=tuple(ScenarioStep(seconds=_SHORT, scenario=row.name) for row in _STILL),
            repeat=True,
        ),
    )
}
