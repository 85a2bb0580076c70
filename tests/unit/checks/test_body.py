"""What a JSON object can be made of, and what not."""

from typing import Final

import pytest

from tests.support.jobs import answer, told

HEALTH: Final = "monitoring.health"
NONE: Final = "body: body_invalid: the body is no JSON object"

CASES: Final[dict[str, tuple[str, object, str]]] = {
    "an object": ("orchestrator.intents.list", {"intents": []}, ""),
    "its members are others' to judge": ("orchestrator.intents.list", {"intents": 7}, ""),
    "half of an emoji": (HEALTH, b'{"status": "healthy", "x": "\\ud83d"}', ""),
    "a number that is none": (HEALTH, b'{"status": "healthy", "x": NaN}', ""),
    "a list": (HEALTH, [], NONE),
    "a text": (HEALTH, "healthy", NONE),
    "nothing": (HEALTH, b"", NONE),
    "two bytes that are no text": (HEALTH, b"\xff\xfe", NONE),
    "deeper than anybody reads": (HEALTH, b"[" * 100_000, NONE),
    "cut short": (HEALTH, b'{"status": "healthy', NONE),
    "metrics": (HEALTH, b"up 1\n", NONE),
}


@pytest.mark.parametrize(("surface", "body", "found"), CASES.values(), ids=CASES)
async def test_a_body_and_what_is_found_in_it(surface: str, body: object, found: str) -> None:
    assert await told(surface, answer(body)) == found
