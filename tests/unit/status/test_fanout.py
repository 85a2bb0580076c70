"""One observation to every sink, and a sink that raises."""

import logging
from collections.abc import Callable
from typing import Final, get_args

import pytest

from exporter.model.observation import (
    Call,
    Heartbeat,
    IdsListed,
    IdsVisited,
    Observation,
    OnDemandRun,
    Rejection,
    Renewal,
    Run,
)
from exporter.status.fanout import METHODS, Fanout, Sink
from tests.unit.status.factories import HEALTH, NOW, Bench, call, run, skip

EVERY: Final[dict[type[Observation], Observation]] = {
    type(each): each
    for each in (
        call(),
        run(),
        OnDemandRun(run()),
        skip("misfire"),
        IdsListed(HEALTH, NOW, "vnfs", (), ()),
        IdsVisited(HEALTH, NOW, "vnfs"),
        Renewal(HEALTH, NOW, "login"),
        Rejection(HEALTH, NOW),
        Heartbeat(NOW, 0.0),
    )
}


class Taking(Sink):
    """Does the same with whatever is called or ran."""

    def __init__(self, take: Callable[[Observation], None]) -> None:
        self._take = take

    def called(self, call: Call) -> None:
        self._take(call)

    def ran(self, run: Run) -> None:
        self._take(run)


def test_there_is_a_method_for_every_kind() -> None:
    assert set(METHODS) == set(get_args(Observation)) == set(EVERY)
    assert len(set(METHODS.values())) == len(METHODS)


@pytest.mark.parametrize("kind", METHODS)
def test_each_kind_goes_to_its_method_and_to_no_other(kind: type[Observation]) -> None:
    taken: list[tuple[str, Observation]] = []

    def keeping(name: str) -> Callable[[Sink, Observation], None]:
        return lambda _, observation: taken.append((name, observation))

    every = type("Every", (Sink,), {name: keeping(name) for name in METHODS.values()})
    sink: Sink = every()
    Fanout((("every", sink), ("none", Sink())), pytest.fail)(EVERY[kind])
    sink(EVERY[kind])
    assert taken == [(METHODS[kind], EVERY[kind])] * 2


def test_every_sink_that_takes_it_has_each_observation_in_order() -> None:
    taken: list[tuple[str, Observation]] = []
    a, b = Taking(lambda o: taken.append(("a", o))), Taking(lambda o: taken.append(("b", o)))
    fanout = Fanout((("a", a), ("b", b)), pytest.fail)
    first, second = call(), run()
    for each in (first, skip("misfire"), second):
        fanout(each)
    assert taken == [("a", first), ("b", first), ("a", second), ("b", second)]


def test_a_sink_that_raises_harms_no_other_and_is_counted() -> None:
    def broken(_: Observation) -> None:
        raise ZeroDivisionError

    bench = Bench()
    fanout = Fanout(
        (("broken", Taking(broken)), ("latest", bench.latest), ("metrics", bench.metrics)),
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

    fanout = Fanout((("one", Taking(broken)), ("two", Taking(broken))), lambda _: None)
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
        Fanout((("ending", Taking(ending)),), pytest.fail)(run())


def test_a_sink_that_has_no_name_yet_is_counted_all_the_same() -> None:
    bench = Bench()
    bench.metrics.sink_failed("new")
    assert bench.value("oran_mano_exporter_sink_failures_total", None, sink="new") == 1
