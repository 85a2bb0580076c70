"""Whatever happens when, each planned instant is a run, a misfire or an overrun: once, in order.

The clock is a number here, and a schedule over it does as ``exporter/probing/schedule.py`` does.
"""

from collections import Counter
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from exporter.catalog.surface import Ids, Surface
from exporter.model.observation import Key
from exporter.planning.job import Job
from exporter.probing.agenda import Agenda, DueJob

NAMES: Final = [f"s{number}" for number in range(6)]
INTERVALS: Final = st.sampled_from((1.0, 2.0, 7.5))
OFFSET: Final = 1e9


def job(name: str, interval: float) -> Job:
    surface = Surface(
        id=name,
        component="c",
        method="GET",
        path="/",
        rate_class="standard",
        safety="read",
        ids=Ids("vnfs", "rotate") if name in NAMES[:3] else None,
    )
    key = Key("lab", "c", name)
    return Job(key, surface, "read", interval, interval * 0.9, 2, 5, essential=False, endpoint="/")


class Days(RuleBasedStateMachine):
    """Plans change, runs begin and end, ids come, and time passes in steps of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0
        self.agenda = Agenda()
        self.jobs: dict[Key, Job] = {}
        self.running: set[Key] = set()
        self.began: dict[Key, tuple[float, float]] = {}

    @rule(plan=st.dictionaries(st.sampled_from(NAMES), INTERVALS, max_size=6))
    def apply(self, plan: dict[str, float]) -> None:
        planned = [job(name, interval) for name, interval in plan.items()]
        self.jobs = {each.key: each for each in planned}
        self.agenda.apply(planned, self.now, OFFSET)
        assert len(self.agenda) == len(planned)
        self.began = {key: at for key, at in self.began.items() if key in self.jobs}

    @rule(step=st.sampled_from((0.001, 0.3, 1.0, 4.0, 3600.0)) | st.floats(0, 20))
    def pass_time(self, step: float) -> None:
        self.now += step

    @rule()
    def turn(self) -> None:
        attended: Counter[Key] = Counter()
        while (entry := self.agenda.due(self.now)) is not None:
            attended[entry.job.key] += 1
            assert attended[entry.job.key] <= 2  # its first, and the grid's next one right after it
            self.attend(entry)
            self.agenda.back(entry)
        assert self.agenda.first > self.now

    def attend(self, entry: DueJob) -> None:
        key, grid, before = entry.job.key, entry.grid, entry.grid.planned
        now = max(self.now, before)
        assert entry.job is self.jobs[key]
        if key in self.running:
            lost, taken = grid.overrun(now), 0
        else:
            lost, taken = grid.missed(now), 0
            if grid.planned <= now:
                self.begin(key, grid.take(), entry.job.interval)
                taken = 1
        assert lost + taken >= 1
        # The first may lie off the grid, at most half an interval from where it would be.
        assert abs((grid.planned - before) / grid.interval - lost - taken) <= 0.501

    def begin(self, key: Key, instant: float, interval: float) -> None:
        self.running.add(key)
        if key in self.began:
            former, of_then = self.began[key]
            assert instant > former
            assert instant - former > min(interval, of_then) * 0.499 or self.forwarded(key)
        self.began[key] = (instant, interval)

    def forwarded(self, key: Key) -> bool:
        return self.jobs[key].surface.ids is not None

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running, key=lambda key: key.surface)))
        self.running.discard(key)
        self.agenda.ran(key)

    @rule()
    def learn(self) -> None:
        self.agenda.known("lab", "vnfs", self.now, self.running)

    @rule()
    def learn_of_others(self) -> None:
        self.agenda.known("lab", "agents", self.now, self.running)
        self.agenda.known("field", "vnfs", self.now, self.running)

    @invariant()
    def there_are_few_places(self) -> None:
        assert len(self.jobs) <= len(self.agenda) <= 2 * len(self.jobs)


TestDays = Days.TestCase


@given(st.integers(0, 2000), st.floats(0, 1e6))
def test_however_many_begin_they_do_within_their_interval(count: int, now: float) -> None:
    agenda = Agenda()
    agenda.apply([job(f"n{number}", 5.0) for number in range(count)], now, OFFSET)
    found = 0
    while (entry := agenda.due(now + 5.0)) is not None:
        found += 1
        assert now <= entry.grid.planned <= now + min(5.0, count / 200)
    assert found == count


def test_nothing_is_left_of_what_is_cleared() -> None:
    agenda = Agenda()
    agenda.apply([job(name, 1.0) for name in NAMES], 0, OFFSET)
    agenda.clear()
    agenda.known("lab", "vnfs", 0, ())
    assert (len(agenda), agenda.due(1e9), agenda.first) == (0, None, float("inf"))
