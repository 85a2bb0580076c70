"""The API's document, and values that its schemas allow or forbid."""

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

Schema: TypeAlias = dict[str, Any]
Strategy: TypeAlias = st.SearchStrategy[Any]

_ROOT = Path(__file__).parents[3]
REFERENCE = _ROOT.parent / "shared/reference/openapi.yaml"
OURS = _ROOT / "exporter/catalog/openapi.yaml"

DOCUMENTS = {path.parent.name: path for path in (REFERENCE, OURS) if path.exists()}
"""The API's own document where it is at hand, and the one that the product ships."""


class Documented(NamedTuple):
    """An operation of a document, with every reference resolved."""

    method: str
    path: str
    query: Mapping[str, Schema]
    body: Schema | None
    bearer: bool
    answers: Mapping[int, Schema | None]
    examples: tuple[Any, ...]
    guide_only: bool


@cache
def documented(name: str) -> Mapping[tuple[str, str], Documented]:
    raw = yaml.safe_load(DOCUMENTS[name].read_text("utf-8"))
    whole = _resolved(raw, raw)
    found: dict[tuple[str, str], Documented] = {}
    for path, methods in whole["paths"].items():
        shared = methods.get("parameters", [])
        for method in ("get", "put", "post", "delete"):
            if method in methods:
                operation = methods[method]
                found[method.upper(), path] = Documented(
                    method=method.upper(),
                    path=path,
                    query={
                        parameter["name"]: parameter["schema"]
                        for parameter in [*shared, *operation.get("parameters", [])]
                        if parameter["in"] == "query"
                    },
                    body=_content(operation.get("requestBody", {})),
                    bearer=operation.get("security", raw["security"]) != [],
                    answers={
                        int(status): _content(answer)
                        for status, answer in operation["responses"].items()
                    },
                    examples=tuple(_examples(operation.get("requestBody", {}))),
                    guide_only=operation.get("x-source") == "guide",
                )
    return found


def validator(schema: Schema) -> Validator:
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def closed(schema: Schema) -> Schema:
    """The schema without room for members that it does not name: finds misspelt ones."""
    told = copy.deepcopy(schema)
    for part in _parts(told):
        if "properties" in part:
            part["additionalProperties"] = False
    return told


