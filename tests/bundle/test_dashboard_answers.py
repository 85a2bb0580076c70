"""What panels answer, where a query that looks right would mislead."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.dashboards import expressions

ASKED: Final = 30
"""The minute; series are written once a minute."""
VALID: Final = "oran_mano:slo_valid:increase1h"
BAD: Final = "oran_mano:slo_bad:increase1h"
DUE: Final = "oran_mano:probe_expected:increase1h"
PHASE: Final = "oran_mano_probe_phase_duration_seconds"
SKIPPED: Final = "oran_mano_probe_skipped_total"
OTHERS: Final = tuple(
    f'oran_mano_surface_info{{target="lab", component="vnf", surface="{name}"}}'
    for name in ("list", "get")
)


@dataclass(frozen=True)
class Answer:
    """One panel, asked once.

    Attributes:
        panel: its dashboard and title.
        why: what would be wrong otherwise.
        given: series, as promtool writes values over time.
        samples: what comes back, by labels.
        column: which of its queries.
    """

    panel: str
    why: str
    given: Mapping[str, str]
    samples: Mapping[str, float]
    column: int = 0

    def text(self) -> dict[str, object]:
        """As promtool reads it."""
        asked = [each.expr for each in expressions() if each.name == self.panel][self.column]
        samples = [{"labels": labels, "value": value} for labels, value in self.samples.items()]
        return {
            "interval": "1m",
            "input_series": [
                {"series": series, "values": values} for series, values in self.given.items()
            ],
            "promql_expr_test": [{"expr": asked, "eval_time": f"{ASKED}m", "exp_samples": samples}],
        }


def of(metric: str, labels: str, surface: str = "list") -> str:
    """A series of one surface."""
    return f'{metric}{{target="lab", component="vnf", surface="{surface}", {labels}}}'


def at(cluster: str, **labels: str) -> str:
    """The labels of a target in this cluster, or of something of it."""
    every = {"cluster": cluster, "target": "lab", **labels}
    inside = ", ".join(f'{label}="{value}"' for label, value in every.items())
    return f"{{{inside}}}"


def level(value: float) -> str:
    """The same all the time."""
    return f"{value}+0x{ASKED}"


def hour(target: str, *, available: float, known: float) -> dict[str, str]:
    """What the rules recorded of a target."""
    return {
        f'oran_mano:target_availability:ratio1h{{target="{target}"}}': level(available),
        f'oran_mano:target_coverage:ratio1h{{target="{target}"}}': level(known),
    }


ONLY_429: Final = {
    **hour("lab", available=1, known=0.05),
    **hour("down", available=-0.01, known=1),  # the rules estimate
    **hour("half", available=0.9, known=0.5),
}
KNOWN: Final = {
    '{target="down"}': 0.0,
    '{target="half"}': 0.9,
}
ANSWERS: Final = (
    Answer("on-call: Which targets are worst off?", "429 is not well", ONLY_429, KNOWN, column=3),
    Answer("on-call: How well was the worst of them?", "429 is not bad", ONLY_429, {"{}": 0}),
    Answer(
        "on-call: How many targets are unhealthy?",
        "the well one of a name hides no other",
        {
            f"oran_mano_target_healthy{at('east')}": level(0),
            f"oran_mano_target_healthy{at('west')}": level(1),
        },
        {"{}": 1},
    ),
    Answer(
        "on-call: Which targets are worst off?",
        "each is itself, and 0 is a number",
        {
            f"oran_mano_probe_success{at('east', component='vnf', surface='get')}": level(0),
            f"oran_mano_probe_success{at('west', component='vnf', surface='get')}": level(1),
        },
        {at("east"): 1, at("west"): 0},
        column=1,
    ),
    Answer(
        "on-call: Which surfaces were not well, and when?",
        "of many, those that failed longest",
        {
            of("oran_mano_probe_success", "", surface=f"s{number:02}"): f"1x{number} 0x30"
            for number in range(20)
        }
        | {of("oran_mano_probe_success", "", surface="well"): level(1)},
        {f'{{target="lab", component="vnf", surface="s{number:02}"}}': 0 for number in range(12)},
    ),
    Answer(
        "slo: How did the budgets shrink?",
        "of many, those that were lowest at any time",
        {
            of(
                "oran_mano:slo_error_budget_remaining:ratio30d", 'slo="latency"', f"s{number:02}"
            ): f"-{number}x9 1x20"
            for number in range(30)
        },
        {
            f'{{target="lab", component="vnf", surface="s{number:02}", slo="latency"}}': 1
            for number in range(10, 30)
        },
    ),
    Answer("slo: What share of runs was well, by target?", "429 is not well", ONLY_429, KNOWN),
    Answer(
        "slo: What share of runs was well, by surface?",
        "429 is not well",
        {
            of(VALID, 'slo="availability"'): level(3),
            of(BAD, 'slo="availability"'): level(0),
            of(DUE, ""): level(60),
            of(VALID, 'slo="availability"', "get"): level(50),
            of(BAD, 'slo="availability"', "get"): level(5),
            of(DUE, "", "get"): level(60),
        },
        {'{target="lab", component="vnf", surface="get", slo="availability"}': 0.9},
    ),
    Answer(
        "latency: In which phase does the time go?",
        "one new connection among four runs is a quarter of one",
        {
            of(PHASE, 'phase="connect"', "list"): level(2),
            **{
                of(PHASE, 'phase="wait"', surface): level(1)
                for surface in ("list", "get", "create")
            },
            of(PHASE, 'phase="queue"', "delete"): level(4),
        },
        {'{phase="connect"}': 0.5, '{phase="wait"}': 0.75, '{phase="queue"}': 1},
    ),
    Answer(
        "exporter: Is every exporter well?",
        "a pod that is well hides none that is not",
        {
            'oran_mano_exporter_schedule_heartbeat_timestamp_seconds{job="e", instance="a"}': (
                f"0+60x{ASKED}"
            ),
            'oran_mano_exporter_schedule_heartbeat_timestamp_seconds{job="e", instance="b"}': (
                level(600)
            ),
        },
        {'{job="e"}': ASKED * 60 - 600},
        column=1,
    ),
    Answer(
        "on-call: Is it the quota?",
        "a probe that is due every five minutes is not forgotten between",
        {
            **dict.fromkeys(OTHERS, level(1)),
            of(SKIPPED, 'reason="budget"'): "0x9 1x20",
            of(SKIPPED, 'reason="budget"', "get"): "0x24 1x6",
        },
        {"{}": 1},
    ),
)


@pytest.mark.parametrize(
    "answer", ANSWERS, ids=lambda each: f"{each.panel}: {each.why}".replace(" ", "-")
)
def test_answers(answer: Answer, tmp_path: Path, promtool: Path) -> None:
    file = tmp_path / "answer.yaml"
    file.write_text(yaml.safe_dump({"tests": [answer.text()]}))
    done = subprocess.run(
        [promtool, "test", "rules", file], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
