"""A validator for request bodies and query parameters, over literal tables of fields.

It speaks the part of JSON Schema that the API's document uses, and the guide's error codes:
``REQUIRED_ERROR``, ``RANGE_ERROR``, ``ENUM_ERROR``. What the guide has no code for is named in the
same style: ``TYPE_ERROR``, ``LENGTH_ERROR``, ``PATTERN_ERROR``, ``FORMAT_ERROR``.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

JsonKind = Literal["string", "number", "integer", "boolean", "object", "array"]

# RFC 3986: a scheme, then only characters that a URI may have. The document's format `uri`.
_URI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*"
)

_TYPES: Final[Mapping[JsonKind, type | tuple[type, ...]]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "object": dict,
    "array": list,
}


class Complaint(NamedTuple):
    """One field error of a 422.

    Attributes:
        field: Path of the field, such as ``qos.bandwidth`` or ``intents[0].latency``.
        message: What is allowed, for a person.
        code: One of the codes above.
    """

    field: str
    message: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """What a value has to look like: one schema of the document.

    Attributes:
        kind: The JSON type.
        low: The least number, inclusive.
        high: The greatest number, inclusive.
        choices: The allowed strings; empty means any.
        pattern: An expression that the whole string has to match.
        shortest: The least number of characters.
        longest: The greatest number of characters.
        uri: Whether the string has to be an absolute URI.
        items: What the elements of an array look like.
        fewest: The least number of elements.
        fields: The known members of an object; others are let through.
        required: The members that have to be there.
        values: What the unlisted members of an object look like.
        default: What stands for an absent query parameter.
    """

    kind: JsonKind
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    shortest: int = 0
    longest: int | None = None
    uri: bool = False
    items: "FieldRule | None" = None
    fewest: int = 0
    fields: Mapping[str, "FieldRule"] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    values: "FieldRule | None" = None
    default: object = None


def validate(rule: FieldRule, value: object, name: str = "") -> Iterator[Complaint]:
    """Compare a value with a rule.

    Args:
        rule: What is allowed.
        value: A value as JSON decodes to.
        name: Path of the value; empty for the body itself.

    Yields:
        Every complaint, outer ones first; nothing when the value is in order.
    """
    if not _is(rule.kind, value):
        article = "an" if rule.kind[0] in "aio" else "a"
        yield Complaint(
            name or "body", f"{_last(name)} must be {article} {rule.kind}", "TYPE_ERROR"
        )
    elif isinstance(value, str):
        yield from _string(rule, value, name)
    elif isinstance(value, dict):
        yield from _object(rule, value, name)
    elif isinstance(value, list):
        yield from _array(rule, value, name)
    elif isinstance(value, int | float):
        yield from _number(rule, value, name)


def parse_query(
    rules: Mapping[str, FieldRule], given: Iterable[tuple[str, str]]
) -> tuple[dict[str, object], list[Complaint]]:
    """Read the query parameters that an operation knows.

    Args:
        rules: The known parameters; none of them is a list.
        given: What the URL carried; unknown parameters are ignored.

    Returns:
        The values with defaults filled in, and the complaints.
    """
    values: dict[str, object] = {name: rule.default for name, rule in rules.items()}
    complaints: list[Complaint] = []
    found: set[str] = set()
    for name, raw in given:
        rule = rules.get(name)
        if rule is None:
            continue
        if name in found:
            complaints.append(Complaint(name, f"{name} must be given once", "TYPE_ERROR"))
        found.add(name)
        value: object = raw
        # isdecimal also takes other scripts' digits; a URL has ASCII ones only.
        if rule.kind == "integer" and raw.isascii() and raw.removeprefix("-").isdecimal():
            value = int(raw[:40])
        complaints.extend(validate(rule, value, name))
        values[name] = value
    return values, complaints


def _is(kind: JsonKind, value: object) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()  # JSON Schema: 5.0 is an integer
    return isinstance(value, _TYPES[kind])


def _last(name: str) -> str:
    return name.rpartition(".")[2] or "body"


def _string(rule: FieldRule, value: str, name: str) -> Iterator[Complaint]:
    short = _last(name)
    if rule.choices and value not in rule.choices:
        allowed = ", ".join(rule.choices)
        yield Complaint(name, f"{short} must be one of: {allowed}", "ENUM_ERROR")
    if len(value) < rule.shortest or (rule.longest is not None and len(value) > rule.longest):
        bounds = (
            f"at least {rule.shortest}"
            if rule.longest is None
            else f"{rule.shortest} to {rule.longest}"
        )
        yield Complaint(name, f"{short} must have {bounds} characters", "LENGTH_ERROR")
    if rule.pattern is not None and not rule.pattern.fullmatch(value):
        yield Complaint(name, f"{short} must match {rule.pattern.pattern}", "PATTERN_ERROR")
    if rule.uri and not _URI.fullmatch(value):
        yield Complaint(name, f"{short} must be an absolute URI", "FORMAT_ERROR")


def _array(rule: FieldRule, value: list[object], name: str) -> Iterator[Complaint]:
    if len(value) < rule.fewest:
        yield Complaint(name, f"{_last(name)} must have at least {rule.fewest}", "LENGTH_ERROR")
    if rule.items is not None:
        for position, item in enumerate(value):
            yield from validate(rule.items, item, f"{name}[{position}]")


def _number(rule: FieldRule, value: float, name: str) -> Iterator[Complaint]:
    low, high = rule.low, rule.high
    if (low is None or value >= low) and (high is None or value <= high):
        return
    if low is not None and high is not None:
        allowed = f"between {low:g} and {high:g}"
    elif low is not None:
        allowed = f"at least {low:g}"
    else:
        allowed = f"at most {high:g}"
    yield Complaint(name, f"{_last(name)} must be {allowed}", "RANGE_ERROR")


def _object(rule: FieldRule, value: dict[str, object], name: str) -> Iterator[Complaint]:
    prefix = f"{name}." if name else ""
    for key in rule.required:
        # The guide: "is required and cannot be empty", so null counts as not given.
        if value.get(key) is None:
            yield Complaint(prefix + key, f"{key} is required", "REQUIRED_ERROR")
    for key, item in value.items():
        member = rule.fields.get(key, rule.values)
        if member is None or (item is None and key in rule.required):
            continue
        yield from validate(member, item, prefix + key)
