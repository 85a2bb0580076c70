"""Did the answer come soon enough?"""

from exporter.checks.finding import Answer, Finding


def duration(answer: Answer) -> Finding | None:
    """Hold an answer that is right against ``latency.bad``: one that took longer is ``slow``."""
    took, bad = answer.exchange.timing.duration, answer.job.bad
    if took <= bad:
        return None
    return Finding("slow", f"took {took:.1f} s, over {bad:g} s is too long")
