"""Good, slow and too slow: ``good`` is 2 seconds and ``bad`` 5."""

import pytest

from exporter.checks.judge import conclude
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


@pytest.mark.parametrize(
    ("duration", "lag", "lateness", "reason", "slow"),
    [
        (2.1, 0.0, None, None, True),
        (2.1, 0.010, 0.010, None, True),
        (2.1, 0.011, None, None, False),
        (2.1, 0.0, 0.011, None, False),
        (5.1, 0.0, 3.0, "slow", False),
        (5.1, 0.05, None, "slow", False),
        (5.1, 0.2, None, None, False),
    ],
)
async def test_what_our_own_delay_may_have_added_makes_no_run_slow(
    duration: float, lag: float, lateness: float | None, reason: str | None, slow: object
) -> None:
    result = answer({"status": "healthy"}, duration=duration, lag=lag)
    run = conclude([await judged(jobs()["monitoring.health"], result)], 0.0, lateness)
    assert (run.reason, run.slow, run.lag, run.lateness) == (reason, slow, lag, lateness)
