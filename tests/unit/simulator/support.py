"""What the simulator's tests share: a clock that is set by hand, and clients without sockets."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import aiohttp
import msgspec
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application
from aiohttp.web import Request as WebRequest
from multidict import CIMultiDict

from exporter.simulator.exchange import Reply
from exporter.simulator.request import ReceivedRequest
from exporter.simulator.server import Simulator

Json: TypeAlias = dict[str, Any]
Client: TypeAlias = TestClient[WebRequest, Application]

START = 1_700_000_040.0
"""A moment at which a window of 60 s begins."""

UNLIMITED: Json = {
    "limits": {
        "standard": {"requests": 1_000_000},
        "deployment": {"requests": 1_000_000},
        "monitoring": {"requests": 1_000_000},
    }
}


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def simulator(scenario: str = "healthy", clock: Clock | None = None, **knobs: object) -> Simulator:
    """A simulator that answers at once and without chance."""
    document = {"name": scenario, "latency_factor": 0, **knobs}
    return Simulator(document, clock=clock or Clock(), rng=random.Random(1))


class Api:
    """The API without sockets: what is asked goes straight to the gateway."""

    def __init__(self, scenario: str = "healthy", **knobs: object) -> None:
        self.clock = Clock()
        self.gateway = simulator(scenario, self.clock, **knobs).gateway
        self.token = ""

    def login(self) -> Json:
        told = self.post("/auth/login", {"username": "demo", "password": "demo"})
        self.token = body(told)["access_token"]
        return body(told)

    def ask(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        address: str = "127.0.0.1",
    ) -> Reply:
        sent = CIMultiDict({"User-Agent": "test"})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        raw = b""
        if content is not None:
            sent["Content-Type"] = "application/json"
            raw = content if isinstance(content, bytes) else msgspec.json.encode(content)
        sent.update(headers or {})
        request = ReceivedRequest(method, f"/v1{path}", tuple((query or {}).items()), sent, address)
        answer = self.gateway.answer(self.gateway.arrive(request), raw)
        # As a client sees it: what is sent is no longer part of the simulator's state.
        if isinstance(answer.body, dict):
            answer = replace(answer, body=msgspec.json.decode(msgspec.json.encode(answer.body)))
        return answer

    def get(self, path: str, **query: str) -> Reply:
        return self.ask("GET", path, query=query)

    def post(self, path: str, content: object) -> Reply:
        return self.ask("POST", path, content)

    def play(self, scenario: str, **knobs: object) -> None:
        document = {"name": scenario, "latency_factor": 0, **knobs}
        self.gateway.stage.play(document, self.clock())


def body(answer: Reply) -> Json:
    assert isinstance(answer.body, dict), answer
    return answer.body


def logged_in(scenario: str = "healthy", **knobs: object) -> Api:
    api = Api(scenario, **knobs)
    api.login()
    return api


@asynccontextmanager
async def serving(served: Simulator, patience: float = 0.1) -> AsyncIterator[Client]:
    """The API over real sockets on loopback."""
    server = TestServer(served.application())
    await server.start_server(shutdown_timeout=patience)
    async with TestClient(server, cookie_jar=aiohttp.DummyCookieJar()) as client:
        yield client


async def token_of(client: Client) -> str:
    async with client.post("/v1/auth/login", json={"username": "demo", "password": "demo"}) as told:
        assert told.status == 200
        return str((await told.json())["access_token"])
