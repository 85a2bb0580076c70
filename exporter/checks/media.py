"""Is it an answer of the API at all, or a page for people?"""

import re
from typing import Final

from exporter.checks.finding import Answer, Finding

_LOOKED_AT: Final = 1024
"""Bytes in which a page has to begin."""
_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+)?+(?>(?><!--.*?-->)\s*+)*+"
    rb"<(?:!doctype\s++html|html|head|body)\b",
    re.DOTALL | re.IGNORECASE,
)
_JSON: Final = re.compile(rb"\s*+(?:[\[{\"]|\Z)")
"""What begins as JSON, be it broken, is no page whatever it is called; nor is nothing."""
_HTML: Final = frozenset(("text/html", "application/xhtml+xml"))
_DETAIL: Final = "answered an HTML page: a proxy or a login page, not the API"


def media(answer: Answer) -> Finding | None:
    """Name what stands between us and the API.

    Real APIs send JSON and metrics as any media type, or as none: what reads well is well. It is
    ``body_invalid`` where it begins as HTML does, or is called so in place of JSON.
    """
    if answer.document is not None:
        return None
    if _PAGE.match(answer.exchange.body, 0, _LOOKED_AT) is None and not _called_so(answer):
        return None
    return Finding("body_invalid", _DETAIL)


def _called_so(answer: Answer) -> bool:
    if answer.job.surface.media == "text" or _JSON.match(answer.exchange.body):
        return False
    media_type = answer.exchange.headers.get("Content-Type", "").partition(";")[0]
    return media_type.strip().lower() in _HTML