def core(schema: Schema) -> Schema:
    """The schema without what is said for people."""
    spoken = {"description", "example", "title", "default", "deprecated"}
    told = {key: value for key, value in schema.items() if key not in spoken}
    if told.get("format") in {"password", "date-time"}:
        del told["format"]
    if "properties" in told:
        told["properties"] = {name: core(part) for name, part in told["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(told.get(key), dict):
            told[key] = core(told[key])
    for key in ("enum", "required"):
        if key in told:
            told[key] = sorted(told[key])
    return told


def valid(schema: Schema) -> Strategy:
    """Instances of a schema."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _KINDS[schema["type"]](schema)


def _text(schema: Schema) -> Strategy:
    if schema.get("format") == "uri":
        uri = r"https?://[a-z]{1,8}\.example(/[a-z0-9._~-]{0,6}){0,2}"
        return st.from_regex(uri, fullmatch=True)
    longest = schema.get("maxLength", 20)
    if "pattern" in schema:
        pattern = schema["pattern"].removesuffix("$") + r"\Z"
        return st.from_regex(pattern).filter(lambda text: len(text) <= longest)
    characters = st.characters(codec="utf-8")
    return st.text(characters, min_size=schema.get("minLength", 0), max_size=min(longest, 300))


def _number(schema: Schema) -> Strategy:
    low, high = schema.get("minimum", -1e6), schema.get("maximum", 1e6)
    return st.floats(low, high, allow_nan=False) | st.sampled_from([low, high])


def _object(schema: Schema) -> Strategy:
    members = {name: valid(part) for name, part in schema.get("properties", {}).items()}
    needed = {name: members[name] for name in schema.get("required", ())}
    others = {name: part for name, part in members.items() if name not in needed}
    if not members:
        free = schema.get("additionalProperties")
        values = valid(free) if isinstance(free, dict) else st.integers()
        return st.dictionaries(st.text(max_size=5), values, max_size=3)
    return st.fixed_dictionaries(needed, optional=others)


_KINDS: Mapping[str, Callable[[Schema], Strategy]] = {
    "string": _text,
    "integer": lambda s: st.integers(s.get("minimum", -1000), s.get("maximum", 10**6)),
    "number": _number,
    "boolean": lambda _: st.booleans(),
    "array": lambda s: st.lists(valid(s["items"]), min_size=s.get("minItems", 0), max_size=3),
    "object": _object,
}


class Mutant(NamedTuple):
    """A body that a schema forbids, and the complaint that is due."""

    body: Any
    field: str
    code: str


_WRONG: Mapping[str, object] = {
    "string": 5,
    "number": "many",
    "integer": "many",
    "boolean": "yes",
    "array": {},
    "object": [],
}
_BREAKS: tuple[tuple[str, Callable[[Any], object], str], ...] = (
    ("enum", lambda _: "quantum", "ENUM_ERROR"),
    ("minimum", lambda low: low - 1, "RANGE_ERROR"),
    ("maximum", lambda high: high + 1, "RANGE_ERROR"),
    ("maxLength", lambda longest: "x" * (longest + 1), "LENGTH_ERROR"),
    ("minLength", lambda shortest: "x" * (shortest - 1), "LENGTH_ERROR"),
    ("minItems", lambda fewest: ["x"] * (fewest - 1), "LENGTH_ERROR"),
    ("pattern", lambda _: "Not-A-Name-", "PATTERN_ERROR"),
)


def mutants(schema: Schema, good: object, field: str = "") -> Iterator[Mutant]:
    """Every way to break a good body in one place.

    Args:
        schema: What it is good for.
        good: A body with as many members as possible.
        field: Where it stands.
    """
    yield Mutant(_WRONG[schema["type"]], field or "body", "TYPE_ERROR")
    if schema["type"] == "integer":
        yield Mutant(1.5, field, "TYPE_ERROR")
    if schema.get("format") == "uri":
        yield Mutant("no uri", field, "FORMAT_ERROR")
    for keyword, broken, code in _BREAKS:
        if keyword in schema:
            yield Mutant(broken(schema[keyword]), field, code)
    if isinstance(good, list) and good:
        for inner in mutants(schema["items"], good[0], f"{field}[0]"):
            yield inner._replace(body=[inner.body, *good[1:]])
    if isinstance(good, dict):
        yield from _member_mutants(schema, good, f"{field}." if field else "")


def _member_mutants(schema: Schema, good: Schema, prefix: str) -> Iterator[Mutant]:
    for name in schema.get("required", ()):
        rest = {key: value for key, value in good.items() if key != name}
        yield Mutant(rest, prefix + name, "REQUIRED_ERROR")
    for name, value in good.items():
        part = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
        if isinstance(part, dict):
            for inner in mutants(part, value, prefix + name):
                yield inner._replace(body={**good, name: inner.body})


def fullest(schema: Schema) -> Any:  # noqa: ANN401 - what JSON holds
    """A good instance with every member that the schema names."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema["type"] == "object":
        told = {name: fullest(part) for name, part in schema.get("properties", {}).items()}
        if isinstance(schema.get("additionalProperties"), dict):
            told["key"] = fullest(schema["additionalProperties"])
        return told
    if schema["type"] == "array":
        return [fullest(schema["items"])]
    if schema.get("format") == "uri":
        return "https://host.example/path"
    simple = {"string": "a-name", "boolean": True}
    return simple.get(schema["type"], schema.get("minimum", 1))


def _parts(schema: Schema) -> Iterator[Schema]:
    yield schema
    for part in schema.get("properties", {}).values():
        yield from _parts(part)
    if "items" in schema:
        yield from _parts(schema["items"])


def _content(told: Schema) -> Schema | None:
    for media in told.get("content", {}).values():
        schema: Schema = media["schema"]
        return schema
    return None


def _examples(told: Schema) -> Iterator[Any]:
    for media in told.get("content", {}).values():
        yield from (example["value"] for example in media.get("examples", {}).values())
        for place in (media, media["schema"]):
            if "example" in place:
                yield place["example"]


def _resolved(node: Any, whole: Schema) -> Any:  # noqa: ANN401 - what YAML holds
    if isinstance(node, dict):
        if "$ref" in node:
            target: Any = whole
            for key in node["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            return _resolved(target, whole)
        return {key: _resolved(value, whole) for key, value in node.items()}
    if isinstance(node, list):
        return [_resolved(value, whole) for value in node]
    return node
