"""Does the API call itself healthy?"""

from typing import Final

from exporter.checks.finding import Answer, Finding
from exporter.model.exchange import Json


def healthy(answer: Answer) -> Finding | None:
    """Hold the API to its own word: it is ``unhealthy`` where its ``status`` is not ``healthy``.

    An answer without ``status`` is one with a body that cannot be judged.
    """
    document = answer.document or _NOTHING
    if document.get("status") == "healthy":
        return None
    if not isinstance(document.get("status"), str):
        return Finding("body_invalid", "the health answer has no status")
    components = document.get("components")
    sick = (
        sorted(name for name in _KNOWN if components.get(name) == "unhealthy")
        if isinstance(components, dict)
        else []
    )
    return Finding("unhealthy", ", ".join(sick) or "it names no component")


_NOTHING: Final[dict[str, Json]] = {}
_KNOWN = ("database", "message_queue", "redis")
