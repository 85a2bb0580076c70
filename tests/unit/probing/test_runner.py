"""A run ends as exactly one run or one skip, whatever happens."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import pytest
from msgspec.structs import replace

from exporter.auth.basic import BasicPassword
from exporter.auth.renewal import RenewingToken
from exporter.client.settings import connection_settings
from exporter.config.schema import Auth, Connection, Target
from exporter.config.values import Secret
from exporter.gates.gate import Refusal
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import (
    Call,
    GrantKind,
    IdsListed,
    Key,
    Observation,
    OnDemandRun,
    Rejection,
    Run,
    Skip,
)
from exporter.model.trace_context import TraceContext, trace_context_of
from exporter.planning.job import Plan, TargetPlan
from exporter.probing.admission import Permit, Terms
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.runner import Runner
from tests.support.jobs import ACCOUNT, answer, fault, jobs
from tests.support.sessions import session
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import SURFACE, Hand

if TYPE_CHECKING:
    from exporter.planning.job import Job

JOBS: Final = jobs()
HEALTHY: Final = {"status": "healthy"}


class Stage:
    """A runner with an API that answers as it is told; logins succeed."""

    def __init__(self, concurrency: int = 10) -> None:
        self.seen: list[Observation] = []
        self.sent: list[Request] = []
        self.arrivals: asyncio.Queue[Request] = asyncio.Queue()
        self.result: Exchange | Fault | Exception = answer(HEALTHY)
        self.gate = asyncio.Event()
        self.gate.set()
        connection = Connection(concurrency=concurrency)
        self.target = Target("lab", "http://lab", auth=ACCOUNT, connection=connection)
        self.followed = DiscoveredIds()
        self.followed.apply(Plan((TargetPlan(self.target, (), (), {}),)))
        grants: dict[GrantKind, Job] = {"login": JOBS["auth.login"]}
        self.clock, line = Hand(), session(self.login, self.emit, self.target)
        self.tokens = RenewingToken(grants, ACCOUNT, line, (), secrets_of(ACCOUNT), self.clock)
        self.runner = Runner()
        self.begin()
        self.login_result: Exchange | Fault = answer({"access_token": "t", "expires_in": 1e10})

    def begin(self) -> None:
        """Ask through a session of the same account from now on."""
        self.session = session(self.send, self.emit, self.target, self.followed)
        self.session.identity = self.tokens
        self.runner.apply({"lab": self.session})

    async def take(self, surface: str = "monitoring.metrics") -> Permit | Refusal:
        """A place in the queue of a surface, if there is one."""
        return await self.session.admit(JOBS[surface], Terms(patience=0))

    async def login(self, request: Request) -> Exchange | Fault:
        del request
        return self.login_result

    async def send(self, request: Request) -> Exchange | Fault:
        self.sent.append(request)
        self.arrivals.put_nowait(request)
        await self.gate.wait()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def emit(self, observation: Observation) -> None:
        self.seen.append(observation)
        self.followed(observation)

    async def run(self, surface: str) -> list[Observation]:
        """Run a job; what it alone concluded."""
        job = JOBS[surface]
        await self.runner.run(job, asyncio.get_running_loop().time())
        return [
            each
            for each in self.seen
            if isinstance(each, Run | Skip) and each.key.surface == surface
        ]

    def list_ids(self, kind: str, *names: str) -> None:
        ids = tuple((name,) for name in names)
        self.followed(IdsListed(Key("lab", "c", "list"), 0, kind, (), ids))


def conclusion(seen: list[Observation]) -> tuple[type[Observation], str | None]:
    (only,) = seen
    assert isinstance(only, Run | Skip)
    return type(only), only.reason


async def test_a_good_run() -> None:
    stage = Stage()
    assert conclusion(await stage.run("monitoring.health")) == (Run, None)
    assert [type(each) for each in stage.seen] == [Call, Run]


async def test_a_bearer_surface_carries_the_token() -> None:
    stage = Stage()
    assert conclusion(await stage.run("vnf-operator.vnfs.list")) == (Run, None)
    assert stage.sent[0].headers == {"Authorization": "Bearer t"}


async def test_an_open_surface_carries_none() -> None:
    stage = Stage()
    await stage.run("monitoring.health")
    assert "Authorization" not in stage.sent[0].headers


async def test_without_ids_nothing_is_sent() -> None:
    stage = Stage()
    assert conclusion(await stage.run("vnf-operator.vnfs.get")) == (Skip, "no_resource")
    assert stage.sent == []


async def test_without_a_token_nothing_is_sent() -> None:
    stage = Stage()
    stage.login_result = fault("connect_refused")
    assert conclusion(await stage.run("vnf-operator.vnfs.list")) == (Skip, "no_token")
    assert stage.sent == []


async def test_without_a_slot_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exporter.probing.runner.ORDINARY", Terms(patience=0.01))
    stage = Stage(concurrency=1)
    await stage.take()
    assert conclusion(await stage.run("monitoring.metrics")) == (Skip, "overrun")
    assert stage.sent == []


async def test_health_has_a_slot_of_its_own() -> None:
    stage = Stage(concurrency=1)
    await stage.take()
    assert conclusion(await stage.run("monitoring.health")) == (Run, None)


async def test_a_cancelled_run_is_a_skip_and_gives_its_slots_back() -> None:
    stage = Stage(concurrency=9)
    stage.list_ids("agents", "a", "b", "c")
    stage.gate.clear()
    task = asyncio.create_task(stage.run("tn-manager.agents.status"))
    for _ in range(3):
        await asyncio.wait_for(stage.arrivals.get(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (skip,) = [each for each in stage.seen if isinstance(each, Skip)]
    assert skip.reason == "shutdown"
    taken = [await stage.take() for _ in range(10)]
    assert sum(isinstance(each, Permit) for each in taken) == 9


async def test_a_fault_of_ours_is_a_run_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    stage.result = ZeroDivisionError()
    with caplog.at_level(logging.ERROR, "exporter"):
        assert conclusion(await stage.run("monitoring.health")) == (Run, "internal")
        await stage.run("monitoring.health")
    assert [record.getMessage() for record in caplog.records] == ["a fault of the exporter"]
    assert isinstance(await stage.take("monitoring.health"), Permit)


async def test_a_token_rejected_within_ten_seconds_of_its_login_fails_the_run() -> None:
    stage = Stage()
    stage.result = answer({}, status=401)
    assert conclusion(await stage.run("vnf-operator.vnfs.list")) == (Run, "auth_rejected")
    assert len(stage.sent) == 1
    assert any(isinstance(each, Rejection) for each in stage.seen)
    assert await stage.tokens.headers(SURFACE, 0) is not None


@pytest.mark.parametrize("renewable", [True, False])
async def test_a_token_that_ends_while_its_run_waits_for_a_slot_is_not_sent(
    renewable: object,
) -> None:
    stage = Stage(concurrency=1)
    stage.login_result = answer({"access_token": "t", "expires_in": 60}, duration=0)
    await stage.tokens.headers(SURFACE, 1)
    place = await stage.take()
    assert isinstance(place, Permit)
    task = asyncio.create_task(stage.run("vnf-operator.vnfs.list"))
    await asyncio.sleep(0)
    again = {"access_token": "u", "expires_in": 60}
    stage.login_result = answer(again, duration=0) if renewable else fault("connect_refused")
    stage.clock.now = 61
    place.close()
    concluded = conclusion(await task)
    assert concluded == ((Run, None) if renewable else (Skip, "no_token"))
    sent = [request.headers["Authorization"] for request in stage.sent]
    assert sent == (["Bearer u"] if renewable else [])


class Round:
    """A round of two requests, one after the other, in the name of a password on trial."""

    def __init__(self, second: int) -> None:
        self.stage = stage = Stage(concurrency=3)
        stage.list_ids("agents", "a", "b")
        auth = Auth(type="basic", username="probe", password=Secret("right"))
        settings = connection_settings(replace(stage.target, auth=auth))
        self.owner = BasicPassword("lab", settings, secrets_of(auth), stage.clock)
        stage.session = session(self.send, stage.emit, stage.target, stage.followed)
        stage.session.identity = self.owner
        stage.runner.apply({"lab": stage.session})
        self.statuses = [200, second, 200]
        self.sent = 0
        self.second = asyncio.Event()
        self.task = asyncio.create_task(stage.run("tn-manager.agents.status"))

    async def send(self, request: Request) -> Exchange:
        del request
        self.sent += 1
        if self.sent == 2:
            self.second.set()
            await self.stage.gate.wait()
        return answer({}, status=self.statuses.pop(0))


async def test_the_first_answer_of_a_round_ends_a_trial() -> None:
    of = Round(200)
    of.stage.gate.clear()
    await of.second.wait()
    assert await of.owner.headers(SURFACE, 0) is not None
    of.stage.gate.set()
    await of.task


async def test_what_a_round_s_first_answer_proved_its_second_does_not_deny_to_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    of = Round(401)
    await of.task
    assert of.owner.put_off is None
    assert caplog.messages == []
    refused = Key("lab", "tn-manager", "tn-manager.agents.status")
    assert await of.owner.headers(refused, 0) is None


async def test_the_lateness_is_told() -> None:
    stage = Stage()
    now = asyncio.get_running_loop().time()
    await stage.runner.run(JOBS["monitoring.health"], now - 0.5)
    await stage.runner.run(JOBS["monitoring.health"], now + 60)
    late = [each.lateness for each in stage.seen if isinstance(each, Run)]
    assert late == [pytest.approx(0.5, abs=0.2), 0]


# --- What somebody asks for ----------------------------------------------------------------------


def asked(seen: list[Observation]) -> Run | Skip:
    last = seen[-1]
    assert isinstance(last, Run | Skip)
    return last


async def test_an_on_demand_run_is_no_planned_run() -> None:
    stage = Stage()
    seen = await stage.runner.ask(JOBS["monitoring.health"], 5)
    assert asked(seen).reason is None
    assert [type(each) for each in stage.seen] == [Call, OnDemandRun]
    assert asked(seen) == next(each.run for each in stage.seen if isinstance(each, OnDemandRun))
    assert stage.sent[0].fresh


async def test_an_on_demand_run_that_is_refused_counts_nowhere() -> None:
    stage = Stage()
    assert asked(await stage.runner.ask(JOBS["vnf-operator.vnfs.get"], 5)).reason == "no_resource"
    assert stage.seen == []


async def test_an_on_demand_run_has_no_more_time_than_it_says() -> None:
    stage = Stage()
    await stage.runner.ask(JOBS["monitoring.health"], 0.5)
    assert 0 < stage.sent[0].timeout <= 0.5


async def test_an_on_demand_run_that_waited_too_long_is_not_held_against_the_api() -> None:
    stage = Stage(concurrency=1)
    place = await stage.take()
    assert isinstance(place, Permit)
    asyncio.get_running_loop().call_later(0.15, place.close)
    assert asked(await stage.runner.ask(JOBS["monitoring.metrics"], 0.2)).reason == "overrun"
    assert stage.sent == []


async def test_an_on_demand_run_joins_the_run_in_flight() -> None:
    stage = Stage()
    stage.gate.clear()
    run = asyncio.create_task(stage.run("monitoring.health"))
    await stage.arrivals.get()
    inquiry = asyncio.create_task(stage.runner.ask(JOBS["monitoring.health"], 5))
    await asyncio.sleep(0)
    stage.gate.set()
    assert await run == [asked(await inquiry)]
    assert [type(each) for each in stage.seen] == [Call, Run]
    assert len(stage.sent) == 1


async def test_an_on_demand_run_does_not_wait_longer_than_it_says() -> None:
    stage = Stage()
    stage.gate.clear()
    run = asyncio.create_task(stage.run("monitoring.health"))
    await stage.arrivals.get()
    assert asked(await stage.runner.ask(JOBS["monitoring.health"], 0.01)).reason == "overrun"
    stage.gate.set()
    assert conclusion(await run) == (Run, None)


async def test_a_run_that_was_cancelled_leaves_no_on_demand_run_waiting() -> None:
    stage = Stage()
    stage.gate.clear()
    run = asyncio.create_task(stage.run("monitoring.health"))
    await stage.arrivals.get()
    inquiry = asyncio.create_task(stage.runner.ask(JOBS["monitoring.health"], 5))
    await asyncio.sleep(0)
    run.cancel()
    assert asked(await inquiry).reason == "shutdown"


# --- Traces --------------------------------------------------------------------------------------


async def test_each_call_says_which_span_it_is() -> None:
    stage = Stage()
    stage.list_ids("agents", "a", "b")
    await stage.run("tn-manager.agents.status")
    mine = (each for each in stage.seen if isinstance(each, Call))
    calls = [call for call in mine if call.key.surface == "tn-manager.agents.status"]
    contexts = [call.context for call in calls if call.context is not None]
    assert [request.traceparent for request in stage.sent] == [c.traceparent for c in contexts]
    assert len({context.trace_id for context in contexts}) == 1
    assert len({context.span_id for context in contexts}) == 2
    assert [call.path for call in calls] == [request.path for request in stage.sent]


async def test_a_trace_of_somebody_else_is_continued() -> None:
    stage = Stage()
    parent = TraceContext(7, 8, sampled=True)
    await stage.runner.ask(JOBS["monitoring.health"], 5, parent)
    context = trace_context_of(stage.sent[0].traceparent)
    assert context is not None
    assert (context.trace_id, context.sampled) == (7, True)
    (call,) = (each for each in stage.seen if isinstance(each, Call))
    assert call.context is not None
    assert call.context.parent == 8


@pytest.mark.parametrize(("first", "second", "sent"), [(0.5, 5, 2), (5, 0.5, 1), (5, 5, 1)])
async def test_an_on_demand_run_joins_only_one_that_has_as_much_time(
    first: float, second: float, sent: int
) -> None:
    stage = Stage()
    stage.gate.clear()
    job = JOBS["monitoring.health"]
    asking = [asyncio.create_task(stage.runner.ask(job, first))]
    await stage.arrivals.get()
    asking.append(asyncio.create_task(stage.runner.ask(job, second)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    stage.gate.set()
    assert [asked(await each).reason for each in asking] == [None, None]
    assert len(stage.sent) == sent


async def test_an_on_demand_run_joins_no_run_of_an_api_that_was_replaced() -> None:
    stage = Stage()
    stage.gate.clear()
    run = asyncio.create_task(stage.run("monitoring.health"))
    await stage.arrivals.get()
    stage.begin()
    inquiry = asyncio.create_task(stage.runner.ask(JOBS["monitoring.health"], 5))
    await stage.arrivals.get()
    stage.gate.set()
    await asyncio.gather(run, inquiry)
    assert len(stage.sent) == 2
