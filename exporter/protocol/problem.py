"""What an API says is wrong, as typed data.

The classes are the guide's (chapter "Comprehensive Error Handler")::

    ApiProblem                 any status of 3xx, 4xx or 5xx
    ├── Validation             400, 422: with its field errors
    ├── Authentication         401
    ├── Forbidden              403
    ├── NotFound               404
    ├── Conflict               409
    ├── RateLimited            429: with the delay that is asked for
    ├── Redirection            3xx
    ├── ServerFault            5xx
    └── Other                  4xx that is none of these

A body may be problem details (RFC 9457), the services' ``{"error", "details"}``, HTML, or nothing:
what is not said is empty. Texts are the API's own, of one line and without secrets: they are for a
person who asks for them, and go into no metric, span or log line by themselves.
"""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar, Final

import msgspec
from msgspec import Struct

from exporter.model.exchange import Exchange
from exporter.model.reasons import Reason
from exporter.model.redaction import HIDDEN, redacted
from exporter.protocol.rate_limit import retry_after, retry_after_in_body

_LONGEST_TEXT: Final = 500
_READ: Final = 16384
"""Characters that are searched for secrets before a text is cut: more than any token has."""
_MOST: Final = 20
"""Field errors, or members of a list or an object: more than a person reads."""
_DEEPEST: Final = 3
DEFAULT_DELAY: Final = 60.0
"""Seconds to wait after a 429 that names no time (guide, "Handling Rate Limits")."""


class FieldError(Struct, frozen=True):
    """One field of a request that was not accepted; ``code`` is such as ``RANGE_ERROR``."""

    field: str
    message: str
    code: str


class ApiProblem(Struct, frozen=True):
    """Something that the API says is wrong."""

    reason: ClassVar[Reason] = "http_4xx"

    status: int
    title: str = ""
    detail: str = ""
    type: str = ""

    @property
    def text(self) -> str:
        """Title and detail in a line."""
        return ": ".join(part for part in (self.title, self.detail) if part)


class Validation(ApiProblem, frozen=True):
    """The request is not as it has to be."""

    reason: ClassVar[Reason] = "validation"

    errors: tuple[FieldError, ...] = ()


class Authentication(ApiProblem, frozen=True):
    """There is no token, or it is not accepted."""

    reason: ClassVar[Reason] = "auth_rejected"


class Forbidden(ApiProblem, frozen=True):
    """The account may not."""

    reason: ClassVar[Reason] = "forbidden"


class NotFound(ApiProblem, frozen=True):
    """There is no such resource."""

    reason: ClassVar[Reason] = "not_found"


class Conflict(ApiProblem, frozen=True):
    """The state of the resource does not allow it."""

    reason: ClassVar[Reason] = "conflict"


class RateLimited(ApiProblem, frozen=True):
    """Too many requests; ``delay`` is in seconds, the longest that headers and body ask for."""

    reason: ClassVar[Reason] = "throttled"

    delay: float = DEFAULT_DELAY


class Redirection(ApiProblem, frozen=True):
    """It is elsewhere."""

    reason: ClassVar[Reason] = "redirect"


class ServerFault(ApiProblem, frozen=True):
    """The API itself is at fault."""

    reason: ClassVar[Reason] = "http_5xx"


class Other(ApiProblem, frozen=True):
    """Any other refusal."""


_BY_STATUS: Final[Mapping[int, type[ApiProblem]]] = {
    400: Validation,
    401: Authentication,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: Validation,
    429: RateLimited,
}
_BY_CLASS: Final[Mapping[int, type[ApiProblem]]] = {3: Redirection, 4: Other, 5: ServerFault}


class _Body(Struct):
    """Of problem details, and of the services' own form."""

    title: object = ""
    detail: object = ""
    type: object = ""
    errors: object = ()
    error: object = ""
    details: object = ""
    retry_after: object = None


_decode: Final = msgspec.json.Decoder(_Body).decode


def kind_of(status: int) -> type[ApiProblem] | None:
    """The class of a status, 200 to 599, without a look at the body; ``None`` for a success."""
    return _BY_STATUS.get(status) or _BY_CLASS.get(status // 100)


def api_problem(exchange: Exchange, secret: str = "") -> ApiProblem | None:
    """Read what is wrong out of an answer; ``None`` where the status is a success.

    A ``secret`` that was sent is hidden, however short it is.
    """
    kind = kind_of(exchange.status)
    if kind is None:
        return None
    body = _read(exchange.body)
    title, detail = _text(body.title, secret), _text(body.detail, secret)
    if not title and not detail:
        title, detail = _text(body.error, secret), _text(body.details, secret)
    told = (exchange.status, title, detail, _text(body.type, secret))
    if kind is Validation:
        return Validation(*told, errors=_fields(body.errors, secret))
    if kind is RateLimited:
        waits = (
            retry_after(exchange.headers, exchange.timing.at),
            retry_after_in_body(body.retry_after),
        )
        asked = max((wait for wait in waits if wait is not None), default=DEFAULT_DELAY)
        return RateLimited(*told, delay=asked)
    return kind(*told)


def _read(body: bytes) -> _Body:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Body()


def _fields(errors: object, secret: str) -> tuple[FieldError, ...]:
    if not isinstance(errors, list):
        return ()
    found = []
    for error in errors[:_MOST]:
        if isinstance(error, dict):
            texts = (_text(error.get(key), secret) for key in ("field", "message", "code"))
            found.append(FieldError(*texts))
    return tuple(found)


def _text(value: object, secret: str) -> str:
    """A text that may be shown: of one line, not longer than a person reads, without secrets."""
    words = _words(value)[:_READ]
    if secret:
        words = words.replace(secret, HIDDEN)
    text = redacted(words)[:_LONGEST_TEXT]
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _words(value: object, depth: int = _DEEPEST) -> str:
    """A JSON value in a line; texts as they are, as an escaped secret would not be known."""
    match value:
        case str():
            return value
        case dict() if depth:
            return ", ".join(
                f'{key}="{inner}"'
                if isinstance(inner, str)
                else f"{key}={_words(inner, depth - 1)}"
                for key, inner in islice(value.items(), _MOST)
            )
        case list() if depth:
            return ", ".join(_words(inner, depth - 1) for inner in value[:_MOST])
        case bool() | int() | float():
            return str(value).lower()
        case _:
            return ""
