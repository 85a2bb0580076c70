import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer

from exporter.simulator.webhook import Delivery, DeliveryForm, Happening, deliveries, signature
from tests.unit.simulator.support import (
    START,
    Api,
    Clock,
    Json,
    body,
    logged_in,
    serving,
    simulator,
)
from tests.unit.simulator.support import token_of as token

SECRET = "your-webhook-secret"
EVENTS = ("deployment.started", "deployment.completed", "deployment.failed", "slice.deployed")
HAPPENED = Happening(START, "slice.deployed", {"slice_id": "intent-001", "status": "deployed"})


def subscription(url: str = "http://r.example/hook", **changes: object) -> Json:
    return {"url": url, "events": list(EVENTS), "secret": SECRET, "active": True, **changes}


def sent(form: DeliveryForm) -> list[Delivery]:
    return deliveries([HAPPENED], [subscription()], form)


def test_an_event_is_signed_as_the_guide_verifies_it() -> None:
    (delivery,) = sent("signed")
    assert json.loads(delivery.body) == {
        "event": "slice.deployed",
        "slice_id": "intent-001",
        "status": "deployed",
        "timestamp": "2023-11-14T22:14:00.000Z",
    }
    expected = hmac.new(SECRET.encode(), delivery.body, hashlib.sha256).hexdigest()
    assert delivery.headers["X-Webhook-Signature"] == f"sha256={expected}"
    assert delivery.headers["Content-Type"] == "application/json"


def test_other_forms() -> None:
    good = sent("signed")[0]
    forged = sent("forged")[0]
    assert forged.body == good.body
    assert forged.headers != good.headers
    assert "X-Webhook-Signature" not in sent("unsigned")[0].headers
    cut = sent("malformed")[0]
    assert good.body.startswith(cut.body)
    assert cut.headers["X-Webhook-Signature"] == signature(SECRET, cut.body)
    assert sent("duplicated") == [good, good]
    assert json.loads(sent("stale")[0].body)["timestamp"] == "2023-11-11T22:14:00.000Z"
    assert sent("none") == []


@pytest.mark.parametrize(
    ("changes", "count"), [({}, 1), ({"active": False}, 0), ({"events": ["slice.failed"]}, 0)]
)
def test_only_active_subscribers_to_the_event_are_told(changes: Json, count: int) -> None:
    assert len(deliveries([HAPPENED], [subscription(**changes)], "signed")) == count


def course(api: Api, seconds: int) -> list[tuple[int, str, str]]:
    told = []
    for second in range(seconds):
        told += [
            (second, delivery.event, json.loads(delivery.body)["status"])
            for delivery in api.gateway.collect()
        ]
        api.clock.pass_(1)
    return told


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        ("completed", [(20, "deployment.completed"), (20, "slice.deployed")]),
        ("failed", [(20, "deployment.failed"), (20, "slice.failed")]),
    ],
)
def test_a_deployment_tells_its_course(outcome: str, end: list[tuple[int, str]]) -> None:
    api = logged_in(churn_seconds=0, deploy_seconds=20, deploy_outcome=outcome)
    events = [*EVENTS, "slice.created", "slice.failed"]
    api.post("/webhooks/subscriptions", {**subscription(), "events": events})
    intent = {"bandwidth": 10, "latency": 10, "slice_type": "eMBB"}
    plan = body(api.post("/orchestrator/plan", {"intents": [intent], "dry_run": False}))
    api.post("/orchestrator/deploy", {"plan_id": plan["id"]})
    told = course(api, 30)
    assert [(second, event) for second, event, _ in told] == [
        (0, "slice.created"),
        (2, "deployment.started"),
        *end,
    ]
    assert told[1][2] == "running"
    assert told[2][2] == outcome


