"""An API that answers logins as it is told, and a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Final

import jwt
import msgspec

from exporter.auth.backoff import account_of
from exporter.auth.clock import Clock
from exporter.auth.renewal import RenewingToken
from exporter.config.schema import Auth, Target
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import GrantKind, Key, Observation, Rejection, Renewal, Run
from exporter.planning.job import Job
from exporter.system.file_watcher import FileWatcher
from tests.support.jobs import ACCOUNT, answer, jobs
from tests.support.sessions import planned, session
from tests.support.watched_files import secrets_of

LOGIN: Final = jobs()["auth.login"]
JOBS: Final[dict[GrantKind, Job]] = {"login": LOGIN, "refresh": jobs()["auth.refresh"]}
PLAN: Final = planned(Target("lab", "http://lab/v1", auth=ACCOUNT))
SURFACE: Final = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
START: Final = 1_800_000_000.0
SECRET: Final = "k" * 32

Answering = Callable[[Request], Exchange | Fault]


def replace(file: Path, text: str | bytes) -> None:
    """As Kubernetes does it: another file in its place."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(text.encode() if isinstance(text, str) else text)
    fresh.replace(file)


class Alarm:
    """What is to be done at a time, unless it is cancelled."""

    def __init__(self, when: float, then: Callable[[], None]) -> None:
        self.when = when
        self.then: Callable[[], None] | None = then

    def cancel(self) -> None:
        self.then = None

    def ring(self) -> None:
        if self.then is not None:
            self.then()


class Hand(Clock):
    """A clock moved by hand; the wall clock may be told to step.

    What is due is done as soon as the hand is past it; a renewal that this begins comes to its
    end when the loop is let run.
    """

    def __init__(self) -> None:
        self._now = 0.0
        self.step = 0.0
        self.alarms: list[Alarm] = []

    @property
    def now(self) -> float:
        return self._now

    @now.setter
    def now(self, now: float) -> None:
        self._now = now
        due = [alarm for alarm in self.alarms if alarm.when <= self.steady()]
        self.alarms = [alarm for alarm in self.alarms if alarm not in due and alarm.then]
        for alarm in sorted(due, key=lambda alarm: alarm.when):
            alarm.ring()

    def call_at(self, when: float, then: Callable[[], None]) -> Alarm:
        self.alarms.append(Alarm(when, then))
        return self.alarms[-1]

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
        self.takes = 0.0
        """Seconds from a token's issue until its answer is here."""
        self.opaque = False
        self.tells_refresh_token = True
        self.answers: dict[str, Exchange | Fault] = {}
        """By path, what is answered whatever was sent."""

    def time(self) -> float:
        return START + self.clock.now + self.ahead

    def __call__(self, request: Request) -> Exchange | Fault:
        body = (request.body or b"").decode()
        if request.path == "/auth/refresh":
            self.refreshes += 1
        else:
            self.logins += 1
        if (told := self.answers.get(request.path)) is not None:
            return told
        if request.path == "/auth/refresh":
            known = self.tells_refresh_token or '"first"' in body
            return self._grant() if self.refresh_works and known else self._answer({}, 401)
        return self._grant("first") if self.password in body else self._answer({}, 401)

    def accepts(self, headers: Mapping[str, str]) -> bool:
        """Whether a token is good by the server's clock."""
        token = headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(
            token, SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False}
        )
        return bool(self.time() < claims["exp"])

    def _grant(self, first: str = "") -> Exchange:
        count = self.logins + self.refreshes
        claims = {"iat": self.time(), "exp": self.time() + self.lifetime, "jti": str(count)}
        token = f"opaque-{count}" if self.opaque else jwt.encode(claims, SECRET)
        grant = {"access_token": token, "expires_in": self.lifetime}
        if self.tells_refresh_token or first:
            grant["refresh_token"] = f"r{count}" if self.tells_refresh_token else first
        return self._answer(grant)

    def _answer(self, document: object, status: int = 200) -> Exchange:
        date = {"Date": formatdate(self.time(), usegmt=True)} if self.tells_date else {}
        at = self.clock.wall() + self.takes
        return answer(document, status=status, headers=date, duration=self.takes, at=at)


class Stage:
    """An owner of a token with what it sends and says."""

    def __init__(
        self,
        answering: Answering,
        clock: Hand,
        auth: Auth,
        former: RenewingToken | None,
        watcher: FileWatcher | None,
    ) -> None:
        self.answering = answering
        self.clock = clock
        self.requests: list[Request] = []
        self.seen: list[Observation] = []
        self.open = asyncio.Event()
        self.open.set()
        self.ran = asyncio.Event()
        account = account_of("http://lab", auth)
        self.secrets = secrets_of(auth, watcher)
        self.line = session(self.send, self._emit, Target("lab", "http://lab", auth=auth))
        self.owner = RenewingToken(JOBS, auth, self.line, account, self.secrets, clock)
        if former is not None:
            self.owner.succeed(former.legacy)
        self.need(needed=True)

    def need(self, *, needed: object) -> None:
        """Whether surfaces are planned that are asked in the account's name."""
        planned = PLAN if needed else msgspec.structs.replace(PLAN, jobs=())
        self.owner.apply(planned, self.secrets)

    async def send(self, request: Request) -> Exchange | Fault:
        self.requests.append(request)
        await self.open.wait()
        result = self.answering(request)
        if isinstance(self.answering, Server) and self.answering.takes:
            arrived = asyncio.Event()
            self.clock.call_at(self.clock.steady() + self.answering.takes, arrived.set)
            await arrived.wait()
        return result

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

    def rejections(self) -> list[Rejection]:
        return [each for each in self.seen if isinstance(each, Rejection)]

    def renewals(self) -> list[Renewal]:
        return [each for each in self.seen if isinstance(each, Renewal)]


@asynccontextmanager
async def stage(
    answering: Answering,
    clock: Hand | None = None,
    auth: Auth = ACCOUNT,
    former: RenewingToken | None = None,
    watcher: FileWatcher | None = None,
) -> AsyncIterator[Stage]:
    playing = Stage(answering, clock or Hand(), auth, former, watcher)
    try:
        yield playing
    finally:
        await playing.owner.close()
