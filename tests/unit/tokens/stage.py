"""An API that answers logins as it is told, and a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import Final

import jwt

from exporter.config.schema import Auth
from exporter.gates.slots import Slots
from exporter.job import Job
from exporter.observation import GrantKind, Key, Observation, Renewal, Run
from exporter.tokens.credentials import Clock
from exporter.tokens.renewing import RenewingToken, Wire
from exporter.wire import Exchange, Fault, Request
from tests.support.jobs import ACCOUNT, answer, jobs

LOGIN: Final = jobs()["auth.login"]
JOBS: Final[dict[GrantKind, Job]] = {"login": LOGIN, "refresh": jobs()["auth.refresh"]}
SURFACE: Final = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
START: Final = 1_800_000_000.0
SECRET: Final = "k" * 32

Answering = Callable[[Request], Exchange | Fault]


class Hand(Clock):
    """A clock moved by hand; the wall clock may be told to step."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def wall(self) -> float:
        return START + self.now + self.step

    def steady(self) -> float:
        return 1000 + self.now


class Server:
    """Issues tokens as the guide has it, by a clock that may be off."""

    def __init__(self, clock: Hand, lifetime: float = 3600, ahead: float = 0) -> None:
        self.clock = clock
        self.lifetime = lifetime
        self.ahead = ahead
        self.logins = self.refreshes = 0
        self.refresh_works = True
        self.password = "hunter2"
        self.tells_date = True
        self.opaque = False

    def time(self) -> float:
        return START + self.clock.now + self.ahead

    def __call__(self, request: Request) -> Exchange | Fault:
        body = (request.body or b"").decode()
        if request.path == "/auth/refresh":
            self.refreshes += 1
            return self._grant() if self.refresh_works else self._answer({}, 401)
        self.logins += 1
        return self._grant() if self.password in body else self._answer({}, 401)

    def accepts(self, headers: dict[str, str]) -> bool:
        """Whether a token is good by the server's clock."""
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            token, SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False}
        )
        return bool(self.time() < claims["exp"])

    def _grant(self) -> Exchange:
        count = self.logins + self.refreshes
        claims = {"iat": self.time(), "exp": self.time() + self.lifetime, "jti": str(count)}
        token = f"opaque-{count}" if self.opaque else jwt.encode(claims, SECRET)
        return self._answer(
            {"access_token": token, "refresh_token": f"r{count}", "expires_in": self.lifetime}
        )

    def _answer(self, document: object, status: int = 200) -> Exchange:
        date = {"Date": formatdate(self.time(), usegmt=True)} if self.tells_date else {}
        return answer(document, status=status, headers=date, at=self.clock.wall())


class Stage:
    """An owner of a token with what it sends and says."""

    def __init__(self, answering: Answering, clock: Hand, auth: Auth = ACCOUNT) -> None:
        self.answering = answering
        self.requests: list[Request] = []
        self.seen: list[Observation] = []
        self.open = asyncio.Event()
        self.open.set()
        self.ran = asyncio.Event()
        self.owner = RenewingToken(JOBS, auth, Wire(self._send, Slots(10)), self._emit, clock)

    async def _send(self, request: Request) -> Exchange | Fault:
        self.requests.append(request)
        await self.open.wait()
        return self.answering(request)

    def _emit(self, observation: Observation) -> None:
        self.seen.append(observation)
        if isinstance(observation, Run):
            self.ran.set()

    async def settle(self) -> None:
        """Let a renewal that was begun come to its end, as between two runs there is time to."""
        for _ in range(10):
            await asyncio.sleep(0)

    def runs(self) -> list[str | None]:
        return [each.reason for each in self.seen if isinstance(each, Run)]

    def renewals(self) -> list[Renewal]:
        return [each for each in self.seen if isinstance(each, Renewal)]


@asynccontextmanager
async def stage(
    answering: Answering, clock: Hand | None = None, auth: Auth = ACCOUNT
) -> AsyncIterator[Stage]:
    playing = Stage(answering, clock or Hand(), auth)
    try:
        yield playing
    finally:
        await playing.owner.close()
