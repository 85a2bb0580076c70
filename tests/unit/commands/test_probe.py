"""What a probe by hand asks for before it can ask."""

import json
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from exporter.catalog import CATALOG
from exporter.commands.probe import ProbeOutcome, probe_once
from exporter.config.schema import Config, Resources, SurfaceOptions, Target
from exporter.planning.plan import plan
from exporter.protocol.problem import RateLimited
from exporter.report.run_text import Step
from tests.support.hostile import OK, Peer, serve, sized
from tests.support.jobs import ACCOUNT

MANAGERS: Final = "/o2-client/deployment-managers"
TOKEN: Final = {"access_token": "t0ken", "expires_in": 3600, "token_type": "Bearer"}
API: Final[Mapping[str, object]] = {
    "/auth/login": TOKEN,
    MANAGERS: {"deployment_managers": [{"id": "dm-1"}, {"id": "dm-2"}, {"id": "dm-3"}]},
    f"{MANAGERS}/dm-1/deployments": {"deployments": []},
    f"{MANAGERS}/dm-2/deployments": {"deployments": [{"id": "nfd-1"}]},
    f"{MANAGERS}/dm-3/deployments": {"deployments": [{"id": "nfd-2"}]},
    f"{MANAGERS}/dm-2/deployments/nfd-1": {"id": "nfd-1"},
    f"{MANAGERS}/dm-9/deployments/nfd-9": {"id": "nfd-9"},
}
DEPLOYMENT: Final = "o2-client.deployments.get"


async def script(peer: Peer) -> None:
    while True:
        path = (await peer.request()).split()[1].decode()
        head = OK if path in API else b"HTTP/1.1 404 Not Found\r\n"
        await peer.send(head + sized(json.dumps(API.get(path, {})).encode()))


async def told(*wanted: str, **settings: object) -> tuple[ProbeOutcome, list[str]]:
    """What is told of a deployment, and the paths that were asked for."""
    async with serve(script) as server:
        target = Target(name="lab", url=server.url, auth=ACCOUNT)
        planned = plan(CATALOG, Config((replace(target, **settings),)))
        found = await probe_once(planned, "lab", DEPLOYMENT, wanted)
        return found, [request.split()[1].decode() for request in server.requests]


def well(steps: list[Step]) -> bool:
    return all(step.well for step in steps)


async def test_lists_are_read_until_one_names_an_id() -> None:
    found, asked = await told()
    assert well(found.steps)
    assert asked == [
        "/auth/login",
        MANAGERS,
        f"{MANAGERS}/dm-1/deployments",
        f"{MANAGERS}/dm-2/deployments",
        f"{MANAGERS}/dm-2/deployments/nfd-1",
    ]
    assert found.notes == []


async def test_who_names_an_id_is_asked_for_no_list() -> None:
    narrow = Resources(include=("dm-1",))
    found, asked = await told("dm-9", "nfd-9", resources=narrow)
    assert well(found.steps)
    assert asked == ["/auth/login", f"{MANAGERS}/dm-9/deployments/nfd-9"]


async def test_lists_without_ids_end_in_a_skip() -> None:
    found, asked = await told(resources=Resources(include=("dm-1",)))
    assert not found.well
    assert found.steps[-1].reason == "no_resource"
    assert asked == ["/auth/login", MANAGERS, f"{MANAGERS}/dm-1/deployments"]


async def test_what_is_off_is_switched_on_whatever_glob_says_so() -> None:
    surfaces = {DEPLOYMENT: SurfaceOptions(mode="read"), "o2-*": SurfaceOptions(mode="off")}
    found, _ = await told(surfaces=surfaces)
    assert found.well
    assert [note.split()[0] for note in found.notes] == [
        "o2-client.deployment-managers.list",
        "o2-client.deployments.list",
        DEPLOYMENT,
    ]


async def test_what_the_api_says_is_wrong_is_told() -> None:
    async def refusing(peer: Peer) -> None:
        while True:
            await peer.request()
            body = b'{"error": "Rate limit exceeded", "retry_after": "1s"}'
            await peer.send(b"HTTP/1.1 429 Too Many Requests\r\n" + sized(body))

    async with serve(refusing) as server:
        planned = plan(CATALOG, Config((Target(name="lab", url=server.url),)))
        found = await probe_once(planned, "lab", "monitoring.health")
    assert found.steps[-1].problem == RateLimited(429, "Rate limit exceeded", delay=1)
