"""When cycles of objects are looked for."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from exporter.process import garbage


class Cycle:
    """Holds itself."""

    def __init__(self) -> None:
        self.held = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)
    gc.enable()


async def test_the_collector_rests_until_it_started_and_never_sees_what_is_there_by_then() -> None:
    garbage.leave()
    assert not gc.isenabled()
    kept = [Cycle() for _ in range(1000)]
    loop = asyncio.get_running_loop()
    garbage.collect_seldom(loop)
    assert gc.isenabled()
    assert len(gc.get_objects()) < len(kept)
    assert gc.get_freeze_count() > len(kept)


async def test_garbage_of_the_first_seconds_is_gone_before_the_rest_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(garbage, "_SETTLED", 0)
    garbage.collect_seldom(asyncio.get_running_loop())
    dropped, kept = Cycle(), Cycle()
    gone, stays = weakref.ref(dropped), weakref.ref(kept)
    del dropped
    for _ in range(3):  # turns of the loop
        await asyncio.sleep(0)
    assert (gone(), stays()) == (None, kept)
