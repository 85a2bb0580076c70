"""`/api/v1/status` and `/logs?format=json`: whatever was seen, each member is described."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from exporter.model.headers import Lifecycle
from exporter.model.observation import Call, OnDemandRun, Run, Skip
from exporter.planning.job import Plan
from exporter.report.status_json import status_json
from exporter.status.history import History
from exporter.status.snapshot import ProcessNow
from exporter.web.logs_page import logs_json
from exporter.web.logs_query import FoundRuns
from tests.support.observed import CALLS, RUNS, SKIPS
from tests.support.schemas import described
from tests.unit.status.factories import NOW, Bench, call, run
from tests.unit.status.scenario import played

PROCESS: Final = ProcessNow(NOW - 60, NOW - 50)
PARTS: Final = (
    *("targets", "health", "surfaces", "rate_limits", "tokens", "put_off"),
    *("lifecycle", "certificates"),
)


def test_each_part_of_the_status_is_described() -> None:
    data = described("status", status_json(played().latest.snapshot(), PROCESS))["data"]
    assert all(data[part] for part in PARTS)
    assert {type(each["last_run"]) for each in data["surfaces"]} == {dict, type(None)}


def test_without_targets_there_is_a_status_all_the_same() -> None:
    refused = ProcessNow(NOW, NOW, ("config.yaml:3: colour: unknown key",))
    data = described("status", status_json(Bench(Plan(())).latest.snapshot(), refused))["data"]
    assert data["config"]["last_reload_successful"] is False
    assert not any(data[part] for part in PARTS)


def test_a_date_that_no_calendar_has_is_not_known() -> None:
    bench = Bench()
    far = call(lifecycle=Lifecycle("1", None, 1e18), certificate_expiry=1e18)
    bench.take(far, run(deciding=far))
    described("status", status_json(bench.latest.snapshot(), PROCESS))


@given(seen=st.lists(RUNS | st.builds(OnDemandRun, RUNS) | SKIPS | CALLS, max_size=8))
def test_whatever_was_seen_is_described(seen: list[Run | OnDemandRun | Skip | Call]) -> None:
    bench, journal = Bench(), History()
    journal.apply(bench.planned)
    for observation in seen:
        bench.latest(observation)
        journal(observation)
    described("status", status_json(bench.latest.snapshot(), PROCESS))
    found = FoundRuns(journal.entries("", "", failed=False), journal.skips("", ""), [])
    assert len(described("logs", logs_json(found))["runs"]) == len(found.entries)
