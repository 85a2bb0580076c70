"""The last runs: which are kept, and for how long."""

from exporter.model.observation import Key, OnDemandRun
from exporter.model.reasons import SkipReason
from exporter.planning.job import Plan
from exporter.status.history import BUDGET, DEEPEST, History, HistoryEntry, Skipped
from tests.unit.status.factories import HEALTH, INTENTS, NOW, job, plan, run, skip, target_plan


def journal(planned: Plan | None = None) -> History:
    made = History()
    made.apply(planned or plan())
    return made


def entries(
    kept: History, target: str = "", surface: str = "", *, failed: bool = False
) -> list[HistoryEntry]:
    return kept.entries(target, surface, failed=failed)


def skips(
    kept: History, target: str = "", surface: str = ""
) -> list[tuple[Key, SkipReason, Skipped]]:
    return kept.skips(target, surface)


def many(count: int) -> Plan:
    return plan(*(job(Key("lab", "monitoring", f"surface.{number}")) for number in range(count)))


def test_the_newest_are_first_and_the_oldest_are_gone() -> None:
    kept = journal()
    for second in range(DEEPEST + 5):
        kept(run(at=NOW + second))
    assert [entry.at for entry in entries(kept)] == [
        NOW + second for second in range(DEEPEST + 4, 4, -1)
    ]


def test_failed_ones_are_kept_longer() -> None:
    kept = journal()
    kept(run(at=NOW, reason="dns"))
    for second in range(1, 100):
        kept(run(at=NOW + second))
    assert [entry.at for entry in entries(kept, failed=True)] == [NOW]
    assert entries(kept)[-1].at == NOW
    assert len(entries(kept)) == DEEPEST + 1


def test_what_was_asked_for_is_kept_as_such() -> None:
    kept = journal()
    asked = OnDemandRun(run(reason="dns"))
    kept(asked)
    assert entries(kept, failed=True) == [asked]


def test_of_one_target_or_surface_alone() -> None:
    north = Key("north", "monitoring", "monitoring.health")
    kept = journal(Plan((*plan().targets, target_plan(job(north), name="north"))))
    for key in (HEALTH, INTENTS, north):
        kept(run(key))
        kept(skip("budget", key))
    assert {entry.key for entry in entries(kept, "lab")} == {HEALTH, INTENTS}
    assert {entry.key for entry in entries(kept, "", HEALTH.surface)} == {HEALTH, north}
    assert [entry.key for entry in entries(kept, "lab", HEALTH.surface)] == [HEALTH]
    assert [key for key, *_ in skips(kept, "north")] == [north]
    assert entries(kept, "nobody") == []
    assert skips(kept, "nobody") == []


def test_skips_are_counted_by_reason_and_surface() -> None:
    kept = journal()
    kept(skip("budget", at=NOW))
    kept(skip("budget", at=NOW + 5, count=10))
    kept(skip("overrun", INTENTS, at=NOW + 1))
    assert [(key, reason, of.count, of.at) for key, reason, of in skips(kept)] == [
        (INTENTS, "overrun", 1, NOW + 1),
        (HEALTH, "budget", 11, NOW + 5),
    ]


def test_the_newest_are_first_though_the_clock_was_set_back() -> None:
    kept = journal()
    kept(run(at=NOW))
    kept(skip("budget", at=NOW))
    kept(run(INTENTS, at=NOW - 3600, reason="dns"))
    kept(skip("overrun", INTENTS, at=NOW - 3600))
    kept(OnDemandRun(run(at=NOW - 3599)))
    assert [entry.at for entry in entries(kept)] == [NOW - 3599, NOW - 3600, NOW]
    assert [reason for _, reason, _ in skips(kept)] == ["overrun", "budget"]


def test_a_reload_forgets_what_left_the_plan_alone() -> None:
    kept = journal()
    kept(run())
    kept(run(INTENTS))
    kept(skip("budget"))
    kept.apply(plan(job(HEALTH)))
    kept(run(INTENTS))
    assert [entry.key for entry in entries(kept)] == [HEALTH]
    assert len(skips(kept)) == 1


def test_however_many_surfaces_there_are_it_is_bounded() -> None:
    for count in (1, 50, 500, 5000):
        planned = many(count)
        kept = journal(planned)
        for each in planned.jobs:
            for second in range(2 * DEEPEST):
                kept(run(each.key, at=NOW + second, reason="dns" if second % 2 else None))
        assert 2 * min(count * DEEPEST, BUDGET) >= len(entries(kept)) or count > BUDGET
        assert len(entries(kept)) <= 2 * max(count, BUDGET)
        assert len(entries(kept, failed=True)) >= count
        kept.apply(many(count + BUDGET))
        assert len(entries(kept)) <= 2 * (count + BUDGET)
