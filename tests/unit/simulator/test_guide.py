"""The guide's own examples, taken out of it and run against a served simulator.

Only what the guide never defines is added (`API_BASE`, the credentials, `ORANMANOClient`), and what
would wait goes by the simulator's clock. A user's clone has no guide: there is nothing to run then,
and nothing to skip.
"""

import os
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.simulator.guide import (
    GUIDE,
    Awaited,
    Client,
    blocks,
    curl,
    curls,
    on_the_clock,
    requests,
    run,
    served,
    this_minute,
)
from tests.unit.simulator.support import Clock, Json, simulator

RECEIVER = "Setting Up Webhooks"


class World:
    """A served simulator, and the names that the guide takes for granted."""

    def __init__(self, root: str, clock: Clock) -> None:
        self.clock = clock
        self.slept: list[float] = []
        self.root, self.url = root, f"{root}/v1"
        self.around: Json = {
            "requests": requests,
            "API_BASE": self.url,
            "username": "demo",
            "password": "demo",
            "ORANMANOClient": Client,
            "__name__": "guide",
        }

    def run(self, *headings: str) -> None:
        for heading in headings:
            run(heading, self.around)
        on_the_clock(self.around, self.clock, self.slept)

    def play(self, **document: object) -> None:
        content = {"latency_factor": 0, **document}
        assert requests.put(f"{self.root}/simulator/scenario", json=content).status_code == 200

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.manager().get_valid_token()}"}

    def manager(self) -> Any:  # noqa: ANN401 - a class of the guide's
        return self.around["TokenManager"]("demo", "demo")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setenv("NETRC", os.devnull)
    clock = Clock(this_minute())
    with served(simulator(clock=clock, churn_seconds=0)) as root:
        yield World(root, clock)


