"""The guide's own code, taken out of it, and what it needs around it to run."""

import asyncio
import re
import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any

from exporter.simulator.server import Simulator
from tests.unit.simulator.support import Clock, Json, serving

GUIDE = Path(__file__).parents[4] / "shared" / "reference" / "developer-guide.md"
BASE = "https://api.oran-mano.io/v1"

# Whatever type the library gives its answers: it has none for a checker.
requests: Any = import_module("requests")


def blocks(heading: str, language: str = "python") -> list[str]:
    """The code under a heading of the guide."""
    parts = re.split(r"^#{2,4} +", GUIDE.read_text("utf-8"), flags=re.MULTILINE)
    (section,) = (part for part in parts if part.startswith(f"{heading}\n"))
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    assert found, heading
    return [dedent(code) for code in found]


def run(heading: str, around: Json) -> None:
    """Run the code under a heading; what it defines is added to what is around it."""
    for code in blocks(heading):
        exec(compile(code, heading, "exec"), around)  # that is what the test is about


def curls(heading: str) -> Iterator[list[str]]:
    for code in blocks(heading, "bash"):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["curl"]:
                yield words


def curl(words: list[str], url: str, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - see above
    """Send what a line of curl would send."""
    for name, value in {BASE: url, **values}.items():
        words = [word.replace(name, value) for word in words]
    options = dict(pairwise(words[1:]))
    (address,) = (word for word in words if word.startswith(url))
    headers = dict([options["-H"].split(": ", 1)]) if "-H" in options else {}
    return requests.request(options["-X"], address, headers=headers, data=options.get("-d"))


def on_the_clock(around: Json, clock: Clock, slept: list[float]) -> None:
    """Let the guide's code live by the simulator's clock, so that nobody has to wait."""

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.pass_(seconds)

    class Clocked(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clocked":
            return cls.fromtimestamp(clock(), tz)

    around |= {"time": SimpleNamespace(sleep=sleep, time=clock), "datetime": Clocked}


def this_minute() -> float:
    return datetime.now(UTC).timestamp() // 60 * 60


@contextmanager
def served(simulator: Simulator) -> Iterator[str]:
    """The API in a thread: the guide's code blocks while it waits for an answer."""
    ready, end = threading.Event(), asyncio.Event()
    told: list[tuple[asyncio.AbstractEventLoop, str]] = []

    async def serve() -> None:
        async with serving(simulator) as client:
            told.append((asyncio.get_running_loop(), f"http://127.0.0.1:{client.port}"))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(20)
        yield told[0][1]
    finally:
        if told:
            told[0][0].call_soon_threadsafe(end.set)
        thread.join(20)


class Client:
    """As much of ``ORANMANOClient`` as the examples call: the guide never defines it."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.base_url, self.username, self.password = base_url, username, password
        self.session = requests.Session()
        self.authenticate()

    def authenticate(self) -> None:
        content = {"username": self.username, "password": self.password}
        token = self._ask("POST", "/auth/login", content)["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def create_qos_intent(self, **intent: object) -> Json:
        return self._ask("POST", "/orchestrator/intents", intent)

    def get_qos_intent(self, ident: str) -> Json:
        return self._ask("GET", f"/orchestrator/intents/{ident}")

    def update_qos_intent(self, ident: str, intent: Json) -> Json:
        return self._ask("PUT", f"/orchestrator/intents/{ident}", intent)

    def delete_qos_intent(self, ident: str) -> None:
        self.session.delete(f"{self.base_url}/orchestrator/intents/{ident}").raise_for_status()

    def generate_orchestration_plan(self, wanted: Json) -> Json:
        return self._ask("POST", "/orchestrator/plan", wanted)

    def deploy_vnf(self, wanted: Json) -> Json:
        # What the document requires and the example leaves out.
        missing = {
            "version": "1",
            "qos": {"bandwidth": 1, "latency": 1},
            "image": {"repository": "r", "tag": "1"},
        }
        return self._ask("POST", "/vnf-operator/vnfs", {**missing, **wanted})

    def configure_tn_slice(self, agent: str, wanted: Json) -> Json:
        return self._ask("POST", f"/tn-manager/agents/{agent}/slices", wanted)

    def _ask(self, method: str, path: str, content: object = None) -> Json:
        answer = self.session.request(method, self.base_url + path, json=content)
        answer.raise_for_status()
        told: Json = answer.json()
        return told


class Awaited:
    """The same for the examples that await every call."""

    def __init__(self, *options: str) -> None:
        self._client = Client(*options)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the client
        method = getattr(self._client, name)

        async def call(*args: object, **options: object) -> object:
            return await asyncio.to_thread(method, *args, **options)

        return call
