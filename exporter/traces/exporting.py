"""Exporting traces as one part: what decides, what samples, what sends."""

import asyncio

from exporter.model.trace_context import Mint, Sampler, by_ratio
from exporter.planning.job import Plan
from exporter.traces.otlp.sender import Tally
from exporter.traces.otlp.settings import Settings
from exporter.traces.sink import TraceSink


class Tracing:
    """What there is only where traces are exported: the SDK is imported here and no earlier."""

    def __init__(self, settings: Settings, tally: Tally) -> None:
        """Make everything; nothing is sent yet."""
        from exporter.traces.otlp.sdk import sampler_of, sender_of  # noqa: PLC0415  # only where traces go

        self._sender = sender_of(settings, tally)
        self._sampler: Sampler | None = None
        if settings.sampler is not None:
            self._sampler = sampler_of(settings.sampler, settings.ratio)
        self.sink = TraceSink(self._sender, promotes=settings.sampler is None)

    def apply(self, plan: Plan, mint: Mint) -> None:
        """Sample from now on with the plan's ratio, where the environment names no sampler."""
        mint.sampler = self._sampler or by_ratio(plan.traces.sample_ratio)
        self.sink.apply(plan)

    def start(self) -> None:
        """Begin to send."""
        self._sender.start()

    async def close(self, within: float) -> None:
        """Send what waits; what was not sent within so many seconds is given up."""
        await asyncio.to_thread(self._sender.close, within)
