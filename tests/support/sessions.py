"""Sessions of targets whose API is what a test says, and calls as their runs tell of them."""

from collections.abc import Awaitable, Callable

from exporter.admission import Permit
from exporter.api.files import files_of
from exporter.api.settings import connection_settings
from exporter.catalog import CATALOG
from exporter.config.schema import Config, Connection, Target
from exporter.context import Mint
from exporter.followed import Candidate, Followed
from exporter.gates.gate import Entry
from exporter.gates.slots import Slots
from exporter.job import Job, TargetPlan
from exporter.looks import Looker
from exporter.observation import Call, Emit, Key, Phases
from exporter.plan import plan
from exporter.session import Means, TargetSession, made_of
from exporter.tokens.identity import NOBODY, Identity
from exporter.wire import Exchange, Fault, Request


class Sending:
    """A client that asks a function."""

    def __init__(self, send: Callable[[Request], Awaitable[Exchange | Fault]]) -> None:
        self.in_flight = 0
        self._send = send

    async def send(self, request: Request) -> Exchange | Fault:
        return await self._send(request)

    async def close(self) -> None:
        pass


def planned(target: Target) -> TargetPlan:
    """The plan of one target."""
    return plan(CATALOG, Config((target,))).targets[0]


def session(
    send: Callable[[Request], Awaitable[Exchange | Fault]],
    emit: Emit,
    target: Target,
    ids: Followed | None = None,
) -> TargetSession:
    """A session in nobody's name, whose requests a function answers."""
    of, files = planned(target), files_of(connection_settings(target))
    means = Means(emit, Mint(), Looker(), ids or Followed())
    return TargetSession(of, made_of(of, files), files, Sending(send), means)


def slots(concurrency: int) -> Slots:
    """The gate of a target with so many places."""
    target = Target("lab", "http://lab", connection=Connection(concurrency=concurrency))
    return Slots(TargetPlan(target, (), (), {}))


async def taken(gate: Slots, job: Job, calls: int = 1, patience: float = 0) -> Entry | None:
    """Places in it, if there is one."""
    entry = Entry(job, calls, patience)
    return None if await gate.admit(entry) else entry


def leave(gate: Slots, entry: Entry) -> None:
    """Give one of them back."""
    entry.lanes -= 1
    gate.leave(entry)


async def permit(
    job: Job, candidates: tuple[Candidate, ...], identity: Identity = NOBODY, lanes: int = 1
) -> Permit:
    """What a run is let in with that may have so many requests in flight."""
    entry = Entry(job, lanes, 0)
    headers = await identity.headers(job.key, 0)
    assert headers is not None
    return Permit(entry, candidates, identity, headers)


def accepted(owner: Identity, key: Key, proof: int | None = None) -> None:
    """A call in its name was answered well; with the headers in use, or with earlier ones."""
    owner.learn(_call(key, 200, owner.proof if proof is None else proof))


def refused(owner: Identity, key: Key) -> None:
    """A call in its name was answered 401 twice."""
    owner.learn(_call(key, 401, owner.proof, resent=True))


def _call(key: Key, status: int, proof: int, *, resent: bool = False) -> Call:
    return Call(
        key,
        0.0,
        "GET",
        "/",
        "standard",
        "account",
        0.1,
        Phases(),
        status=status,
        proof=proof,
        resent=resent,
    )
