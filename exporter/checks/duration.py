"""Did the answer come soon enough?"""

from exporter.checks.finding import Answer, Finding


def duration(answer: Answer) -> Finding | None:
    """Hold an answer that is right against ``latency.bad``: one that took longer is ``slow``.

    What our own event loop may have added is held against nobody.
    """
    timing, bad = answer.exchange.timing, answer.job.bad
    if timing.duration - timing.lag <= bad:
        return None
    return Finding("slow", f"took {timing.duration:.1f} s, over {bad:g} s is too long")
