"""One profile: its sides by turns, and at the end whether all that they did is accounted for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager, suppress
from functools import partial
from os import getpid
from typing import Final, NamedTuple

from tests.bench import machine
from tests.bench.profiles import Profile, Scale
from tests.bench.say import say
from tests.bench.sides import Ours, Side
from tests.bench.situation import World
from tests.bench.sums import Sums, sums
from tests.bench.tally import read
from tests.bench.window import Window, measure
from tests.support.servers import eventually

_GRID: Final = 3
"""Intervals that a window has at least: what is missing shows between two that came."""
_REST: Final = 20.0
"""Seconds within which runs end, and spans come that wait."""


class Measured(NamedTuple):
    """What came of a side; of the exporter also its sums, and its page at the end."""

    windows: Sequence[Window]
    targets: int
    interval: int
    sums: Sums | None = None
    page: str = ""


async def by_turns(profile: Profile, world: World, scale: Scale) -> Mapping[str, Measured]:
    """Measure a profile: A B A B, each stopped with its Prometheus while the others run.

    Raises:
        ExitedError: a server ended by itself.
        TimeoutError: one does not do what it is to do.
    """
    async with AsyncExitStack() as stack:
        sides: dict[str, Side] = {}
        for name, contender in profile.sides.items():  # one that starts takes all there is
            side = contender.side(contender.situation, world)
            sides[name] = await stack.enter_async_context(side)
            await eventually(partial(_seen, side), within=60)
            side.pause()
        if profile.apart:
            stack.enter_context(_apart(sides.values(), world))
        windows: dict[str, list[Window]] = {name: [] for name in sides}
        for number in range(scale.rounds):
            for name, side in sides.items():
                say(f"{profile.name}: {name}, {number + 1} of {scale.rounds}")
                seconds = max(scale.seconds, _GRID * side.situation.interval)
                windows[name].append(await measure(side, settle=scale.settle, seconds=seconds))
        return {name: await _told(side, windows[name]) for name, side in sides.items()}


async def _seen(side: Side) -> bool | None:
    """Whether its Prometheus has begun to scrape, well or not."""
    side.server.check()
    (found,) = await side.prometheus.query("count(up) or vector(0)")
    return True if found.value else None


@contextmanager
def _apart(sides: Iterable[Side], world: World) -> Iterator[None]:
    """Give the servers a core of their own, and the others to whatever asks and answers them."""
    first, others = machine.halves()
    around = [world.nginx.process.pid, getpid()]
    for side in sides:
        machine.pin(side.server.pid, first)
        machine.pin(side.prometheus.process.pid, others)
    for pid in around:
        machine.pin(pid, others)
    try:
        yield
    finally:
        for pid in around:
            machine.pin(pid, first | others)


async def _told(side: Side, windows: Sequence[Window]) -> Measured:
    targets, interval, *_ = side.situation
    if not isinstance(side, Ours):
        return Measured(windows, targets, interval)
    found, page = await _at_rest(side)
    side.pause()
    return Measured(windows, targets, interval, found, page)


async def _at_rest(side: Ours) -> tuple[Sums, str]:
    """Its sums and its page, once all is accounted for; or as they are, if that does not come."""
    found, page = sums([], None, {}), ""

    async def look() -> bool | None:
        nonlocal found, page
        side.server.check()
        arrivals = side.world.nginx.arrivals(side.place)
        page = await side.scrape()
        spans = side.world.receiver.received(side.sender) if side.situation.traced else None
        before, found = found, sums(arrivals, spans, read(page))
        still = found.requests == before.requests
        return (still and not found.unaccounted) or None

    side.rest()
    with suppress(TimeoutError):
        await eventually(look, within=_REST + _GRID * side.situation.interval)
    return found, page
