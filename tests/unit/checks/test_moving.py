"""A timestamp that moved once and then stands still is no sign of life."""

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.checks import Checks
from exporter.checks.judge import Verdict
from exporter.checks.moving import STILL_RUNS, Staleness
from exporter.model.observation import Key, OnDemandRun, Run, Skip
from tests.support.jobs import answer, jobs, judged
from tests.unit.probing.test_runner import Stage
from tests.unit.status.factories import call, run

JOB: Final = jobs()["monitoring.health"]

HISTORIES: Final[dict[str, tuple[str, str]]] = {
    "one answer": ("a", "."),
    "it never moved, as a mock's": ("aaaaaaaa", "........"),
    "it moves always": ("abcdefgh", "........"),
    "it moved, and three runs find it as it was": ("abbbb", "....F"),
    "so it goes on": ("abbbbbb", "....FFF"),
    "it moves now and then": ("abbbcccddd", ".........."),
    "it moves again": ("abbbbbc", "....FF."),
    "and stands still again": ("abbbbccccd", "....F...F."),
    "it goes back, which is a move": ("abbba", "....."),
    "runs without one neither count nor forgive": ("abb-b-b", "......F"),
}
"""A letter for each timestamp, a dash for an answer without; below it, which runs fail."""


def health(stamp: str) -> dict[str, object]:
    """An answer at the hour of that letter."""
    told = {} if stamp == "-" else {"timestamp": f"2026-01-01T{ord(stamp) - 97:02}:00:00.123Z"}
    return {"status": "healthy", **told}


async def scheduled(checks: Checks, stamp: str, at: float = 1000.0) -> Verdict:
    """An answer to a scheduled run."""
    verdict = await judged(JOB, answer(health(stamp), at=at), checks)
    reason = verdict.finding.reason if verdict.finding else None
    checks.learn(Run(JOB.key, at, 0.1, reason, deciding=verdict.call))
    return verdict


async def still() -> Checks:
    """What knows of a timestamp that moved and stands still."""
    checks = Checks()
    for stamp in "abbbb":
        await scheduled(checks, stamp)
    assert (await judged(JOB, answer(health("b")), checks)).finding is not None
    return checks


@pytest.mark.parametrize(("stamps", "fails"), HISTORIES.values(), ids=HISTORIES.keys())
async def test_a_history_and_which_of_its_runs_fail(stamps: str, fails: str) -> None:
    checks = Checks()
    findings = [(await scheduled(checks, stamp)).finding for stamp in stamps]
    assert "".join("." if finding is None else "F" for finding in findings) == fails
    found = {(finding.check, finding.reason) for finding in findings if finding}
    assert found <= {("moving", "unhealthy")}


async def test_the_detail_tells_since_when() -> None:
    checks = Checks()
    verdicts = [
        await scheduled(checks, stamp, 1000 + 30 * run) for run, stamp in enumerate("abbbb")
    ]
    assert verdicts[-1].finding is not None
    since = datetime.fromtimestamp(1030, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    assert verdicts[-1].finding.detail == f"its timestamp has stood still since {since}"


@pytest.mark.parametrize("told", [None, 7, True, "", "yesterday", [], {}, "2026-13-01T00:00:00Z"])
async def test_what_is_no_date_is_not_judged(told: object) -> None:
    checks = await still()
    verdict = await judged(JOB, answer({"status": "healthy", "timestamp": told}), checks)
    assert verdict.finding is None
    assert verdict.call.stamp is None


async def test_what_the_answer_says_itself_goes_first() -> None:
    body = {**health("b"), "status": "unhealthy", "components": {"redis": "unhealthy"}}
    finding = (await judged(JOB, answer(body), await still())).finding
    assert finding is not None
    assert finding.detail == "redis"


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0])))
def test_it_stands_still_exactly_after_a_move_and_three_runs_without(stamps: list[float]) -> None:
    staleness = Staleness()
    for at, stamp in enumerate(stamps):
        staleness = staleness.after(stamp, at)
    tail = 0
    while tail < len(stamps) and stamps[-1 - tail] == stamps[-1]:
        tail += 1
    assert staleness.stands_still == (tail > STILL_RUNS and tail < len(stamps))
    assert not stamps or staleness.since == len(stamps) - tail


async def test_a_skip_and_another_surface_say_nothing() -> None:
    checks = Checks()
    other = Key("lab", "monitoring", "other")
    stamp = (await judged(JOB, answer(health("b")))).call.stamp
    for before in (0.0, stamp):
        checks.learn(run(JOB.key, deciding=call(JOB.key, stamp=before)))
    for _ in range(STILL_RUNS):
        for concluded in (
            Skip(JOB.key, 0, "overrun"),
            run(JOB.key, deciding=None),
            run(JOB.key, deciding=call(JOB.key, stamp=None)),
            run(other, deciding=call(other, stamp=stamp)),
        ):
            checks.learn(concluded)
    assert (await judged(JOB, answer(health("b")), checks)).finding is None


async def test_each_target_has_its_own() -> None:
    await still()
    assert (await judged(JOB, answer(health("b")), Checks())).finding is None
    assert (await judged(JOB, answer(health("b")))).finding is None


async def ran(stage: Stage, stamp: str) -> str | None:
    stage.result = answer(health(stamp))
    concluded = (await stage.run("monitoring.health"))[-1]
    assert isinstance(concluded, Run)
    return concluded.reason


async def test_runs_remember() -> None:
    stage = Stage()
    reasons = [await ran(stage, stamp) for stamp in "abbbb"]
    assert reasons == [None] * 4 + ["unhealthy"]


async def test_inquiries_are_judged_and_not_remembered() -> None:
    stage = Stage()
    for stamp in "ab":
        await ran(stage, stamp)
    for _ in range(10):
        await stage.runner.ask(JOB, 5)
    assert [each.run.reason for each in stage.seen if isinstance(each, OnDemandRun)] == [None] * 10
    assert [await ran(stage, stamp) for stamp in "bbb"] == [None, None, "unhealthy"]
    asked = (await stage.runner.ask(JOB, 5))[-1]
    assert isinstance(asked, Run)
    assert asked.reason == "unhealthy"
    stage.result = answer(health("c"))
    asked = (await stage.runner.ask(JOB, 5))[-1]
    assert isinstance(asked, Run)
    assert asked.reason is None
    assert await ran(stage, "b") == "unhealthy"
