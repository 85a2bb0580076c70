"""Clients that do what the guide's Python examples do, against a running simulator.

Where an example uses `requests` they use aiohttp, and they wait on the simulator's own clock;
everything else is as the guide has it, its quirks included (a refresh keeps the old refresh token).
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt
import pytest

from tests.unit.simulator.support import Client, Clock, Json, serving, simulator

API = "/v1"
USERNAME = PASSWORD = "demo"
INTENTS = (
    {"bandwidth": 100, "latency": 10, "slice_type": "uRLLC"},
    {"bandwidth": 500, "latency": 50, "slice_type": "eMBB"},
    {"bandwidth": 50, "latency": 100, "slice_type": "mIoT"},
)


class Response(NamedTuple):
    status_code: int
    headers: dict[str, str]
    data: Any

    def json(self) -> Json:
        assert isinstance(self.data, dict)
        return self.data


class Requests:
    """As much of `requests` as the guide uses."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client = client
        self.clock = clock

    async def request(self, method: str, url: str, **options: Any) -> Response:  # noqa: ANN401 - aiohttp has many
        async with self.client.request(method, url, **options) as told:
            data = await told.json() if told.content_type == "application/json" else None
            return Response(told.status, dict(told.headers), data)

    async def sleep(self, seconds: float) -> None:
        self.clock.pass_(seconds)


