"""Every status has its reason."""

from typing import Final

import pytest

from exporter.model.reasons import Reason
from tests.support.jobs import answer, jobs, judged, told

INTENTS: Final = "orchestrator.intents.list"

WELL: Final = (200, 201, 203, 206)
STATUSES: Final[list[tuple[int, Reason]]] = [
    (301, "redirect"),
    (304, "redirect"),
    (400, "validation"),
    (401, "auth_rejected"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "http_4xx"),
    (409, "conflict"),
    (418, "http_4xx"),
    (422, "validation"),
    (429, "throttled"),
    (500, "http_5xx"),
    (503, "http_5xx"),
    (599, "http_5xx"),
]


@pytest.mark.parametrize("status", WELL)
async def test_a_success_has_none(status: int) -> None:
    assert await told(INTENTS, answer({}, status=status)) == ""


@pytest.mark.parametrize(("status", "reason"), STATUSES)
async def test_a_status_has_its_reason(status: int, reason: Reason) -> None:
    result = answer({}, status=status)
    assert await told(INTENTS, result) == f"status: {reason}: answered {status}"
    call = (await judged(jobs()[INTENTS], result)).call
    assert (call.status, call.fault) == (status, None)
