"""However many probes wait for a token, there is one login: against the simulator and Prism."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Auth, Config, Connection, Target
from exporter.config.values import Secret
from exporter.model.observation import Call, Observation, Renewal, Run
from exporter.model.trace_context import Mint
from exporter.planning.job import Plan
from exporter.planning.plan import plan
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.runner import Runner
from exporter.probing.session import Means, TargetSession, files_for, sessions_for
from exporter.system.file_watcher import FileWatcher
from tests.support.product import Simulator
from tests.support.servers import Prism, Start
from tests.unit.auth.stage import SURFACE

DOCUMENT: Final = Path(__file__).parents[2] / "exporter" / "catalog" / "openapi.yaml"
ACCOUNT: Final = Auth(type="login", username="demo", password=Secret("demo"))
WAITING: Final = 200


def planned(url: str) -> Plan:
    target = Target("lab", url, auth=ACCOUNT, connection=Connection(concurrency=WAITING))
    return plan(CATALOG, Config((target,)))


@asynccontextmanager
async def opened(planned: Plan, seen: list[Observation]) -> AsyncIterator[TargetSession]:
    means = Means(seen.append, Mint(), FileWatcher(), DiscoveredIds())
    session = sessions_for(planned, files_for(planned), {}, means)["lab"]
    try:
        yield session
    finally:
        await session.close()


async def probe_at_once(url: str) -> list[Observation]:
    """Let them wait for the token together, and then ask, each as a probe does."""
    seen: list[Observation] = []
    whole = planned(url)
    (of,) = whole.targets
    asking = [job for job in of.jobs if job.credential == "account" and job.surface.ids is None]
    async with opened(whole, seen) as session:
        waiting = (session.identity.headers(SURFACE, 30) for _ in range(WAITING))
        found = await asyncio.gather(*waiting)
        assert len({id(headers) for headers in found}) == 1
        assert found[0] is not None
        runner = Runner()
        runner.apply({"lab": session})
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(runner.run(asking[each % len(asking)], loop.time()) for each in range(WAITING))
        )
    runs = [each for each in seen if isinstance(each, Run) and each.key.surface != "auth.login"]
    assert len(runs) == WAITING
    assert {run.deciding.status for run in runs if run.deciding is not None} == {200}
    return seen


def logins(seen: list[Observation]) -> list[Call]:
    return [each for each in seen if isinstance(each, Call) and each.key.component == "auth"]


@pytest.mark.parametrize("opaque", [False, True], ids=["JWT", "opaque"])
async def test_of_the_simulator(opaque: object, start: Start) -> None:
    simulator = await start(Simulator())
    await simulator.play("healthy", opaque_tokens=opaque, latency_factor=0)
    seen = await probe_at_once(simulator.url)
    (call,) = logins(seen)
    assert (call.key.surface, call.status) == ("auth.login", 200)
    asked: Counter[str] = Counter()
    for row in (await simulator.requests())["counts"]:
        asked[row["surface"]] += row["requests"]
    assert asked["auth.login"] == 1
    assert asked["auth.refresh"] == 0
    assert sum(asked.values()) == WAITING + 1
    (renewal,) = [each for each in seen if isinstance(each, Renewal)]
    assert (renewal.grant, renewal.reason) == ("login", None)
    assert renewal.lifetime == pytest.approx(3600, abs=30)


async def test_of_prism(start: Start) -> None:
    """Its token is opaque."""
    prism = await start(Prism(DOCUMENT))
    seen = await probe_at_once(prism.url)
    (call,) = logins(seen)
    assert (call.key.surface, call.status) == ("auth.login", 200)
    (renewal,) = [each for each in seen if isinstance(each, Renewal)]
    assert (renewal.grant, renewal.reason) == ("login", None)
    assert renewal.lifetime == pytest.approx(3600, abs=30)
    received = re.findall(r"(get|post) (/\S+).*Request received", prism.process.output())
    assert [path for method, path in received if method == "post"] == ["/auth/login"]
    assert len([path for method, path in received if method == "get"]) >= WAITING