if GUIDE.exists():

    def test_quick_start(world: World) -> None:
        values = {"your-username": "demo", "your-password": "demo"}
        answers = []
        for words in curls("Quick Start"):
            answers.append(curl(words, world.url, values))
            values["$TOKEN"] = answers[-1].json().get("access_token", "")
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert answers[0].json()["status"] == "healthy"
        assert answers[2].json()["intents"]

    def test_token_manager(world: World) -> None:
        world.run("Token Lifecycle")
        manager = world.manager()
        tokens = []
        # Four hours; the guide's client keeps to its first refresh token.
        for _ in range(4 * 12):
            token = manager.get_valid_token()
            if token not in tokens:
                tokens.append(token)
            headers = {"Authorization": f"Bearer {token}"}
            answer = requests.get(f"{world.url}/orchestrator/intents", headers=headers)
            assert answer.status_code == 200
            world.clock.pass_(300)
        assert len(tokens) == 4

    def test_rate_limit_handler(world: World, capsys: pytest.CaptureFixture[str]) -> None:
        world.run("Token Lifecycle", "Handling Rate Limits")
        assert world.around["response"].status_code == 401  # its usage sends no token
        headers = world.headers()
        world.play(name="throttled")
        handler = world.around["handler"]
        world.clock.pass_(75)
        for _ in range(45):
            url = f"{world.url}/orchestrator/intents"
            answer = handler.make_request_with_retry("GET", url, headers=headers)
            assert answer.status_code == 200
        # 20 in the first window, 20 in the next, 5 in the third: two waits, each just long enough.
        assert world.slept == [45, 60]
        assert "Waiting 45 seconds" in capsys.readouterr().out

    def test_backoff(world: World) -> None:
        world.run("Token Lifecycle", "Exponential Backoff Strategy")
        headers = world.headers()
        world.play(name="healthy", limits={"standard": {"requests": 1, "window": 3}})
        ask = world.around["make_request_with_backoff"]
        for _ in range(3):
            assert ask(f"{world.url}/orchestrator/intents", headers=headers).status_code == 200
        assert world.slept

    @pytest.mark.parametrize(
        ("intent", "told"),
        [
            ({"bandwidth": 100, "latency": 10, "slice_type": "uRLLC"}, "Intent created success"),
            (
                {"bandwidth": 15000, "latency": 5, "slice_type": "invalid_type"},
                (
                    "Validation failed:\n  bandwidth: bandwidth must be between 1 and 10000\n"
                    "  slice_type: slice_type must be one of: eMBB, uRLLC, mIoT, balanced"
                ),
            ),
        ],
    )
    def test_error_handler(
        intent: Json, told: str, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        world.run("Token Lifecycle")
        world.around |= {"intent_data": intent, "headers": world.headers()}
        world.run("Comprehensive Error Handler")
        assert told in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("document", "headers", "told"),
        [
            ({"name": "healthy"}, {}, "Authentication error: Authentication credentials are"),
            (
                {"name": "healthy", "limits": {"standard": {"requests": 0}}},
                {},
                "Rate limited: Rate limit exceeded. Retry after 60s",
            ),
            ({"name": "down"}, {}, "API error [503]: API Error: Service Unavailable - "),
        ],
    )
    def test_error_handler_of_other_errors(
        document: Json,
        headers: dict[str, str],
        told: str,
        world: World,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        world.play(**document)
        world.around |= {"intent_data": {}, "headers": headers}
        world.run("Comprehensive Error Handler")
        assert told in capsys.readouterr().out

    def test_concurrent_creation(world: World, capsys: pytest.CaptureFixture[str]) -> None:
        world.run("Token Lifecycle", "Python SDK Advanced Usage")
        assert "Created 3 intents successfully" in capsys.readouterr().out

    def test_batches(world: World) -> None:
        world.run("Batch Operations")
        client = world.around["BatchORANMANOClient"](world.url, "demo", "demo")
        kinds = ("uRLLC", "eMBB", "mIoT")
        wanted = [
            {"bandwidth": 1 + number, "latency": 10, "slice_type": kinds[number % 3]}
            for number in range(120)
        ]
        told = client.create_intents_batch(wanted)
        assert (told["success_count"], told["errors"]) == (120, [])
        created = sorted(told["created"], key=lambda intent: int(intent["bandwidth"]))
        assert [{key: intent[key] for key in wanted[0]} for intent in created] == wanted
        assert len({intent["id"] for intent in created}) == 120

    def test_webhook_registration(world: World) -> None:
        world.run("Token Lifecycle")
        world.around["access_token"] = world.manager().get_valid_token()
        # The receiver needs Flask; all that the registration takes from it is its secret.
        (secret,) = re.findall(r'^WEBHOOK_SECRET = "(.+)"$', blocks(RECEIVER)[0], re.MULTILINE)
        world.around["WEBHOOK_SECRET"] = secret
        world.run("Webhook Registration")
        names = ("deployment_webhook_id", "slice_webhook_id")
        assert len({world.around[name] for name in names} - {None}) == 2

    @pytest.mark.parametrize("name", ["test_intent_lifecycle", "test_orchestration_workflow"])
    def test_integration_tests(name: str, world: World, capsys: pytest.CaptureFixture[str]) -> None:
        world.run("Integration Testing")
        client = Client(world.url, "demo", "demo")
        getattr(world.around["TestORANMANOIntegration"](), name)(client)
        assert capsys.readouterr().out == ""  # it prints where it could not clean up
        listed = client.session.get(f"{world.url}/orchestrator/intents").json()
        assert listed["total"] == 6

    def test_workflow(world: World, capsys: pytest.CaptureFixture[str]) -> None:
        world.around |= {"ORANMANOClient": Awaited, "time": time}
        world.run("Workflow Orchestration")
        assert "Workflow completed: WorkflowStatus.COMPLETED" in capsys.readouterr().out

    def test_diagnoses(world: World, capsys: pytest.CaptureFixture[str]) -> None:
        world.run("1. Authentication Problems", "2. Rate Limiting Issues")
        client = Client(world.url, "demo", "demo")
        world.around["diagnose_auth_issues"](client)
        told = capsys.readouterr().out
        assert "Token usage: Working correctly" in told
        assert "\u274c" not in told
        world.around["diagnose_rate_limit_issues"](client)
        told = capsys.readouterr().out
        assert "Limit: 1000 requests" in told
        assert "Failed" not in told
