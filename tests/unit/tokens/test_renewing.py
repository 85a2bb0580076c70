"""The owner of the token: when it logs in, and when it does not."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import jwt
import pytest

from exporter.config.schema import Auth
from exporter.gates.slots import Slots
from exporter.observation import Call, Observation, Run, Skip
from exporter.tokens import Tokens
from exporter.wire import Exchange, Fault, Request
from tests.support.jobs import ACCOUNT, answer, fault, jobs

LOGIN: Final = jobs()["auth.login"]


def grant(lifetime: float = 3600, token: str | None = None) -> dict[str, object]:
    claims = {"exp": time.time() + lifetime}
    return {
        "access_token": token or jwt.encode(claims, "k" * 32),
        "token_type": "Bearer",
        "expires_in": lifetime,
    }


class Api:
    """Answers logins as it is told, and counts them."""

    def __init__(self, answering: Callable[[], Exchange | Fault]) -> None:
        self.answering = answering
        self.requests: list[Request] = []
        self.open = asyncio.Event()
        self.open.set()
        self.ran = asyncio.Event()
        self.seen: list[Observation] = []

    def emit(self, observation: Observation) -> None:
        self.seen.append(observation)
        if isinstance(observation, Run):
            self.ran.set()

    async def send(self, request: Request) -> Exchange | Fault:
        self.requests.append(request)
        await self.open.wait()
        return self.answering()

    def runs(self) -> list[str | None]:
        return [each.reason for each in self.seen if isinstance(each, Run)]


@asynccontextmanager
async def tokens(api: Api, auth: Auth = ACCOUNT) -> AsyncIterator[Tokens]:
    owner = Tokens(LOGIN, auth, Slots(10), api.send, api.emit)
    try:
        yield owner
    finally:
        await owner.close()


async def test_one_login_serves_all_who_wait() -> None:
    api = Api(lambda: answer(grant(), at=time.time()))
    async with tokens(api) as owner:
        found = await asyncio.gather(*(owner.headers(1) for _ in range(200)))
        later = await owner.headers(1)
    assert len(api.requests) == 1
    assert all(headers == later for headers in found)
    assert later is not None
    assert later["Authorization"].startswith("Bearer ey")
    assert [type(each) for each in api.seen] == [Call, Run]


async def test_a_login_is_a_run_with_its_request_as_the_guide_has_it() -> None:
    api = Api(lambda: answer(grant(), at=time.time()))
    async with tokens(api) as owner:
        await owner.headers(1)
    request = api.requests[0]
    assert (request.method, request.path) == ("POST", "/auth/login")
    assert request.body == b'{"username":"probe","password":"hunter2"}'
    assert "hunter2" not in repr(api.seen)


async def test_nobody_waits_longer_than_his_patience_for_a_login() -> None:
    api = Api(lambda: answer(grant(), at=time.time()))
    api.open.clear()
    async with tokens(api) as owner:
        assert await owner.headers(0.01) is None
        api.open.set()
        assert await owner.headers(1) is not None
    assert len(api.requests) == 1


async def test_an_opaque_token_lives_as_long_as_the_answer_says() -> None:
    api = Api(lambda: answer(grant(3600, token="opaque"), at=time.time()))
    async with tokens(api) as owner:
        assert await owner.headers(1) == {"Authorization": "Bearer opaque"}


async def test_a_token_near_its_end_is_used_while_it_is_renewed() -> None:
    lifetimes = iter([10, 3600])
    now = time.time()
    api = Api(lambda: answer(grant(next(lifetimes)), at=now - 590))
    async with tokens(api) as owner:
        first = await owner.headers(1)
        owner._not_before = 0  # noqa: SLF001  # or the test would take 10 s
        api.open.clear()
        assert await owner.headers(1) == first
        api.open.set()
        api.ran.clear()
        await asyncio.wait_for(api.ran.wait(), 5)
        assert len(api.requests) == 2
        assert await owner.headers(1) != first


async def test_a_rejected_token_is_not_sent_again() -> None:
    api = Api(lambda: answer(grant(), at=1000))
    async with tokens(api) as owner:
        assert await owner.headers(1) is not None
        owner.rejected(sent=999)
        assert await owner.headers(0) is not None
        owner.rejected(sent=1001)
        assert await owner.headers(0) is None
    assert len(api.requests) == 1


BAD: Final[list[tuple[Callable[[], Exchange | Fault], str]]] = [
    (lambda: answer({}, status=401), "auth_rejected"),
    (lambda: answer({}, status=503), "http_5xx"),
    (lambda: fault("connect_refused"), "connect_refused"),
    (lambda: answer({}), "body_invalid"),
    (lambda: answer({"access_token": ""}), "body_invalid"),
    (lambda: answer({"access_token": 7}), "body_invalid"),
    (lambda: answer({"access_token": "a\r\nX-Evil: 1"}), "body_invalid"),
    (lambda: answer({"access_token": "\u00e9"}), "body_invalid"),
    (lambda: answer(grant(-10), at=time.time()), "body_invalid"),
    (lambda: answer(b"<html>"), "body_invalid"),
]


@pytest.mark.parametrize(("answering", "reason"), BAD)
async def test_a_login_that_gives_no_token_is_a_failed_run(
    answering: Callable[[], Exchange | Fault], reason: str
) -> None:
    api = Api(answering)
    async with tokens(api) as owner:
        assert await owner.headers(1) is None
        assert await owner.headers(1) is None
    assert api.runs() == [reason]


async def test_after_a_refused_password_only_a_new_one_is_tried(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")
    auth = Auth(type="login", username="probe", password_file=str(file))
    api = Api(lambda: answer({}, status=401))
    async with tokens(api, auth) as owner:
        await owner.headers(1)
        await owner.headers(1)
        assert len(api.requests) == 1
        file.write_text("new\n")
        api.answering = lambda: answer(grant(), at=time.time())
        assert await owner.headers(1) is not None
    assert api.requests[1].body == b'{"username":"probe","password":"new"}'


async def test_a_password_that_cannot_be_read_is_a_skip_and_not_a_crash(tmp_path: Path) -> None:
    auth = Auth(type="login", username="probe", password_file=str(tmp_path / "none"))
    api = Api(lambda: answer(grant()))
    async with tokens(api, auth) as owner:
        assert await owner.headers(1) is None
    assert [each.reason for each in api.seen if isinstance(each, Skip)] == ["no_token"]
    assert api.requests == []


async def test_a_login_in_flight_at_the_end_is_a_skip() -> None:
    api = Api(lambda: answer(grant()))
    api.open.clear()
    async with tokens(api) as owner:
        await owner.headers(0.01)
    assert [each.reason for each in api.seen if isinstance(each, Skip)] == ["shutdown"]