def test_events_say_what_they_mean_at_any_moment() -> None:
    for fraction in range(40):
        api = logged_in(churn_seconds=0, deploy_seconds=0.7)
        api.clock.pass_(fraction * 0.0123456789)
        events = ["deployment.started", "deployment.completed"]
        api.post("/webhooks/subscriptions", {**subscription(), "events": events})
        plan = body(api.post("/orchestrator/plan", {"dry_run": False}))
        api.post("/orchestrator/deploy", {"plan_id": plan["id"]})
        told = [(event, status) for _, event, status in course(api, 3)]
        assert told == [("deployment.started", "running"), ("deployment.completed", "completed")]


def test_what_others_do_is_told_too() -> None:
    api = logged_in()
    events = ["slice.created", "slice.deployed", "slice.deleted"]
    api.post("/webhooks/subscriptions", {**subscription(), "events": events})
    assert [(second, event) for second, event, _ in course(api, 125)] == [
        (30, "slice.created"),
        (45, "slice.deployed"),
        (120, "slice.deleted"),
    ]


def test_nobody_is_told_what_was_before() -> None:
    api = logged_in()
    api.clock.pass_(100)
    api.gateway.collect()
    api.post("/webhooks/subscriptions", subscription())
    assert api.gateway.collect() == []


@asynccontextmanager
async def receiver(
    received: asyncio.Queue[tuple[str, bytes, str]],
) -> AsyncIterator[BaseTestServer]:
    async def receive(request: web.Request) -> web.Response:
        told = request.headers.get("X-Webhook-Signature", "")
        await received.put((request.path_qs, await request.read(), told))
        return web.json_response({"status": "received"})

    app = web.Application()
    app.router.add_post("/{path:.*}", receive)
    async with TestServer(app) as server:
        yield server


async def test_events_are_delivered() -> None:
    received: asyncio.Queue[tuple[str, bytes, str]] = asyncio.Queue()
    async with (
        asyncio.timeout(20),
        receiver(received) as server,
        serving(simulator(deploy_seconds=0.01)) as client,
    ):
        headers = {"Authorization": f"Bearer {await token(client)}"}

        async def post(path: str, content: Json) -> Json:
            async with client.post(f"/v1{path}", json=content, headers=headers) as told:
                answer: Json = await told.json()
                return answer

        for url in (
            str(server.make_url("/webhooks/slice-status?tenant=1")),
            "http://127.0.0.1:1/closed",
            "http://:80/",
        ):
            await post("/webhooks/subscriptions", subscription(url, events=["slice.created"]))
        plan = await post(
            "/orchestrator/plan",
            {
                "intents": [{"bandwidth": 10, "latency": 10, "slice_type": "eMBB"}],
                "dry_run": False,
            },
        )
        await post("/orchestrator/deploy", {"plan_id": plan["id"]})
        path, content, signed = await received.get()
        assert path == "/webhooks/slice-status?tenant=1"
        assert json.loads(content)["event"] == "slice.created"
        assert signed == signature(SECRET, content)
        reports: list[Json] = []
        while len(reports) < 3:
            async with client.get("/simulator/deliveries") as told:
                reports = (await told.json())["deliveries"]
        ends = {report["url"].rpartition("/")[2]: report for report in reports}
        assert ends["slice-status?tenant=1"]["status"] == 200
        assert ends["closed"]["error"]
        assert "not an http" in ends[""]["error"]


async def test_the_end_does_not_wait_for_a_receiver_that_says_nothing() -> None:
    heard = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        heard.set()
        await reader.read()
        writer.close()

    clock = Clock()
    deaf = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = deaf.sockets[0].getsockname()[1]
    async with asyncio.timeout(4), deaf, serving(simulator(clock=clock)) as client:
        headers = {"Authorization": f"Bearer {await token(client)}"}
        content = subscription(f"http://127.0.0.1:{port}/")
        async with client.post("/v1/webhooks/subscriptions", json=content, headers=headers) as told:
            assert told.status == 201
        clock.pass_(60)
        await heard.wait()
