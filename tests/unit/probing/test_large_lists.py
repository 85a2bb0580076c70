"""What of a list is taken in at all, whatever it holds: the event loop does it in one step."""

from collections.abc import Mapping
from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.checks import Checks
from exporter.config.schema import Config, Resources, Target
from exporter.model.exchange import MAX_BODY, MAX_JSON, Exchange, Request
from exporter.model.observation import IdsListed, Observation
from exporter.model.trace_context import Mint
from exporter.planning.job import Job
from exporter.planning.plan import plan
from exporter.probing.discovered_ids import NO_ID, DiscoveredIds
from exporter.probing.probe import ProbeInput, probe
from tests.support.jobs import ACCOUNT, answer
from tests.support.sessions import permit

ITEMS: Final[Mapping[str, tuple[bytes, bytes]]] = {
    "objects": (b'{"intents":[', b"{}"),
    "arrays": (b'{"intents":[', b"[]"),
    "arrays that nobody asks for": (b'{"x":[', b"[]"),
    "objects that nobody asks for": (b'{"x":[', b'{"a":{}}'),
    "intents": (b'{"intents":[', b'{"id":"i","status":"deployed"}'),
}
MOST: Final = 1000
"""Items that can be asked for, by the API's own document."""


def body(begin: bytes, item: bytes, size: int) -> bytes:
    """So many bytes at most, of which hardly one is lacking."""
    count = (size - len(begin) - 2) // (len(item) + 1)
    return begin + b",".join([item] * count) + b"]}"


def planned(most: int) -> tuple[DiscoveredIds, Job]:
    target = Target("lab", "http://lab", auth=ACCOUNT, resources=Resources(max=most))
    whole = plan(CATALOG, Config((target,)))
    followed = DiscoveredIds()
    followed.apply(whole)
    (job,) = [job for job in whole.jobs if job.key.surface == "orchestrator.intents.list"]
    return followed, job


async def probe_input(job: Job) -> ProbeInput:
    mint = Mint()
    return ProbeInput(
        job,
        await permit(job, NO_ID),
        mint,
        mint.begin(),
        Checks(),
        learn=lambda _: None,
        lateness=None,
        fresh=False,
    )


async def learned(followed: DiscoveredIds, job: Job, content: bytes) -> list[Observation]:
    """What a run saw."""
    asked: list[Request] = []

    async def send(request: Request) -> Exchange:
        asked.append(request)
        return answer(content)

    seen = await probe(await probe_input(job), send)
    for observation in seen:
        followed(observation)
    assert len(content) <= asked[0].largest
    return seen


@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS.keys())
async def test_of_the_longest_page_no_more_is_looked_at_than_was_asked_for(
    items: tuple[bytes, bytes],
) -> None:
    followed, job = planned(MOST)
    content = body(*items, MOST * 4096)
    seen = await learned(followed, job, content)
    readings = [each for each in seen if isinstance(each, IdsListed)]
    assert all(len(reading.ids) <= MOST for reading in readings)
    assert not any(reading.complete for reading in readings)


async def largest(job: Job) -> int:
    """The most bytes that a run of it takes."""
    asked: list[int] = []

    async def send(request: Request) -> Exchange:
        asked.append(request.largest)
        return answer({})

    await probe(await probe_input(job), send)
    (most,) = asked
    return most


async def test_how_much_is_taken_of_which_answer() -> None:
    jobs = plan(CATALOG, Config((Target("lab", "http://lab", auth=ACCOUNT),))).jobs
    taken = {job.key.surface: await largest(job) for job in jobs}
    assert taken.pop("monitoring.metrics") == MAX_BODY  # it is not decoded
    assert set(taken.values()) == {MAX_JSON}
    _, job = planned(300)
    assert await largest(job) == 300 * 4096
    _, job = planned(MOST)
    assert MOST * 4000 < await largest(job) <= MAX_BODY
