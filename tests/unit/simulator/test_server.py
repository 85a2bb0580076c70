"""The simulator over sockets: what only shows there."""

import asyncio
import io
import time
from datetime import datetime
from typing import Any

import aiohttp
import pytest

from exporter.simulator.scenarios import SCENARIOS
from exporter.simulator.server import Simulator
from tests.unit.simulator.support import Client, Clock, Json, serving, simulator, token_of

HEALTH = "/v1/monitoring/health"
SCENARIO = "/simulator/scenario"
REQUESTS = "/simulator/requests"


async def read(client: Client, path: str, **options: Any) -> Json:  # noqa: ANN401 - aiohttp has many
    async with client.get(path, **options) as told:
        assert told.status == 200, await told.text()
        answer: Json = await told.json()
        return answer


async def play(client: Client, document: object) -> tuple[int, Json]:
    async with client.put(SCENARIO, json=document) as told:
        return told.status, await told.json()


async def test_answers_and_headers_arrive() -> None:
    async with serving(simulator()) as client, client.get(HEALTH) as told:
        assert told.status == 200
        assert told.content_type == "application/json"
        assert told.headers["X-RateLimit-Limit"] == "5000"
        assert len(told.headers.getall("Date")) == 1
        assert (await told.json())["status"] == "healthy"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"truncate": ["*"]},
        {"body": {"*": "huge"}, "huge_bytes": 9},
        {"status": {"*": {"status": 503, "headers": {"CONTENT-TYPE": "text/x"}}}},
    ],
    ids=["whole", "truncated", "huge", "fault"],
)
async def test_a_header_is_sent_once_whatever_the_case_of_its_name(broken: Json) -> None:
    told: Json = {"date": "today", "server": "x", "api-version": None, "x-ratelimit-limit": "7"}
    if "status" not in broken:
        told["content-type"] = "text/x"
    async with serving(simulator(headers=told, **broken)) as client, client.get(HEALTH) as answer:
        sent = answer.headers
    assert "API-Version" not in sent
    assert {name: sent.getall(name) for name in (*told, "content-type") if told.get(name, 1)} == {
        "content-type": ["text/x"],
        "date": ["today"],
        "server": ["x"],
        "x-ratelimit-limit": ["7"],
    }


async def test_an_answer_without_a_body() -> None:
    async with serving(simulator()) as client:
        headers = {"Authorization": f"Bearer {await token_of(client)}"}
        async with client.delete("/v1/orchestrator/intents/intent-005", headers=headers) as told:
            assert told.status == 204
            assert "Content-Type" not in told.headers
            assert await told.read() == b""


async def test_a_body_that_is_too_large() -> None:
    async with serving(simulator()) as client:
        async with client.post("/v1/auth/login", data=io.BytesIO(b"x" * ((1 << 20) + 1))) as told:
            assert told.status == 413
            assert (await told.json())["title"]
            assert "X-RateLimit-Limit" in told.headers
        assert (await read(client, REQUESTS))["counts"][0]["statuses"] == {"413": 1}


async def test_text_that_is_no_text() -> None:
    async with serving(simulator()) as client:
        content = b'{"username": "\\ud800", "password": "\\udfff"}'
        headers = {"Content-Type": "application/json"}
        async with client.post("/v1/auth/login", data=content, headers=headers) as told:
            assert told.status in {400, 401}


async def test_latencies_are_spent() -> None:
    async with serving(simulator(delay={"monitoring.health": 0.05})) as client:
        begun = time.perf_counter()
        await read(client, HEALTH)
        assert 0.05 <= time.perf_counter() - begun < 2


async def test_the_scenario_is_told_and_switched() -> None:
    async with serving(simulator()) as client:
        told = await read(client, SCENARIO)
        assert told["name"] == "healthy"
        assert [*told["scenarios"]] == [*SCENARIOS]
        status, told = await play(client, {"name": "down"})
        assert (status, told["name"], told["knobs"]) == (200, "down", {"status": {"*": 503}})
        async with client.get(HEALTH) as answer:
            assert answer.status == 503
        assert (await read(client, SCENARIO))["name"] == "down"
        await play(client, {"name": "healthy"})
        async with client.get(HEALTH) as answer:
            assert answer.status == 200


@pytest.mark.parametrize(
    ("method", "path", "content", "status", "told"),
    [
        ("PUT", SCENARIO, b'{"name": "healty"}', 422, "did you mean 'healthy'?"),
        ("PUT", SCENARIO, b"{", 400, "not valid JSON"),
        ("PUT", SCENARIO, b"", 400, "not valid JSON"),
        ("PUT", SCENARIO, b'{"name": "healthy", "hang": 5}', 422, "hang: Expected `array`"),
        ("POST", SCENARIO, b"{}", 405, "GET or PUT"),
        ("PUT", REQUESTS, b"{}", 405, "GET or DELETE"),
        ("GET", REQUESTS + "?last=many", b"", 422, "number of requests"),
        ("GET", "/simulator/else", b"", 404, "/simulator/scenario"),
    ],
)
async def test_the_control_address_refuses(
    method: str, path: str, content: bytes, status: int, told: str
) -> None:
    async with (
        serving(simulator()) as client,
        client.request(method, path, data=content) as answer,
    ):
        assert answer.status == status
        assert told in (await answer.json())["detail"]
        assert "X-RateLimit-Limit" not in answer.headers


