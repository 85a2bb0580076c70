"""One observation to every sink, and a sink that raises."""

import logging

import pytest

from exporter.model.observation import Observation
from exporter.status.fanout import Fanout
from tests.unit.status.factories import Bench, call, run


def test_every_sink_takes_every_observation_in_order() -> None:
    taken: list[tuple[str, Observation]] = []
    fanout = Fanout(
        (("a", lambda o: taken.append(("a", o))), ("b", lambda o: taken.append(("b", o)))),
        pytest.fail,
    )
    first, second = call(), run()
    fanout(first)
    fanout(second)
    assert taken == [("a", first), ("b", first), ("a", second), ("b", second)]


def test_a_sink_that_raises_harms_no_other_and_is_counted() -> None:
    def broken(_: Observation) -> None:
        raise ZeroDivisionError

    bench = Bench()
    fanout = Fanout(
        (("broken", broken), ("latest", bench.latest), ("metrics", bench.metrics)),
        bench.metrics.sink_failed,
    )
    for _ in range(3):
        fanout(run())
    assert bench.probe("runs_total") == 3
    assert bench.probe("success") == 1
    failures = "oran_mano_exporter_sink_failures_total"
    assert bench.value(failures, None, sink="broken") == 3
    assert bench.value(failures, None, sink="metrics") == 0


def test_it_is_told_once_for_each_sink_and_kind_without_what_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors: list[Exception] = [ValueError("hunter2"), ValueError("hunter3"), KeyError("hunter2")]

    def broken(_: Observation) -> None:
        raise errors[0]

    fanout = Fanout((("one", broken), ("two", broken)), lambda _: None)
    with caplog.at_level(logging.DEBUG, "exporter"):
        while errors:
            fanout(run(detail="hunter2"))
            fanout(run(detail="hunter2"))
            errors.pop(0)
    fields = [vars(record)["fields"] for record in caplog.records]
    assert [(told["sink"], told["error"]) for told in fields] == [
        ("one", "ValueError"),
        ("two", "ValueError"),
        ("one", "KeyError"),
        ("two", "KeyError"),
    ]
    assert all("test_fanout.py:" in told["where"] for told in fields)
    assert all(told["observation"] == "Run" for told in fields)
    assert "hunter" not in caplog.text + str(fields)
    assert all(record.exc_info is None for record in caplog.records)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_not_held_up(error: type[BaseException]) -> None:
    def ending(_: Observation) -> None:
        raise error

    with pytest.raises(error):
        Fanout((("ending", ending),), pytest.fail)(run())


def test_a_sink_that_has_no_name_yet_is_counted_all_the_same() -> None:
    bench = Bench()
    bench.metrics.sink_failed("new")
    assert bench.value("oran_mano_exporter_sink_failures_total", None, sink="new") == 1
