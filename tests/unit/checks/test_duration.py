"""Good, slow and too slow: ``good`` is 2 seconds and ``bad`` 5."""

import pytest

from tests.support.jobs import answer, jobs, judged


@pytest.mark.parametrize(
    ("duration", "found", "slow"),
    [
        (1.9, "", False),
        (2.0, "", False),
        (2.1, "", True),
        (5.0, "", True),
        (5.1, "duration: slow: took 5.1 s, over 5 s is too long", False),
    ],
)
async def test_good_slow_and_too_slow(duration: float, found: str, slow: object) -> None:
    document = {"status": "healthy"}
    verdict = await judged(jobs()["monitoring.health"], answer(document, duration=duration))
    finding = verdict.finding
    told = "" if finding is None else f"{finding.check}: {finding.reason}: {finding.detail}"
    assert (told, verdict.slow) == (found, slow)
    assert verdict.document == document  # what is too slow is right all the same