async def test_what_was_seen_is_told() -> None:
    clock = Clock()
    async with serving(simulator(clock=clock)) as client:
        token = await token_of(client)
        headers = {
            "User-Agent": "probe/1",
            "Authorization": f"Bearer {token}",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        }
        for _ in range(2):
            await read(client, "/v1/orchestrator/intents?limit=1", headers=headers)
        clock.pass_(60)
        await read(client, "/v1/orchestrator/intents", headers=headers)
        await read(client, HEALTH, headers={"User-Agent": "probe/1"})
        await read(client, SCENARIO)
        report = await read(client, REQUESTS, params={"last": "3"})
        assert report["total"] == 5
        counts = [row for row in report["counts"] if row["client"] == "probe/1"]
        assert [(r["surface"], r["class"], r["account"], r["requests"]) for r in counts] == [
            ("orchestrator.intents.list", "standard", "demo", 2),
            ("orchestrator.intents.list", "standard", "demo", 1),
            ("monitoring.health", "monitoring", "anonymous", 1),
        ]
        assert counts[1]["window"] - counts[0]["window"] == 60
        first = report["last"][0]
        assert first["path"] == "/v1/orchestrator/intents"
        assert first["query"] == [["limit", "1"]]
        assert first["headers"]["traceparent"] == headers["traceparent"]
        assert first["headers"]["authorization"] == "[hidden]"
        assert token not in str(report)
        async with client.delete(REQUESTS) as told:
            assert told.status == 204
        assert await read(client, REQUESTS) == {"total": 0, "counts": [], "last": []}


async def test_no_password_is_told() -> None:
    async with serving(simulator()) as client:
        await token_of(client)
        report = str(await read(client, REQUESTS))
        assert "auth.login" in report
        assert "password" not in report


@pytest.mark.parametrize("opaque", [False, True])
async def test_no_token_is_told_wherever_it_is_sent(*, opaque: bool) -> None:
    async with serving(simulator(opaque_tokens=opaque)) as client:
        content = {"username": "demo", "password": "demo"}
        async with client.post("/v1/auth/login", json=content) as told:
            tokens = await told.json()
        for token in (tokens["access_token"], tokens["refresh_token"]):
            headers = {"User-Agent": f"x {token}", "X-Else": f"<{token}>", f"x-{token}": "1"}
            path = f"/v1/orchestrator/intents/{token}"
            async with client.get(path, params={"a": token, token: "b"}, headers=headers) as answer:
                assert answer.status == 401
        report = await read(client, REQUESTS)
        assert report["total"] == 3
        assert report["last"][1]["client"] == "x [hidden]"
        assert all(tokens[name] not in str(report) for name in ("access_token", "refresh_token"))


class Ticking(Clock):
    """Moves a little whenever it is looked at."""

    def __call__(self) -> float:
        self.now += 0.17
        return self.now


@pytest.mark.parametrize("model", ["fixed", "per_replica"])
@pytest.mark.parametrize(("window", "skew"), [(1, 0), (7, 0), (60, 0), (7, 3601.5)])
async def test_a_request_is_counted_in_the_window_that_it_was_told(
    window: int, skew: float, model: str
) -> None:
    limits = {"monitoring": {"requests": 100, "window": window}}
    knobs: Json = {"limits": limits, "clock_skew_seconds": skew, "limit_model": model}
    async with serving(simulator(clock=Ticking(), churn_seconds=0, **knobs)) as client:
        told = []
        for _ in range(40):
            async with client.get(HEALTH) as answer:
                told.append(int(answer.headers["X-RateLimit-Reset"]) - window)
        report = await read(client, REQUESTS)
        assert [entry["window"] for entry in report["last"]] == told
        assert {row["window"] for row in report["counts"]} == set(told)
        assert len(set(told)) > 1 or window == 60
        for entry in report["last"]:
            at = datetime.fromisoformat(entry["at"]).timestamp()
            assert entry["window"] <= at < entry["window"] + window


@pytest.mark.parametrize("second", ["1", "2", "2000"])
async def test_a_parameter_that_comes_twice_is_refused_and_told(second: str) -> None:
    async with serving(simulator()) as client:
        headers = {"Authorization": f"Bearer {await token_of(client)}"}
        path = f"/v1/orchestrator/intents?limit=1&limit={second}"
        async with client.get(path, headers=headers) as answer:
            assert answer.status == 422
            errors = (await answer.json())["errors"]
            assert {error["field"] for error in errors} == {"limit"}
        last = (await read(client, REQUESTS))["last"][-1]
        assert last["query"] == [["limit", "1"], ["limit", second]]


