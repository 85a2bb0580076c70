"""When Python looks for cycles of objects that nobody holds: never while the process starts.

Nearly all that is made then is there to stay. The collector would go through it again and again,
a good part of the start, and later hold up the probes that are due meanwhile: for 80 ms with a
thousand targets.
"""

import gc
from asyncio import AbstractEventLoop
from typing import Final

_SETTLED: Final = 5.0
"""Seconds after which the first connections and series are there to stay too."""
_THRESHOLDS: Final = (1_000, 20, 50)
"""Objects, then rounds: few objects at once, which takes a fraction of a millisecond, and what
outlives that less often than by default, as runs leave few cycles behind."""


def leave() -> None:
    """Look for none: the process begins to start."""
    gc.disable()


def collect_seldom(loop: AbstractEventLoop) -> None:
    """Look for them from now on, but never among what is there by now or will be in a moment."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    gc.enable()
    loop.call_later(_SETTLED, _settle)


def _settle() -> None:
    """Take what came since the start out of sight as well, but for what is garbage already.

    Only the youngest are looked through, a few milliseconds: all of them would take as long as
    what is to be spared.
    """
    gc.collect(0)
    gc.freeze()
