"""The page that is scraped: frozen and written in slices, between which the loop does its work.

Written at once, 1000 surfaces hold the event loop for most of a second, and the probes that are due
meanwhile are lost. The counts of a surface are frozen in one step, so that they fit together on
every page, also while runs end between two slices.
"""

import asyncio
from collections.abc import Callable, Generator, Iterable, Iterator
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry

from exporter.metrics.counted import Counters, Histograms
from exporter.metrics.exposition import Format, Gzip, Packer, zlib_gzip
from exporter.metrics.shown import Shown
from exporter.status.snapshot import Snapshot

SLICE: Final = 0.0004
"""Seconds that the loop is held for at a time, and a block more."""
_TURNS: Final = 3
"""That others have between two slices, unless one is as long: what they do takes some turns."""
_CHUNK: Final = 32 * 1024
"""Bytes that are compressed at a time."""
_PIECE: Final = 64 * 1024
"""Bytes that are sent at a time."""


class Page:
    """Writes pages, one at a time.

    ``rest`` has the library's own collectors, ``registry`` all of them. ``freeze`` has the counted
    families show what is counted now, a scope at a time, and takes a snapshot beside it.
    """

    def __init__(
        self,
        counted: Iterable[Counters | Histograms],
        shown: Iterable[Shown],
        rest: CollectorRegistry,
        registry: CollectorRegistry,
        freeze: Callable[[], Generator[None, None, Snapshot]],
    ) -> None:
        """Write nothing yet."""
        self._counted = tuple(counted)
        self._shown = tuple(shown)
        self._rest = rest
        self._registry = registry
        self._freeze = freeze
        self.gzip: Gzip = zlib_gzip
        """What compresses."""
        self._heads: dict[str, list[str]] = {}
        self._one = asyncio.Lock()
        """What is frozen is of one page."""

    async def make(self, form: Format) -> tuple[list[bytes], float]:
        """Write it: its body in pieces, and the seconds that the loop was held for it in all."""
        async with self._one:
            pace, body = _Pace(), _Body(form.packer(self.gzip))
            for text in self._texts(form):
                body.add(text)
                if pace.over:
                    await pace.rest()
            return body.end(), pace.held

    def _texts(self, form: Format) -> Iterator[str | None]:
        """All of its text; others may have a turn after each."""
        if form.renames:
            yield form.encode(self._registry).decode()
            return
        snapshot = yield from self._freeze()
        heads = iter(self._headed(form))
        for counted in self._counted:
            yield next(heads)
            yield from counted.texts(exemplars=form.openmetrics)
        for shown in self._shown:
            yield next(heads)
            yield from shown.texts(snapshot)
        yield form.encode(self._rest).decode()

    def _headed(self, form: Format) -> list[str]:
        """The head of each family, as the library writes it."""
        if form.content_type not in self._heads:
            families = (each.described for each in (*self._counted, *self._shown))
            self._heads = {form.content_type: [*map(form.head, families)]}
        return self._heads[form.content_type]


class _Pace:
    """When it is time to let others have a turn, and how long they had to wait in all."""

    def __init__(self) -> None:
        self._before = 0.0
        self._began = perf_counter()

    @property
    def held(self) -> float:
        return self._before + self._slice

    @property
    def over(self) -> bool:
        return self._slice > SLICE

    @property
    def _slice(self) -> float:
        return perf_counter() - self._began

    async def rest(self) -> None:
        self._before, rested = self.held, perf_counter()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
            self._began = perf_counter()
            if self._began - rested > SLICE:
                break


class _Body:
    """What was written, as bytes: packed some at a time, and in pieces that are worth sending."""

    def __init__(self, packer: Packer) -> None:
        self._packer = packer
        self._texts: list[str] = []
        self._text_length = 0
        self._packed: list[bytes] = []
        self._packed_length = 0
        self._pieces: list[bytes] = []

    def add(self, text: str | None) -> None:
        if text:
            self._texts.append(text)
            self._text_length += len(text)
            if self._text_length >= _CHUNK:
                self._pack()

    def end(self) -> list[bytes]:
        self._pack()
        self._take(self._packer.flush())
        return [*self._pieces, b"".join(self._packed)]

    def _pack(self) -> None:
        self._take(self._packer.compress("".join(self._texts).encode()))
        self._texts, self._text_length = [], 0

    def _take(self, packed: bytes) -> None:
        self._packed.append(packed)
        self._packed_length += len(packed)
        if self._packed_length >= _PIECE:
            self._pieces.append(b"".join(self._packed))
            self._packed, self._packed_length = [], 0
