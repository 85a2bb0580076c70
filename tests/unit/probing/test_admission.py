"""The one order in which whoever wants to send is let in, and what is given back."""

import asyncio
import math
from typing import ClassVar, Final

import pytest

from exporter.auth.identity import Headers, Identity
from exporter.config.schema import Target
from exporter.gates.gate import Entry, Gate, Refusal
from exporter.model.observation import IdsListed, Key
from exporter.model.reasons import SkipReason
from exporter.planning.job import Job, Plan, TargetPlan
from exporter.probing.admission import ORDINARY, Admission, Permit, Terms
from exporter.probing.discovered_ids import DiscoveredIds
from tests.support.jobs import jobs

JOBS: Final = jobs()
OPEN: Final = JOBS["monitoring.metrics"]
CLOSED: Final = JOBS["vnf-operator.vnfs.list"]
ROUND: Final = JOBS["tn-manager.agents.status"]
PLAN: Final = TargetPlan(Target("lab", "http://lab"), (), (), {})


class Fuse(Gate):
    """The simplest gate: it lets in until it is blown, and reserves what each entry sends."""

    refuses: ClassVar[frozenset[SkipReason]] = frozenset({"budget"})

    def __init__(self) -> None:
        super().__init__(PLAN)
        self.blown = False
        self.reserved = 0
        self.hang: asyncio.Event | None = None

    async def admit(self, entry: Entry) -> Refusal | None:
        if self.hang is not None:
            await self.hang.wait()
        if self.blown:
            return Refusal("budget")
        self.reserved += entry.calls
        return None

    def leave(self, entry: Entry) -> None:
        if entry.lanes == 0:
            self.reserved -= entry.calls


class Somebody(Identity):
    """An account with a token, or without one."""

    def __init__(self, token: Headers | None = None) -> None:
        self.token = token
        self.given = 0

    async def headers(self, key: Key, patience: float) -> Headers | None:
        del key, patience
        self.given += self.token is not None
        return self.token

    def left(self, headers: Headers) -> None:
        del headers
        self.given -= 1


class Door:
    """An admission with two gates, and all who came in."""

    def __init__(self, *agents: str) -> None:
        ids = DiscoveredIds()
        ids.apply(Plan((PLAN,)))
        listed = tuple((each,) for each in agents)
        ids(IdsListed(Key("lab", "tn-manager", "tn-manager.agents.list"), 0, "agents", (), listed))
        self.first, self.second = Fuse(), Fuse()
        self.admission = Admission(ids, (self.first, self.second))
        self.account = self.admission.identity = Somebody({"Authorization": "t"})

    async def admit(self, job: Job, terms: Terms = ORDINARY) -> Permit | Refusal:
        return await self.admission.admit(job, terms)

    @property
    def held(self) -> tuple[int, int, int]:
        return self.first.reserved, self.second.reserved, self.account.given


async def test_whoever_may_send_holds_what_that_takes_until_the_end() -> None:
    door = Door("a", "b", "c")
    permit = await door.admit(ROUND)
    assert isinstance(permit, Permit)
    assert (door.held, permit.lanes, permit.headers) == ((3, 3, 1), 3, {"Authorization": "t"})
    permit.leave()
    assert (door.held, permit.lanes) == ((3, 3, 1), 2)
    with permit:
        pass
    assert (door.held, permit.lanes) == ((0, 0, 0), 0)


async def test_what_is_open_to_all_is_asked_in_nobody_s_name() -> None:
    door = Door()
    permit = await door.admit(OPEN)
    assert isinstance(permit, Permit)
    assert (permit.headers, door.held) == ({}, (1, 1, 0))


@pytest.mark.parametrize(
    ("job", "agents", "token", "blown", "reason"),
    [
        (ROUND, "", None, (True, True), "no_resource"),
        (ROUND, "a", None, (True, True), "no_token"),
        (ROUND, "a", {}, (True, True), "budget"),
        (CLOSED, "", {}, (False, True), "budget"),
        (CLOSED, "", {}, (True, False), "budget"),
    ],
)
async def test_ids_come_first_then_the_identity_then_the_gates(
    job: Job, agents: str, token: Headers | None, blown: tuple[bool, bool], reason: SkipReason
) -> None:
    door = Door(*agents)
    door.account.token = token
    door.first.blown, door.second.blown = blown
    assert await door.admit(job) == Refusal(reason)
    assert door.held == (0, 0, 0)


async def test_with_too_little_time_left_nothing_is_begun() -> None:
    door = Door()
    late = Terms(deadline=asyncio.get_running_loop().time() + 1, least=2)
    assert await door.admit(CLOSED, late) == Refusal("overrun")
    assert door.held == (0, 0, 0)


async def test_who_is_cancelled_while_he_waits_holds_nothing() -> None:
    door = Door()
    door.second.hang = asyncio.Event()
    waiting = asyncio.create_task(door.admit(CLOSED))
    await asyncio.sleep(0)
    assert door.held == (1, 0, 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert door.held == (0, 0, 0)


@pytest.mark.parametrize(("deadline", "wait"), [(math.inf, 1.0), (0.25, 0.25), (-1, 0.0)])
async def test_nobody_waits_past_his_deadline(deadline: float, wait: float) -> None:
    now = asyncio.get_running_loop().time()
    assert Terms(deadline=now + deadline).wait == pytest.approx(wait, abs=0.05)
