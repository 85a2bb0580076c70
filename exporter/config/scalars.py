"""Single values: from what was written to what the schema wants, or what is wrong with it."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import ValidationError, convert

from exporter.config.quoting import HIDDEN, near, shortened, shown
from exporter.config.shapes import Leaf, LeafKind
from exporter.config.values import Duration, Secret, bare, control_in
from exporter.config.yaml.tree import KIND_NAMES, Scalar

_TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
}
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
"""Neither octal nor sexagesimal, which YAML 1.1 and 1.2 read differently."""
_DECIMAL: Final = re.compile(r"[-+]?[0-9]{1,18}(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,2})?")


class RefusedValueError(Exception):
    """The value cannot be taken; the message says why and what is allowed."""


def read(leaf: Leaf, scalar: Scalar) -> object:
    """Convert one value to a built-in type, a ``Duration`` or a ``Secret``.

    Raises:
        RefusedError: it is not allowed. No secret is in the message.
    """
    if scalar.kind == "null":
        raise RefusedValueError(f"has no value; allowed: {leaf.allowed}")
    return _READERS[leaf.kind](leaf, scalar)


def _bool(leaf: Leaf, scalar: Scalar) -> bool:
    value = _TRUTH.get(scalar.text.lower())
    if scalar.kind != "bool" or value is None:
        raise _of_wrong_kind(leaf, scalar)
    return value


def _int(leaf: Leaf, scalar: Scalar) -> object:
    if scalar.kind != "int" or _WHOLE.fullmatch(scalar.text) is None:
        raise _of_wrong_kind(leaf, scalar)
    return _within(leaf, scalar, int(scalar.text))


def _float(leaf: Leaf, scalar: Scalar) -> object:
    if scalar.kind not in ("int", "float") or _DECIMAL.fullmatch(scalar.text) is None:
        raise _of_wrong_kind(leaf, scalar)
    return _within(leaf, scalar, float(scalar.text))


def _text(leaf: Leaf, scalar: Scalar) -> object:
    if scalar.kind != "text":
        raise _unquoted(leaf, scalar)
    return _within(leaf, scalar, _encodable(leaf, scalar))


def _secret(leaf: Leaf, scalar: Scalar) -> Secret:
    if scalar.kind != "text":
        raise _unquoted(leaf, scalar)
    text = bare(_encodable(leaf, scalar))
    try:
        _within(leaf, scalar, text)
    except RefusedValueError:
        if text:
            raise
        raise RefusedValueError(f"is empty; allowed: {leaf.allowed}") from None
    if (wrong := control_in(text)) is not None:
        raise RefusedValueError(f"{wrong}; allowed: one line without any")
    return Secret(text)


def _duration(leaf: Leaf, scalar: Scalar) -> Duration:
    if scalar.kind in ("int", "float") and scalar.text != "0":
        raise RefusedValueError(f"{shortened(scalar.text)} has no unit; allowed: {leaf.allowed}")
    if scalar.kind not in ("text", "int"):
        raise _of_wrong_kind(leaf, scalar)
    try:
        value = Duration.parse(scalar.text)
    except ValueError:
        raise _not_allowed(leaf, scalar) from None
    _within(leaf, scalar, float(value))
    return value


def _choice(leaf: Leaf, scalar: Scalar) -> str:
    if scalar.kind == "text" and scalar.text in leaf.choices:
        return scalar.text
    if (
        scalar.kind == "bool"
        and "off" in leaf.choices
        and not _TRUTH.get(scalar.text.lower(), True)
    ):
        return "off"  # what YAML makes of a bare off
    raise _not_allowed(leaf, scalar)


_READERS: Final[Mapping[LeafKind, Callable[[Leaf, Scalar], object]]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "text": _text,
    "choice": _choice,
    "duration": _duration,
    "secret": _secret,
}


def _within(leaf: Leaf, scalar: Scalar, value: float | str) -> object:
    try:
        return convert(value, leaf.constraint)
    except ValidationError:
        raise _not_allowed(leaf, scalar) from None


def _encodable(leaf: Leaf, scalar: Scalar) -> str:
    """The text, if it has no lone surrogates, which are bytes of a variable that are no UTF-8."""
    try:
        scalar.text.encode()
    except UnicodeEncodeError:
        raise RefusedValueError(f"is not UTF-8; allowed: {leaf.allowed}") from None
    return scalar.text


def _unquoted(leaf: Leaf, scalar: Scalar) -> RefusedValueError:
    return RefusedValueError(
        f"{_shown(leaf, scalar)} is {KIND_NAMES[scalar.kind]}, not a text; put it in quotes; "
        f"allowed: {leaf.allowed}"
    )


def _of_wrong_kind(leaf: Leaf, scalar: Scalar) -> RefusedValueError:
    if scalar.kind != "text":
        return _not_allowed(leaf, scalar)
    return RefusedValueError(f"{_shown(leaf, scalar)} is a text; allowed: {leaf.allowed}")


def _not_allowed(leaf: Leaf, scalar: Scalar) -> RefusedValueError:
    hint = near(scalar.text, leaf.choices)
    return RefusedValueError(
        f"{_shown(leaf, scalar)} is not allowed; {hint}allowed: {leaf.allowed}"
    )


def _shown(leaf: Leaf, scalar: Scalar) -> str:
    if leaf.hidden:
        return HIDDEN
    return shown(scalar.text) if scalar.kind == "text" else shortened(scalar.text)
