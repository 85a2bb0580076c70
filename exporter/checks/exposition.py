"""Is it text that Prometheus could read?"""

import re
from typing import Final

from exporter.checks.finding import Answer, Finding

_LINE: Final = re.compile(rb"\s*(?:#|[a-zA-Z_:][a-zA-Z0-9_:]*[\s{])")


def exposition(answer: Answer) -> Finding | None:
    """Tell metrics from an error page with a good status.

    Args:
        answer: of ``GET /monitoring/metrics``.

    Returns:
        A finding ``body_invalid`` where the text does not begin as the Prometheus text format
        does; the whole of it is the scraper's to judge.
    """
    if _LINE.match(answer.exchange.body):
        return None
    return Finding("body_invalid", "not in the Prometheus text format")
