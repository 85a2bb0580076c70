from exporter.simulator.seen import Seen, SeenKey, SeenRequest


def entry(client: str = "c", window: int = 0, surface: str = "s") -> SeenRequest:
    return SeenRequest(
        key=SeenKey(client, "demo", surface, "standard", window),
        at=0.25,
        method="GET",
        path="/v1/x",
        query=[("limit", "5"), ("access_token", "hide-me"), ("limit", "6")],
        headers=[("TraceParent", "00-a"), ("X-Key", "hide-me"), ("traceparent", "00-b")],
    )


def test_requests_are_counted_by_client_surface_class_and_window() -> None:
    seen = Seen()
    for told in (entry(), entry(), entry("d"), entry(window=60), entry(surface="t")):
        seen.arrived(told)
        seen.answered(told, 429 if told.key.client == "d" else 200, 0.5)
    report = seen.report(last=0)
    assert report["total"] == 5
    assert report["last"] == []
    rows = {(r["client"], r["surface"], r["window"]): r for r in report["counts"]}
    assert {key: row["requests"] for key, row in rows.items()} == {
        ("c", "s", 0): 2,
        ("d", "s", 0): 1,
        ("c", "s", 60): 1,
        ("c", "t", 0): 1,
    }
    assert rows["d", "s", 0]["throttled"] == 1
    assert rows["d", "s", 0]["statuses"] == {"429": 1}
    assert rows["c", "s", 0] == {
        "client": "c",
        "account": "demo",
        "surface": "s",
        "class": "standard",
        "window": 0,
        "requests": 2,
        "throttled": 0,
        "statuses": {"200": 2},
    }


def test_what_came_twice_is_told_twice_and_secrets_not_at_all() -> None:
    seen = Seen()
    seen.arrived(entry())
    told = seen.report(last=1)["last"][0]
    assert told["query"] == [["limit", "5"], ["access_token", "[hidden]"], ["limit", "6"]]
    assert told["headers"] == {"traceparent": "00-a, 00-b", "x-key": "[hidden]"}


def test_what_was_in_flight_when_all_was_forgotten_is_counted_nowhere() -> None:
    seen = Seen()
    before, after = entry(), entry()
    seen.arrived(before)
    seen.clear()
    seen.arrived(after)
    seen.answered(before, 200, 0.1)
    assert seen.report(0)["counts"][0]["statuses"] == {}
    seen.answered(after, 201, 0.1)
    assert seen.report(0)["counts"][0]["statuses"] == {"201": 1}
    assert seen.report(0)["counts"][0]["requests"] == 1


def test_an_unanswered_request_has_no_status() -> None:
    seen = Seen()
    told = entry()
    seen.arrived(told)
    assert seen.report(1)["last"][0]["status"] is None
    seen.answered(told, None, 1.5)
    assert seen.report(1)["last"][0]["seconds"] == 1.5
    assert seen.report(1)["counts"][0]["statuses"] == {}


def test_the_last_requests_are_kept_newest_last() -> None:
    seen = Seen(keep=3)
    for window in range(5):
        seen.arrived(entry(window=window))
    assert [r["window"] for r in seen.report(2)["last"]] == [3, 4]
    assert [r["window"] for r in seen.report(99)["last"]] == [2, 3, 4]
    assert seen.report(0)["total"] == 5


def test_clients_and_windows_are_bounded() -> None:
    seen = Seen()
    names = {seen.client(f"agent-{number}") for number in range(300)}
    assert len(names) == 201
    assert "other" in names
    assert seen.client("agent-5") == "agent-5"
    assert seen.client("") == "other"
    for window in range(20_001):
        seen.arrived(entry(window=window))
    windows = [row["window"] for row in seen.report(0)["counts"]]
    assert (len(windows), min(windows)) == (20_000, 1)


def test_everything_can_be_forgotten() -> None:
    seen = Seen()
    told = entry()
    seen.arrived(told)
    seen.clear()
    seen.answered(told, 200, 0.1)
    assert seen.report(10) == {"total": 0, "counts": [], "last": []}