@pytest.mark.parametrize("path", ["/v1/auth/login", SCENARIO, "/v1/nowhere"])
async def test_a_body_that_cannot_be_decoded(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async with serving(simulator()) as client:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        method = "PUT" if path == SCENARIO else "POST"
        async with client.request(method, path, data=b"no gzip", headers=headers) as answer:
            assert answer.status == (404 if path == "/v1/nowhere" else 400)
            assert answer.content_type == "application/json"
            assert (await answer.json())["status"] == answer.status
            if path != SCENARIO:
                assert answer.headers["X-RateLimit-Limit"] == "1000"
                assert answer.headers["API-Version"] == "1.0.0"
        assert await read(client, HEALTH)
    assert caplog.records == []


async def test_no_scenario_keeps_a_connection_that_cannot_be_read_on() -> None:
    async with serving(simulator(headers={"connection": "keep-alive"})) as client:
        sent = {"Content-Encoding": "gzip"}
        async with client.post("/v1/auth/login", data=b"no gzip", headers=sent) as answer:
            assert answer.headers.getall("Connection") == ["close"]


@pytest.mark.parametrize(
    "document",
    [
        {"name": "healthy", "clock_skew_seconds": 1e300},
        {"name": "healthy", "deprecated_days": 1e12},
        {"name": "healthy", "headers": {"X-A": "a\r\nB: c"}},
        {},
        {"name": ""},
        {"name": None},
    ],
)
async def test_what_cannot_be_played_is_refused_and_the_old_goes_on(document: Json) -> None:
    async with serving(simulator("down")) as client:
        status, problem = await play(client, document)
        assert (status, problem["title"]) == (422, "Validation Error")
        async with client.get(HEALTH) as answer:
            assert answer.status == 503


async def test_quotas_of_anonymous_clients_go_by_address() -> None:
    async with serving(simulator(limits={"monitoring": {"requests": 2}})) as client:
        statuses = []
        for _ in range(3):
            async with client.get(HEALTH) as told:
                statuses.append(told.status)
        assert statuses == [200, 200, 429]
        headers = {"Authorization": f"Bearer {await token_of(client)}"}
        async with client.get(HEALTH, headers=headers) as told:
            assert told.status == 200


async def test_a_surface_hangs_and_the_others_do_not() -> None:
    async with serving(simulator(hang=["tn-manager.agents.list"])) as client:
        headers = {"Authorization": f"Bearer {await token_of(client)}"}
        patience = aiohttp.ClientTimeout(total=0.1)
        with pytest.raises(TimeoutError):
            await read(client, "/v1/tn-manager/agents", headers=headers, timeout=patience)
        await read(client, HEALTH)
        while True:
            entry = (await read(client, REQUESTS))["last"][-2]
            if entry["seconds"] is not None:
                break
        assert (entry["surface"], entry["status"]) == ("tn-manager.agents.list", None)


async def test_the_end_does_not_wait_for_what_hangs() -> None:
    stuck = simulator(hang=["monitoring.health"], delay={"monitoring.metrics": 30})
    async with asyncio.timeout(5), serving(stuck, patience=60) as client:
        hanging = asyncio.create_task(read(client, HEALTH))
        late = asyncio.create_task(read(client, "/v1/monitoring/metrics"))
        while (await read(client, REQUESTS))["total"] < 2:
            pass
        await client.server.close()
        for task in (hanging, late):
            with pytest.raises(aiohttp.ClientError):
                await task


async def test_a_connection_is_reset() -> None:
    async with serving(simulator(reset=["monitoring.health"])) as client:
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await read(client, HEALTH)


async def test_a_body_ends_early() -> None:
    async with serving(simulator(truncate=["monitoring.health"])) as client:
        with pytest.raises(aiohttp.ClientPayloadError):
            await read(client, HEALTH)


@pytest.mark.parametrize("size", [1, 70_000, 1_000_000])
async def test_a_huge_body(size: int) -> None:
    async with (
        serving(simulator(body={"monitoring.health": "huge"}, huge_bytes=size)) as client,
        client.get(HEALTH) as told,
    ):
        assert told.content_type == "application/json"
        assert told.content_length == size
        assert len(await told.read()) == size


async def test_a_client_that_leaves_a_huge_body_harms_nobody() -> None:
    async with serving(simulator(body={"monitoring.health": "huge"})) as client:
        async with client.get(HEALTH) as told:
            await told.content.read(10)
            told.close()
        async with client.get("/v1/monitoring/metrics") as told:
            assert told.status == 200


async def test_any_clock_and_chance_will_do_but_none_is_needed() -> None:
    async with serving(Simulator()) as client:
        async with asyncio.timeout(5):
            told = await read(client, HEALTH)
        assert told["status"] == "healthy"


async def test_bytes_that_are_no_text_do_not_harm_the_report() -> None:
    async with serving(simulator()) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(
            b"GET /v1/orchestrator/%ff/%C3%A9?a=%ff HTTP/1.1\r\nHost: x\r\n"
            b"User-Agent: \xff\xfe\r\nX-Else: \xff\r\nConnection: close\r\n\r\n"
        )
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.startswith(b"HTTP/1.1 404 ")
        report = await read(client, REQUESTS)
        assert report["last"][0]["client"] == "??"
        assert report["last"][0]["headers"]["x-else"] == "?"
