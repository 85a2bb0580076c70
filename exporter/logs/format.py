"""How log records are written: logfmt or JSON, one line each whatever is in them.

Any module logs with the standard library, below ``exporter`` and with its fields beside the text::

    log = logging.getLogger(__name__)
    log.info("listening", extra={"fields": {"address": address}})
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final, Literal, TextIO, TypeAlias

import msgspec

from exporter.model.redaction import redacted

Level: TypeAlias = Literal["debug", "info", "warn", "error"]
LogFormat: TypeAlias = Literal["logfmt", "json"]

LEVELS: Final[Mapping[Level, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}

FieldValue: TypeAlias = str | int | float | bool

_NAMES: Final = {number: name for name, number in LEVELS.items()}
_RESERVED: Final = frozenset(("ts", "level", "msg", "logger", "trace"))

_BARE: Final = re.compile(r"[!#-<>-\[\]-~]+")
"""Printable ASCII but for the space and for what logfmt gives a meaning: quote, = and backslash."""
_NOT_IN_KEYS: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_LINE_BREAKING: Final = re.compile("[\x7f-\x9f\u2028\u2029]")
"""What JSON leaves as it is, and a terminal or a reader of lines does not."""
_LARGEST: Final = 2**63
_PLAIN: Final = frozenset((str, int, float, bool))


def rfc3339(at: float) -> str:
    """A Unix time as logs write it: ``2026-01-31T12:00:00.000Z``."""
    moment = datetime.fromtimestamp(at, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def configure(level: Level, form: LogFormat, stream: TextIO | None = None) -> None:
    """Write the log of the exporter, and the warnings of its libraries, as lines of one form.

    Whatever is written by any logger passes through here, and is redacted; also what a logger
    that passes nothing on would have had written by ``logging`` itself. It goes to stderr where no
    stream is given. Called again, it replaces what was set before.
    """
    root = logging.getLogger()
    for former in root.handlers[:]:
        if isinstance(former, _Handler):
            root.removeHandler(former)
    handler = _Handler(sys.stderr if stream is None else stream)
    handler.setFormatter(LogfmtFormatter() if form == "logfmt" else JsonFormatter())
    root.addHandler(handler)
    logging.lastResort = handler
    logging.getLogger("exporter").setLevel(LEVELS[level])


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that it can be told from those of others."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # of logging's
        """Say so without a word of it: ``logging`` would write the arguments as they are."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError) or self.stream.closed:
            return  # nothing can be written at all
        place = f"{record.name}:{record.lineno}"
        fields = {"by": place, "error": type(error).__name__}
        said = {"name": __name__, "levelno": logging.ERROR, "fields": fields}
        said |= {"msg": "a line could not be written", "created": record.created}
        with suppress(OSError):
            self.stream.write(self.format(logging.makeLogRecord(said)) + self.terminator)


class LogfmtFormatter(logging.Formatter):
    """``ts=... level=info msg="two words" key=value``; quoted texts are JSON strings."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        return " ".join(f"{key}={_logfmt(value)}" for key, value in _pairs(record))


class JsonFormatter(logging.Formatter):
    """An object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's line."""
        clean = {
            key: _encodable(value) if isinstance(value, str) else value
            for key, value in _pairs(record)
        }
        return _escaped(msgspec.json.encode(clean).decode())


def _pairs(record: logging.LogRecord) -> Iterator[tuple[str, FieldValue]]:
    yield "ts", rfc3339(record.created)
    yield "level", _NAMES.get(record.levelno, record.levelname.lower())
    yield "msg", redacted(_message(record))
    if not record.name.startswith("exporter"):
        yield "logger", record.name
    yield from _fields(getattr(record, "fields", {})).items()
    if trace := _trace(record):
        yield "trace", redacted(trace)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  # of whoever logs what does not fit its own text
        return f"{record.msg} (without its arguments: {type(error).__name__})"


def _fields(fields: Mapping[str, object]) -> dict[str, FieldValue]:
    """Those that have a value, under names that fit in a key and are not taken."""
    named: dict[str, FieldValue] = {}
    for key, value in fields.items():
        if value is not None:
            name = _NOT_IN_KEYS.sub("_", key) or "_"
            named[f"{name}_" if name in _RESERVED else name] = _plain(value)
    return named


def _plain(value: object) -> FieldValue:
    """Numbers and texts as they are; anything else as it writes itself."""
    match value:
        case int() if abs(value) >= _LARGEST:
            return str(value)  # JSON as we write it has no form for these
        # By their exact type: a duration is a float that writes itself as "30s".
        case int() | float() if type(value) in _PLAIN:
            return value
        case _:
            return redacted(str(value))


def _trace(record: logging.LogRecord) -> str:
    formatter = logging.Formatter()
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    parts += [formatter.formatStack(record.stack_info)] if record.stack_info else []
    return "\n".join(parts)


def _logfmt(value: FieldValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if _BARE.fullmatch(text):
        return text
    return _escaped(msgspec.json.encode(_encodable(text)).decode())


def _encodable(text: str) -> str:
    r"""Half a surrogate pair has no encoding: it is shown as ``\udXXX``."""
    return text.encode("utf-8", "backslashreplace").decode()


def _escaped(line: str) -> str:
    """JSON in which nothing is left that could end the line."""
    return _LINE_BREAKING.sub(lambda match: f"\\u{ord(match[0]):04x}", line)
