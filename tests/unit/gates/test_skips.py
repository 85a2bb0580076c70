"""Which skips can occur on a surface."""

from typing import Final

import pytest

from exporter.gates.gate import Gate
from exporter.gates.skips import skip_reasons
from exporter.gates.slots import Slots
from exporter.model.reasons import SkipReason
from tests.support.jobs import jobs

JOBS: Final = jobs()
OURS: Final = {"misfire", "overrun", "shutdown"}

CASES: Final[dict[str, set[str]]] = {
    "monitoring.health": OURS,
    "monitoring.metrics": OURS,
    "orchestrator.intents.list": {*OURS, "no_token"},
    "orchestrator.plan": {*OURS, "no_token"},
    "vnf-operator.vnfs.get": {*OURS, "no_token", "no_resource"},
    "tn-manager.agents.status": {*OURS, "no_token", "no_resource"},
    "auth.login": {"overrun", "shutdown", "no_token"},
    "auth.refresh": {"overrun", "shutdown", "no_token", "no_resource"},
}


@pytest.mark.parametrize(("surface", "reasons"), CASES.items(), ids=CASES)
def test_a_surface_has_those_that_can_occur(surface: str, reasons: set[str]) -> None:
    assert skip_reasons(JOBS[surface], (Slots,)) == reasons


@pytest.mark.parametrize("reason", ["budget", "retry_after", "circuit_open", "not_leader"])
def test_what_a_gate_refuses_for_can_occur_everywhere(reason: SkipReason) -> None:
    class Further(Gate):
        refuses = frozenset({reason})

    for job in JOBS.values():
        assert skip_reasons(job, (Slots, Further)) - skip_reasons(job, (Slots,)) == {reason}
