"""A round is one run: which calls it takes and what is concluded from them."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
import pytest

from exporter.auth.identity import NOBODY, Headers, Identity
from exporter.checks import Checks
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import Call, IdsListed, IdsVisited, Key, Observation, Run, Skip
from exporter.model.trace_context import Mint
from exporter.planning.job import Job
from exporter.probing.discovered_ids import NO_ID, Candidate
from exporter.probing.probe import ProbeInput, probe
from tests.support.jobs import answer, fault, jobs
from tests.support.sessions import permit

JOBS: Final = jobs()
Answering = Callable[[Request], Exchange | Fault]
T = TypeVar("T")


class Name(Identity):
    """In whose name it is asked, with as many further tokens as there are."""

    def __init__(self, *further: str) -> None:
        self.sent: Headers = {"Authorization": "t"}
        self.ended = False
        self.further = list(further)

    async def headers(self, key: Key, patience: float) -> Headers | None:
        del key, patience
        return self._next() if self.ended else self.sent

    def over(self, headers: Headers, key: Key) -> bool:
        del headers, key
        return self.ended

    async def renewed(self, rejected: Headers, key: Key, patience: float) -> Headers | None:
        del key
        assert patience > 0
        assert rejected is self.sent
        return self._next()

    def _next(self) -> Headers | None:
        self.ended = False
        if not self.further:
            return None
        self.sent = {"Authorization": self.further.pop(0)}
        self.proof += 1
        return self.sent


async def probe_input(
    job: Job,
    asked_for: tuple[Candidate, ...] = NO_ID,
    lanes: int = 1,
    identity: Identity = NOBODY,
) -> ProbeInput:
    mint = Mint()
    of = await permit(job, asked_for, identity, lanes)
    context, learn = mint.begin(), identity.learn
    return ProbeInput(job, of, mint, context, Checks(), learn, lateness=0.001, fresh=False)


def candidates(names: str, again: str = "") -> tuple[Candidate, ...]:
    return tuple(Candidate((name,), name in again) for name in names)


async def observed(
    job: Job,
    answering: Answering,
    asked_for: tuple[Candidate, ...] = NO_ID,
    lanes: int = 1,
    identity: Name | None = None,
) -> tuple[list[Observation], list[Request]]:
    sent: list[Request] = []

    async def send(request: Request) -> Exchange | Fault:
        sent.append(request)
        await asyncio.sleep(0)
        return answering(request)

    return await probe(await probe_input(job, asked_for, lanes, identity or Name()), send), sent


def only(kind: type[T], seen: list[Observation]) -> T:
    (found,) = [each for each in seen if isinstance(each, kind)]
    return found


async def test_a_plain_surface_is_one_call_and_one_run() -> None:
    seen, sent = await observed(JOBS["vnf-operator.vnfs.list"], lambda _: answer({"vnfs": []}))
    assert [type(each) for each in seen] == [Call, IdsListed, Run]
    run = only(Run, seen)
    assert (run.reason, run.lateness, run.slow) == (None, 0.001, False)
    assert run.deciding == only(Call, seen)
    assert (sent[0].method, sent[0].path, sent[0].body) == ("GET", "/vnf-operator/vnfs", None)
    assert 26 < sent[0].timeout <= 27


async def test_each_request_of_a_round_has_what_is_left_of_the_total_and_names_all_of_it() -> None:
    _, sent = await observed(
        JOBS["tn-manager.agents.status"], lambda _: answer({}), candidates("abc")
    )
    left = [request.timeout for request in sent]
    assert [request.total for request in sent] == [27, 27, 27]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 27


async def test_a_round_ends_with_its_last_answer_be_it_that_an_id_is_gone() -> None:
    ends = {"a": (200, 1000.0), "b": (404, 1001.0)}

    def answering(request: Request) -> Exchange:
        status, at = ends[request.path.split("/")[3]]
        return answer({}, status=status, at=at)

    seen, _ = await observed(JOBS["tn-manager.agents.status"], answering, candidates("ab"))
    assert only(IdsVisited, seen).gone == (("b",),)
    assert only(Run, seen).at == only(IdsVisited, seen).at == 1001.0


async def test_a_dry_run_sends_its_body_as_json() -> None:
    _, sent = await observed(JOBS["orchestrator.plan"], lambda _: answer({}))
    assert sent[0].headers["Content-Type"] == "application/json"
    assert sent[0].body is not None


async def test_a_list_tells_its_ids_and_a_failed_one_tells_none() -> None:
    body = {"intents": [{"id": "a", "status": "deployed"}, {"id": "b", "status": "planned"}]}
    job = JOBS["orchestrator.intents.list"]
    seen, _ = await observed(job, lambda _: answer(body))
    readings = {each.kind: each.ids for each in seen if isinstance(each, IdsListed)}
    assert readings == {"intents": (("a",), ("b",)), "slices": (("a",),)}
    seen, _ = await observed(job, lambda _: answer(body, status=500))
    assert [type(each) for each in seen] == [Call, Run]


async def test_ids_are_escaped_in_the_path() -> None:
    job = JOBS["o2-client.deployments.get"]
    _, sent = await observed(job, lambda _: answer({}), (Candidate(("a/b", "ü ?#")),))
    expected = "/o2-client/deployment-managers/a%2Fb/deployments/%C3%BC%20%3F%23"
    assert [request.path for request in sent] == [expected]


async def test_a_rotation_asks_for_one() -> None:
    seen, sent = await observed(
        JOBS["vnf-operator.vnfs.get"], lambda _: answer({}), candidates("abc")
    )
    assert [request.path for request in sent] == ["/vnf-operator/vnfs/a"]
    assert only(IdsVisited, seen).well == (("a",),)


async def test_a_rotation_takes_the_next_id_when_one_is_gone() -> None:
    def answering(request: Request) -> Exchange:
        return answer({}, status=404 if request.path.endswith("/a") else 200)

    seen, sent = await observed(JOBS["vnf-operator.vnfs.get"], answering, candidates("abc"))
    assert [request.path[-1] for request in sent] == ["a", "b"]
    assert only(Run, seen).reason is None
    assert (only(IdsVisited, seen).gone, only(IdsVisited, seen).well) == ((("a",),), (("b",),))


async def test_what_the_list_names_again_and_is_not_found_is_a_failure() -> None:
    seen, _ = await observed(
        JOBS["vnf-operator.vnfs.get"],
        lambda _: answer({}, status=404),
        candidates("ab", again="a"),
    )
    assert only(Run, seen).reason == "not_found"
    assert only(IdsVisited, seen).failed == (("a",),)


@pytest.mark.parametrize("surface", ["vnf-operator.vnfs.get", "tn-manager.agents.status"])
async def test_a_round_whose_ids_are_all_gone_is_a_skip(surface: str) -> None:
    seen, sent = await observed(JOBS[surface], lambda _: answer({}, status=404), candidates("abc"))
    assert only(Skip, seen).reason == "no_resource"
    assert len(only(IdsVisited, seen).gone) == len(sent) == 3
    assert not [each for each in seen if isinstance(each, Run)]


async def test_a_fan_out_asks_for_each_and_fails_when_any_fails() -> None:
    def answering(request: Request) -> Exchange | Fault:
        name = request.path.split("/")[3]
        if name == "b":
            return fault("reset", duration=0.1)
        return answer({}, duration=0.3 if name == "c" else 0.1)

    job = JOBS["tn-manager.agents.status"]
    seen, sent = await observed(job, answering, candidates("abc"), lanes=2)
    run = only(Run, seen)
    assert len(sent) == sum(isinstance(each, Call) for each in seen) == 3
    assert (run.reason, run.duration) == ("reset", 0.3)
    assert run.deciding is not None
    assert run.deciding.fault == "reset"
    visit = only(IdsVisited, seen)
    assert (set(visit.well), visit.failed) == ({("a",), ("c",)}, (("b",),))


async def test_the_slowest_decides_a_good_round() -> None:
    def answering(request: Request) -> Exchange:
        return answer({}, duration=3.0 if "/b/" in request.path else 0.1)

    seen, _ = await observed(JOBS["tn-manager.agents.status"], answering, candidates("abc"))
    run = only(Run, seen)
    assert (run.reason, run.slow, run.duration) == (None, True, 3.0)
    assert run.deciding is not None
    assert run.deciding.duration == 3.0


@pytest.mark.parametrize(("lanes", "most"), [(1, 1), (3, 3), (9, 6)])
async def test_never_more_in_flight_than_there_are_lanes(lanes: int, most: int) -> None:
    flying, peak = 0, 0

    async def send(request: Request) -> Exchange:
        nonlocal flying, peak
        del request
        flying += 1
        peak = max(peak, flying)
        await asyncio.sleep(0)
        flying -= 1
        return answer({})

    await probe(
        await probe_input(JOBS["tn-manager.agents.status"], candidates("abcdef"), lanes), send
    )
    assert peak == most


async def test_a_round_begins_nothing_that_cannot_have_its_time() -> None:
    clock = asyncio.get_running_loop()

    async def send(request: Request) -> Exchange:
        del request
        await asyncio.sleep(0.04)
        return answer({})

    job = JOBS["tn-manager.agents.status"]
    short = msgspec.structs.replace(job, timeout=0.1)
    started = clock.time()
    seen = await probe(await probe_input(short, candidates("abcdef")), send)
    run = only(Run, seen)
    assert 1 <= len(only(IdsVisited, seen).well) < 6
    assert clock.time() - started < 0.2
    assert run.reason is None


def accepting(*tokens: str) -> Answering:
    return lambda request: answer(
        {"vnfs": []}, status=200 if request.headers["Authorization"] in tokens else 401
    )


async def test_a_rejected_token_is_renewed_and_the_request_sent_once_more() -> None:
    job, identity = JOBS["vnf-operator.vnfs.list"], Name("u")
    seen, sent = await observed(job, accepting("u"), identity=identity)
    assert [request.headers["Authorization"] for request in sent] == ["t", "u"]
    assert [each.status for each in seen if isinstance(each, Call)] == [401, 200]
    assert only(Run, seen).reason is None
    told = [(each.proof, each.resent, each.accepted) for each in seen if isinstance(each, Call)]
    assert told == [(0, False, False), (1, True, True)]


async def test_a_token_rejected_again_is_one_failed_run_and_no_third_request() -> None:
    job, identity = JOBS["vnf-operator.vnfs.list"], Name("u", "v")
    seen, sent = await observed(job, accepting("v"), identity=identity)
    assert len(sent) == 2
    assert only(Run, seen).reason == "auth_rejected"
    told = [(each.resent, each.rejected) for each in seen if isinstance(each, Call)]
    assert told == [(False, True), (True, True)]


async def test_without_another_token_a_rejection_is_final() -> None:
    seen, sent = await observed(JOBS["vnf-operator.vnfs.list"], accepting())
    assert len(sent) == 1
    assert only(Run, seen).reason == "auth_rejected"


async def test_each_request_of_a_round_goes_with_a_token_that_is_not_over() -> None:
    job, identity = JOBS["tn-manager.agents.status"], Name("u")

    def ends(request: Request) -> Exchange:
        identity.ended = request.path.endswith("/b/status")
        return answer({})

    seen, sent = await observed(job, ends, candidates("abcd"), identity=identity)
    assert [request.headers["Authorization"] for request in sent] == ["t", "t", "u", "u"]
    assert len(only(IdsVisited, seen).well) == 4


async def test_what_there_is_no_token_for_any_more_is_left_to_the_next_round() -> None:
    job, identity = JOBS["tn-manager.agents.status"], Name()

    def ends(request: Request) -> Exchange:
        identity.ended = request.path.endswith("/b/status")
        return answer({})

    seen, sent = await observed(job, ends, candidates("abcd"), identity=identity)
    assert len(sent) == 2
    assert only(IdsVisited, seen).well == (("a",), ("b",))
    assert only(Run, seen).reason is None


@pytest.mark.parametrize("surface", ["tn-manager.agents.status", "vnf-operator.vnfs.get"])
async def test_a_run_whose_token_is_over_before_its_first_request_sends_nothing(
    surface: str,
) -> None:
    identity, sent = Name(), list[Request]()
    of = await probe_input(JOBS[surface], candidates("ab"), identity=identity)
    identity.ended = True

    async def send(request: Request) -> Exchange:
        sent.append(request)
        return answer({})

    seen = await probe(of, send)
    assert sent == []
    assert [(type(each), each.reason) for each in seen if isinstance(each, Skip)] == [
        (Skip, "no_token")
    ]
    assert len(seen) == 1


async def test_a_lane_without_work_is_given_back_at_once() -> None:
    hang = asyncio.Event()

    async def send(request: Request) -> Exchange:
        if "/a/" in request.path:
            await hang.wait()
        return answer({})

    of = await probe_input(JOBS["tn-manager.agents.status"], candidates("abcdef"), 3)
    task = asyncio.create_task(probe(of, send))
    async with asyncio.timeout(5):
        while of.permit.lanes > 1:  # noqa: ASYNC110  # nothing else tells
            await asyncio.sleep(0)
    hang.set()
    await task
    assert of.permit.lanes == 0


async def test_a_list_that_is_too_slow_still_tells_its_ids() -> None:
    body = {"vnfs": [{"id": "a"}]}
    seen, _ = await observed(JOBS["vnf-operator.vnfs.list"], lambda _: answer(body, duration=9))
    assert only(Run, seen).reason == "slow"
    assert only(IdsListed, seen).ids == (("a",),)
