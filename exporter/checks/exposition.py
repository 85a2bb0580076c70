"""Is it text that Prometheus could read?"""

import re
from typing import Final

from exporter.checks.finding import Answer, Finding

_LOOKED_AT: Final = 1024 * 1024
"""Bytes in which the first sample has to end: it is looked for in one step of the event loop."""

# As the text format (0.0.4) and OpenMetrics have them; nothing is ever tried in a second way.
_NAME: Final = r"[a-zA-Z_:][a-zA-Z0-9_:]*+"
_TEXT: Final = r'"(?:[^"\\\n]|\\[^\n])++"'
_VALUE: Final = r'"(?:[^"\\\n]|\\[^\n])*+"'
_LABEL: Final = rf"(?:[a-zA-Z_][a-zA-Z0-9_]*+|{_TEXT})[ \t]*+=[ \t]*+{_VALUE}[ \t]*+"
_LABELS: Final = rf"\{{[ \t]*+(?:{_LABEL}(?:,[ \t]*+{_LABEL})*+(?:,[ \t]*+)?+)?+\}}"
_QUOTED: Final = (  # the name is quoted, and among the labels
    rf"\{{[ \t]*+(?:{_LABEL},[ \t]*+)*+{_TEXT}[ \t]*+(?:,[ \t]*+{_LABEL})*+(?:,[ \t]*+)?+\}}"
)
_SERIES: Final = rf"(?:{_NAME}(?:[ \t]*+{_LABELS}[ \t]*+|[ \t]++)|{_QUOTED}[ \t]*+)"
_DECIMAL: Final = r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?"
_NUMBER: Final = rf"(?:{_DECIMAL}|(?i:[+-]?inf(?:inity)?|nan))"
_AT: Final = rf"(?:[ \t]++{_DECIMAL})?"
_EXEMPLAR: Final = rf"(?:[ \t]++#[ \t]++{_LABELS}[ \t]++{_NUMBER}{_AT})?"

_BEFORE: Final = re.compile(rb"(?:[ \t]*+(?:#[^\n]*+)?+\n)*+")
"""Lines that are empty or comments. A carriage return is nothing that Prometheus takes."""
_SAMPLE: Final = re.compile(rf"[ \t]*+{_SERIES}{_NUMBER}{_AT}{_EXEMPLAR}[ \t]*+(?=\n|\Z)".encode())
_NOTHING: Final = re.compile(rb"[ \t]*+(?:#[^\n]*+)?+\Z")
_END: Final = re.compile(rb"(?:\A|\n)# EOF\n?\Z")
_NO_METRICS: Final = "not in the Prometheus text format"


def exposition(answer: Answer) -> Finding | None:
    """Tell metrics from anything else that has a good status.

    It is ``body_invalid`` where the first line that is neither empty nor a comment is no sample of
    the Prometheus text format or of OpenMetrics, or where there is none and no ``# EOF`` at the
    end; all that follows is the scraper's to judge.
    """
    body = answer.exchange.body
    before = _BEFORE.match(body, 0, _LOOKED_AT)
    begin = 0 if before is None else before.end()
    sample = _SAMPLE.match(body, begin, _LOOKED_AT)
    if sample is not None and body[sample.end() : sample.end() + 1] in {b"\n", b""}:
        return None
    if _NOTHING.match(body, begin, _LOOKED_AT) is None:
        return Finding("body_invalid", f"{_NO_METRICS}: its first line is no sample")
    if _END.search(body, max(len(body) - len(b"\n# EOF\n"), 0)):
        return None
    return Finding("body_invalid", f"{_NO_METRICS}: there is no sample in it")