class World(NamedTuple):
    requests: Requests
    clock: Clock


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = Clock(datetime.now(UTC).timestamp() // 60 * 60)
    async with serving(simulator(clock=clock)) as client:
        yield World(Requests(client, clock), clock)


class TokenManager:
    """Guide, "Token Lifecycle"."""

    def __init__(self, world: World) -> None:
        self.requests, self.clock = world
        self.access_token = ""
        self.refresh_token = ""
        self.token_expiry: datetime | None = None

    async def authenticate(self) -> None:
        response = await self.requests.request(
            "POST", f"{API}/auth/login", json={"username": USERNAME, "password": PASSWORD}
        )
        if response.status_code == 200:
            self.access_token = response.json()["access_token"]
            self.refresh_token = response.json()["refresh_token"]
            self._read_expiry()

    async def get_valid_token(self) -> str:
        if not self.access_token or self.is_token_expired():
            if self.refresh_token:
                await self.refresh_access_token()
            else:
                await self.authenticate()
        return self.access_token

    def is_token_expired(self) -> bool:
        if self.token_expiry is None:
            return True
        now = datetime.fromtimestamp(self.clock(), UTC)
        return now > self.token_expiry - timedelta(minutes=5)

    async def refresh_access_token(self) -> None:
        response = await self.requests.request(
            "POST", f"{API}/auth/refresh", json={"refresh_token": self.refresh_token}
        )
        if response.status_code == 200:
            self.access_token = response.json()["access_token"]
            self._read_expiry()

    def _read_expiry(self) -> None:
        decoded = jwt.decode(self.access_token, options={"verify_signature": False})
        self.token_expiry = datetime.fromtimestamp(decoded["exp"], UTC)


async def login(world: World) -> dict[str, str]:
    manager = TokenManager(world)
    return {"Authorization": f"Bearer {await manager.get_valid_token()}"}


async def test_quick_start(world: World) -> None:
    requests = world.requests
    health = await requests.request("GET", f"{API}/monitoring/health")
    assert health.status_code == 200
    login = await requests.request(
        "POST", f"{API}/auth/login", json={"username": USERNAME, "password": PASSWORD}
    )
    assert login.status_code == 200
    token = login.json()["access_token"]
    first = await requests.request(
        "GET", f"{API}/orchestrator/intents", headers={"Authorization": f"Bearer {token}"}
    )
    assert first.status_code == 200
    assert first.json()["intents"]


async def test_token_manager(world: World) -> None:
    manager = TokenManager(world)
    seen = []
    # Four hours, as the guide's client sees them: it refreshes with its first refresh token only.
    for _ in range(4 * 12):
        token = await manager.get_valid_token()
        if token not in seen:
            seen.append(token)
        response = await world.requests.request(
            "GET", f"{API}/orchestrator/intents", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 200
        world.clock.pass_(300)
    assert len(seen) == 4


class RateLimitHandler:
    """Guide, "Handling Rate Limits"."""

    def __init__(self, requests: Requests) -> None:
        self.requests = requests
        self.waited: list[int] = []

    async def handle_rate_limit(self, response: Response) -> bool:
        if response.status_code == 429:
            retry_after = int(response.headers.get("X-RateLimit-Retry-After", 60))
            self.waited.append(retry_after)
            await self.requests.sleep(retry_after)
            return True
        return False

    async def make_request_with_retry(
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401 - aiohttp has many
    ) -> Response:
        retry_count = 0
        while True:
            response = await self.requests.request(method, url, **options)
            if response.status_code != 429 or retry_count == 3:
                return response
            if await self.handle_rate_limit(response):
                retry_count += 1


async def test_rate_limit_handler(world: World) -> None:
    headers = await login(world)
    await world.requests.request(
        "PUT",
        "/simulator/scenario",
        json={"name": "throttled", "latency_factor": 0},
    )
    handler = RateLimitHandler(world.requests)
    world.clock.pass_(75 - 60)
    for _ in range(45):
        response = await handler.make_request_with_retry(
            "GET", f"{API}/orchestrator/intents", headers=headers
        )
        assert response.status_code == 200
    # 20 in the first window, 20 in the next, 5 in the third: two waits, each just long enough.
    assert handler.waited == [45, 60]


async def create_intent(requests: Requests, intent: Json, headers: dict[str, str]) -> Json:
    response = await requests.request(
        "POST", f"{API}/orchestrator/intents", json=intent, headers=headers
    )
    assert response.status_code == 201, response
    return response.json()


async def test_batch(world: World) -> None:
    """Guide, "Python SDK Advanced Usage" and "Batch Operations": 120 intents in batches of 50."""
    headers = await login(world)
    wanted = [dict(INTENTS[number % 3]) for number in range(120)]
    created: list[Json] = []
    for start in range(0, len(wanted), 50):
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(create_intent(world.requests, intent, headers))
                for intent in wanted[start : start + 50]
            ]
        created.extend(task.result() for task in tasks)
    assert len({intent["id"] for intent in created}) == 120
    assert [{key: told[key] for key in INTENTS[0]} for told in created] == wanted
    listed = await world.requests.request(
        "GET", f"{API}/orchestrator/intents?limit=1000", headers=headers
    )
    assert listed.json()["total"] == 126


async def test_webhook_registration(world: World) -> None:
    headers = await login(world)

    async def register(url: str, events: list[str], secret: str) -> str:
        webhook = {"url": url, "events": events, "secret": secret, "active": True}
        response = await world.requests.request(
            "POST", f"{API}/webhooks/subscriptions", json=webhook, headers=headers
        )
        assert response.status_code == 201
        return str(response.json()["id"])

    first = await register(
        "https://your-domain.com/webhooks/deployment-status",
        ["deployment.started", "deployment.completed", "deployment.failed"],
        "your-webhook-secret",
    )
    second = await register(
        "https://your-domain.com/webhooks/slice-status",
        ["slice.created", "slice.deployed", "slice.failed", "slice.deleted"],
        "your-webhook-secret",
    )
    assert first != second


async def test_errors_are_what_the_guide_handles(world: World) -> None:
    """Guide, "Comprehensive Error Handler" and "Validation Errors"."""
    headers = await login(world)
    bad = {"bandwidth": 15000, "latency": 5, "slice_type": "invalid_type"}
    response = await world.requests.request(
        "POST", f"{API}/orchestrator/intents", json=bad, headers=headers
    )
    assert response.status_code == 422
    fields = {error["field"]: error["code"] for error in response.json()["errors"]}
    assert fields == {"bandwidth": "RANGE_ERROR", "slice_type": "ENUM_ERROR"}
    assert response.json()["title"] == "Validation Error"
    refused = await world.requests.request(
        "POST", f"{API}/auth/login", json={"username": "demo", "password": "wrong-password"}
    )
    assert refused.status_code == 401
    assert (
        refused.json().items()
        >= {
            "status": 401,
            "title": "Unauthorized",
            "detail": "Invalid credentials",
        }.items()
    )


async def test_integration_example(world: World) -> None:
    """Guide, "Integration Testing": a plan for two intents, then clean up."""
    headers = await login(world)
    requests = world.requests
    created = [await create_intent(requests, dict(intent), headers) for intent in INTENTS[:2]]
    response = await requests.request(
        "POST",
        f"{API}/orchestrator/plan",
        json={"intents": list(INTENTS[:2]), "dry_run": True},
        headers=headers,
    )
    plan = response.json()
    assert plan["total_slices"] == len(plan["allocations"]) == 2
    for allocation in plan["allocations"]:
        assert allocation["slice_id"]
        assert allocation["placement"]["site_id"]
        assert allocation["resources"]["ran_resources"]
    for intent in created:
        path = f"{API}/orchestrator/intents/{intent['id']}"
        assert (await requests.request("DELETE", path, headers=headers)).status_code == 204


async def test_deployment_monitoring(world: World) -> None:
    """Guide, "Event-Driven Architecture" and "Workflow Orchestration": polled every 5 s."""
    headers = await login(world)
    requests = world.requests
    intent = await create_intent(requests, dict(INTENTS[0]), headers)
    plan = (
        await requests.request(
            "POST",
            f"{API}/orchestrator/plan",
            json={"intents": [intent], "dry_run": False},
            headers=headers,
        )
    ).json()
    allocation = plan["allocations"][0]
    slice_config = {
        "slice_id": allocation["slice_id"],
        "bandwidth_mbps": allocation["resources"]["tn_resources"]["bandwidth_mbps"],
        "qos_class": allocation["qos"]["slice_type"],
    }
    configured = await requests.request(
        "POST", f"{API}/tn-manager/agents/agent-01/slices", json=slice_config, headers=headers
    )
    assert configured.json()["status"] == "configured"
    deployment = (
        await requests.request(
            "POST", f"{API}/orchestrator/deploy", json={"plan_id": plan["id"]}, headers=headers
        )
    ).json()["deployment_id"]
    states: list[str] = []
    while not states or states[-1] not in {"completed", "failed", "cancelled"}:
        status = await requests.request(
            "GET", f"{API}/orchestrator/deployments/{deployment}", headers=headers
        )
        states.append(status.json()["status"])
        await requests.sleep(5)
    assert states == ["queued", "running", "running", "running", "completed"]
