"""What the API says of itself."""

from typing import Final

import pytest

from tests.support.jobs import answer, told

NO_STATUS: Final = "healthy: body_invalid: the health answer has no status"
NONE_NAMED: Final = "healthy: unhealthy: it names no component"

CASES: Final[dict[str, tuple[object, str]]] = {
    "healthy": ({"status": "healthy", "timestamp": "2026-01-01T00:00:00Z"}, ""),
    "unhealthy": ({"status": "unhealthy"}, NONE_NAMED),
    "another word": ({"status": "HEALTHY"}, NONE_NAMED),
    "not its word alone": (b'{"status": "healthy\xff"}', NONE_NAMED),
    "no status": ({}, NO_STATUS),
    "null": ({"status": None}, NO_STATUS),
    "a number that is none": (b'{"status": NaN}', NO_STATUS),
    "a component, and nothing else the API sent": (
        {"status": "degraded", "components": {"redis": "unhealthy", "x\n": "unhealthy"}},
        "healthy: unhealthy: redis",
    ),
    "two": (
        {"status": "unhealthy", "components": {"redis": "unhealthy", "database": "unhealthy"}},
        "healthy: unhealthy: database, redis",
    ),
    "components that are none": ({"status": "unhealthy", "components": ["redis"]}, NONE_NAMED),
}


@pytest.mark.parametrize(("document", "found"), CASES.values(), ids=CASES)
async def test_an_answer_and_what_it_says(document: object, found: str) -> None:
    assert await told("monitoring.health", answer(document)) == found
