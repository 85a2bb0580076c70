"""Sessions of targets whose API is what a test says, and calls as their runs tell of them."""

from collections.abc import Awaitable, Callable

from exporter.auth.identity import NOBODY, Identity
from exporter.catalog import CATALOG
from exporter.client.files import files_of
from exporter.client.settings import connection_settings
from exporter.config.schema import Config, Connection, Target
from exporter.gates.gate import Entry
from exporter.gates.slots import Slots
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import Call, Emit, Key, Phases
from exporter.model.trace_context import Mint
from exporter.planning.job import Job, TargetPlan
from exporter.planning.plan import plan
from exporter.probing.admission import Permit
from exporter.probing.discovered_ids import Candidate, DiscoveredIds
from exporter.probing.session import Means, TargetSession, made_of
from exporter.system.file_watcher import FileWatcher


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
    ids: DiscoveredIds | None = None,
) -> TargetSession:
    """A session in nobody's name, whose requests a function answers."""
    of, files = planned(target), files_of(connection_settings(target))
    means = Means(emit, Mint(), FileWatcher(), ids or DiscoveredIds())
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
