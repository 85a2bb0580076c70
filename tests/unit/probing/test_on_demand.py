"""What may be asked for by name, and that it ends when the exporter does."""

import asyncio
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Auth, Config, SurfaceOptions, Target
from exporter.model.exchange import Exchange, Request
from exporter.model.observation import Call, Observation, OnDemandRun, Run
from exporter.planning.job import Plan
from exporter.planning.plan import plan
from exporter.probing.on_demand import NotAskableError, OnDemand
from exporter.probing.runner import Runner
from tests.support.jobs import ACCOUNT, answer
from tests.support.sessions import session

LAB: Final = Target(name="lab", url="http://lab/v1", auth=ACCOUNT)
OPEN: Final = Target(
    name="open",
    url="http://open/v1/",
    auth=Auth(),
    surfaces={"monitoring.metrics": SurfaceOptions(mode="off")},
)
TWIN: Final = Target(name="twin", url="http://lab/v1", auth=ACCOUNT)


def planned(*targets: Target) -> Plan:
    return plan(CATALOG, Config(targets))


class Stage:
    """Those who ask, and an API that answers when it is let."""

    def __init__(self, *targets: Target) -> None:
        self.seen: list[Observation] = []
        self.sent: asyncio.Queue[Request] = asyncio.Queue()
        self.gate = asyncio.Event()
        runner = Runner()
        emit = self.seen.append
        runner.apply({target.name: session(self.send, emit, target) for target in targets})
        self.asking = OnDemand(runner)
        self.asking.apply(planned(*targets))

    async def send(self, request: Request) -> Exchange:
        self.sent.put_nowait(request)
        await self.gate.wait()
        return answer({"status": "healthy"})


@pytest.mark.parametrize("target", ["open", "http://open/v1", "http://open/v1/"])
async def test_a_target_has_a_name_and_a_url(target: str) -> None:
    stage = Stage(LAB, OPEN)
    stage.gate.set()
    asked = await stage.asking.ask(target, "monitoring.health", None, None)
    assert asked.job.key.target == "open"
    assert [type(each) for each in asked.observations] == [Call, Run]
    assert [type(each) for each in stage.seen] == [Call, OnDemandRun]
    assert not stage.asking.in_flight


async def test_the_only_target_need_not_be_named() -> None:
    stage = Stage(LAB)
    stage.gate.set()
    asked = await stage.asking.ask("", "monitoring.health", None, None)
    assert asked.job.key.target == "lab"


WRONG: Final = {
    "a target with a typo": (
        "opne",
        "monitoring.health",
        'unknown target "opne"; did you mean "open"? allowed: lab, twin, open, or its URL',
    ),
    "a target that could write on a terminal": (
        "lab\n\x1b[31m" + "x" * 9999,
        "monitoring.health",
        f'unknown target "lab\\n\\x1b[31m{"x" * 24}..."; allowed: lab, twin, open, or its URL',
    ),
    "no target": ("", "monitoring.health", "target is missing: one of lab, twin, open, or its URL"),
    "a URL of two": (
        "http://lab/v1",
        "monitoring.health",
        'target "http://lab/v1" is the URL of lab, twin: give the name',
    ),
    "a surface with a typo": (
        "open",
        "monitoring.helth",
        (
            'unknown surface "monitoring.helth"; did you mean "monitoring.health"? '
            "allowed: monitoring.health"
        ),
    ),
    "no surface": ("open", "", "surface is missing; allowed: monitoring.health"),
    "a surface that is off": (
        "open",
        "monitoring.metrics",
        (
            'surface "monitoring.metrics" is off for open; switch it on with surfaces: '
            '{"monitoring.metrics": {mode: ...}}; allowed: monitoring.health'
        ),
    ),
    "a surface that needs a token": (
        "open",
        "tn-manager.agents.list",
        (
            'surface "tn-manager.agents.list" needs a token, and open is probed without '
            "credentials; allowed: monitoring.health"
        ),
    ),
    "a passive surface": (
        "open",
        "auth.login",
        'surface "auth.login" is asked only when a token is needed; allowed: monitoring.health',
    ),
    "a surface that writes": (
        "lab",
        "orchestrator.deploy",
        'surface "orchestrator.deploy" changes what it is sent to, and is never probed; allowed: ',
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
async def test_what_cannot_be_asked_for(case: tuple[str, str, str]) -> None:
    target, surface, message = case
    stage = Stage(LAB, TWIN, OPEN)
    with pytest.raises(NotAskableError) as raised:
        await stage.asking.ask(target, surface, None, None)
    assert str(raised.value).startswith(message)
    assert stage.sent.empty()


@pytest.mark.parametrize(("patience", "most"), [(None, 27.0), (3.0, 3.0), (1e9, 27.0)])
async def test_the_shorter_time_holds(patience: float | None, most: float) -> None:
    stage = Stage(LAB)
    stage.gate.set()
    await stage.asking.ask("", "monitoring.health", patience, None)
    assert most - 1 < stage.sent.get_nowait().timeout <= most


async def test_who_goes_does_not_end_what_was_begun() -> None:
    stage = Stage(LAB)
    asker = asyncio.create_task(stage.asking.ask("", "monitoring.health", None, None))
    await stage.sent.get()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    (begun,) = stage.asking.in_flight
    stage.gate.set()
    assert [type(each) for each in (await begun).observations] == [Call, Run]


async def test_the_end_has_some_patience_and_makes_up_no_verdict() -> None:
    stage = Stage(LAB)
    hanging = asyncio.create_task(stage.asking.ask("", "monitoring.health", None, None))
    await stage.sent.get()
    await stage.asking.stop(0.01)
    late = await stage.asking.ask("", "monitoring.health", None, None)
    for asked in (await hanging, late):
        (skip,) = asked.observations
        assert getattr(skip, "reason", None) == "shutdown"
    assert stage.seen == []
    assert not stage.asking.in_flight


async def test_the_end_waits_for_what_ends() -> None:
    stage = Stage(LAB)
    asker = asyncio.create_task(stage.asking.ask("", "monitoring.health", None, None))
    await stage.sent.get()
    end = asyncio.create_task(stage.asking.stop(5))
    stage.gate.set()
    await end
    assert isinstance((await asker).observations[-1], Run)
