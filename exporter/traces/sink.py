"""The sink that decides which runs become spans, once it is known what became of them."""

from typing import Final, Protocol

from exporter.model.observation import (
    Call,
    Key,
    OnDemandRun,
    Run,
    Skip,
)
from exporter.model.trace_context import TraceContext
from exporter.planning.job import Plan
from exporter.status.fanout import Sink
from exporter.traces.otlp.record import SpanRecord


class Outlet(Protocol):
    """Where spans go."""

    @property
    def room(self) -> int:
        """How many more it takes."""

    def push(self, record: SpanRecord) -> bool:
        """Take one, if there is room."""


class TraceSink(Sink):
    """Sink that exports the calls of sampled runs, and of those that failed or were slow.

    All that a run observed comes in one step, its calls first: no more than one run is ever held.
    Where it ``promotes`` nothing, what is not sampled is not exported, however it ended.
    """

    def __init__(self, outlet: Outlet, *, promotes: bool) -> None:
        """Begin with no run."""
        self._outlet: Final = outlet
        self._promotes: Final = promotes
        self._bases: dict[str, str] = {}
        self._held: list[tuple[Call, TraceContext]] = []
        self._trace_id = 0
        self._accepted: set[int] = set()

    def apply(self, plan: Plan) -> None:
        """Learn the URLs of targets."""
        self._bases = {each.target.name: each.target.url for each in plan.targets}

    def ran(self, run: Run) -> None:
        """See ``Sink``."""
        self._conclude(run.key, run)

    def asked(self, asked: OnDemandRun) -> None:
        """See ``Sink``."""
        self._conclude(asked.key, asked.run)

    def skipped(self, skip: Skip) -> None:
        """See ``Sink``."""
        self._conclude(skip.key, None)

    def exemplar(self, context: TraceContext | None) -> TraceContext | None:
        """The span that a sample leads to; ``None`` where that is not exported.

        To be asked right after the observation.
        """
        return context if context is not None and context.span_id in self._accepted else None

    def called(self, call: Call) -> None:
        """See ``Sink``."""
        context = call.context
        if context is None:
            return
        if context.trace_id != self._trace_id or not self._held:
            self._conclude(None, None)
            self._accepted = set()
            self._trace_id = context.trace_id
        self._held.append((call, context))
        # What has room now has it when the run ends: only this sink fills the outlet.
        if context.sampled and len(self._accepted) < self._outlet.room:
            self._accepted.add(context.span_id)

    def _conclude(self, key: Key | None, run: Run | None) -> None:
        """Export what is to be; of calls that are of no run, what was promised: ids may be gone."""
        held, self._held = self._held, []
        promotes = self._promotes and run is not None and (run.reason is not None or run.slow)
        for call, context in held:
            base, own = self._bases.get(call.key.target), call.key == key
            if base is None or not (context.sampled or (own and promotes)):
                continue
            record = SpanRecord(call, base, run if own else None, not context.sampled)
            if self._outlet.push(record):
                self._accepted.add(context.span_id)
