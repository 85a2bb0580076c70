"""Is there a JSON object in the body?"""

from exporter.checks.finding import Answer, Finding


def body(answer: Answer) -> Finding | None:
    """Every answer in JSON is an object; ``body_invalid`` where none could be made of it."""
    return None if answer.document is not None else Finding("body_invalid", _NO_OBJECT)


_NO_OBJECT = "the body is no JSON object"
