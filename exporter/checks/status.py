"""Does the status tell of a success?"""

from exporter.checks.finding import Answer, Finding
from exporter.protocol.problem import kind_of


def status(answer: Answer) -> Finding | None:
    """Take the server's word: a status that is none of 2xx has its own reason."""
    kind = kind_of(answer.exchange.status)
    return None if kind is None else Finding(kind.reason, f"answered {answer.exchange.status}")
