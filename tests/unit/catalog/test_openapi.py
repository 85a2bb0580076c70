"""The built-in API document is valid, complete, and says what the API's own document says."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator, oas30_format_checker
from openapi_spec_validator import OpenAPIV30SpecValidator

import exporter

DOCUMENT = Path(exporter.__file__).parent / "catalog" / "openapi.yaml"
REFERENCE = Path(__file__).parents[3].parent / "shared" / "reference" / "openapi.yaml"

Node = dict[str, Any]


def load(path: Path) -> Node:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def inline(node: object, document: Node) -> Any:  # noqa: ANN401 - what YAML holds
    """The node with every reference replaced by what it points to."""
    match node:
        case {"$ref": str(pointer)}:
            target: Any = document
            for key in pointer.removeprefix("#/").split("/"):
                target = target[key]
            return inline(target, document)
        case dict():
            return {key: inline(value, document) for key, value in node.items()}
        case list():
            return [inline(value, document) for value in node]
        case _:
            return node


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    """Each operation, complete: what its path and the document say for it is filled in."""
    for path, item in inline(document["paths"], document).items():
        shared = item.pop("parameters", [])
        for method, operation in item.items():
            yield (
                f"{method.upper()} {path}",
                {
                    "security": document["security"],
                    **operation,
                    "parameters": shared + operation.get("parameters", []),
                },
            )


def examples(node: object, at: str = "#", *, names: bool = False) -> Iterator[tuple[str, Node]]:
    """Whatever carries an example: a schema, or something that has one.

    Under `properties` (names) a key is a field of the API and no keyword.
    """
    match node:
        case dict():
            if "example" in node and not names:
                yield at, node
            for key, value in node.items():
                if names or key not in {"example", "default", "enum"}:
                    yield from examples(
                        value, f"{at}/{key}", names=key == "properties" and not names
                    )
        case list():
            for index, value in enumerate(node):
                yield from examples(value, f"{at}/{index}")
        case _:
            pass


def closed(schema: Node) -> Node:
    """The schema, refusing fields that it does not name: a misspelt example is to fail."""
    schema = copy.deepcopy(schema)
    pending: list[object] = [schema]
    while pending:
        match pending.pop():
            case dict() as node:
                if isinstance(node.get("properties"), dict) and node.get("type") == "object":
                    node.setdefault("additionalProperties", False)
                pending.extend(node.values())
            case list() as nodes:
                pending.extend(nodes)
            case _:
                pass
    return schema


def has_example(schema: Node) -> bool:
    """Whether a mock finds an example for the whole of the schema, in one piece or in parts."""
    match schema:
        case {"example": _}:
            return True
        case {"type": "object", "properties": dict(fields)}:
            return all(has_example(field) for field in fields.values())
        case {"type": "array", "items": dict(items)}:
            return has_example(items)
        case _:
            return False


OURS = load(DOCUMENT)
BY_PLACE = dict(operations(OURS))


def test_document_is_valid() -> None:
    assert [str(error) for error in OpenAPIV30SpecValidator(OURS).iter_errors()] == []


@pytest.mark.parametrize("holder", [pytest.param(node, id=where) for where, node in examples(OURS)])
def test_example_fits_its_schema(holder: Node) -> None:
    schema = closed(inline(holder.get("schema", holder), OURS))
    validator = OAS30Validator(schema, format_checker=oas30_format_checker)
    assert [error.message for error in validator.iter_errors(holder["example"])] == []


@pytest.mark.parametrize(
    ("where", "status", "media"),
    [
        pytest.param(where, status, media, id=f"{where} {status}")
        for where, operation in operations(OURS)
        for status, response in operation["responses"].items()
        for media in response.get("content", {}).values()
    ],
)
def test_mock_finds_an_answer(where: str, status: str, media: Node) -> None:
    assert "example" in media or has_example(media["schema"]), f"{where} {status}"


# A user's clone has no reference: there is nothing to compare then, and nothing to skip.
if REFERENCE.exists():
    THEIRS = load(REFERENCE)
    PROSE = {"description", "summary", "title", "example", "examples", "operationId", "tags"}
    EVENTS = {"DeploymentEvent": "deploymentStatusChanged", "SliceEvent": "sliceStatusChanged"}

    def bare(node: object, *, names: bool = False) -> object:
        """The node without its prose, its lists in one order (none of them has an own one)."""
        match node:
            case dict():
                return {
                    key: bare(value, names=key == "properties" and not names)
                    for key, value in node.items()
                    if names or not (key in PROSE or key.startswith("x-"))
                }
            case list():
                return sorted(map(bare, node), key=lambda entry: json.dumps(entry, sort_keys=True))
            case _:
                return node

    def sentences(node: object) -> Iterator[tuple[str, ...]]:
        """Every sentence anywhere in the document, as its words."""
        match node:
            case dict():
                for value in node.values():
                    yield from sentences(value)
            case list():
                for value in node:
                    yield from sentences(value)
            case str():
                for sentence in re.split(r"[.:;!?]\s|\n", node):
                    yield tuple(word.strip(".,()`'\"") for word in sentence.lower().split())
            case _:
                pass

    def test_what_the_reference_lacks_says_that_the_guide_has_it() -> None:
        guide = {where for where, op in operations(OURS) if op.get("x-source") == "guide"}
        assert guide == BY_PLACE.keys() - dict(operations(THEIRS)).keys()

    @pytest.mark.parametrize(
        ("where", "theirs"),
        [pytest.param(where, theirs, id=where) for where, theirs in operations(THEIRS)],
    )
    def test_operation_is_as_in_the_reference(where: str, theirs: Node) -> None:
        assert bare(BY_PLACE[where]) == bare(theirs)

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            pytest.param(kind, name, id=f"{kind}/{name}")
            for kind, entries in THEIRS["components"].items()
            for name in entries
        ],
    )
    def test_component_is_as_in_the_reference(kind: str, name: str) -> None:
        ours, theirs = (
            bare(inline(document["components"][kind][name], document))
            for document in (OURS, THEIRS)
        )
        assert ours == theirs

    @pytest.mark.parametrize(("ours", "theirs"), EVENTS.items())
    def test_event_is_as_in_the_reference(ours: str, theirs: str) -> None:
        body = THEIRS["webhooks"][theirs]["post"]["requestBody"]
        schema = inline(body["content"]["application/json"]["schema"], THEIRS)
        assert bare(inline(OURS["components"]["schemas"][ours], OURS)) == bare(schema)

    def test_events_are_all_of_the_reference() -> None:
        assert set(EVENTS.values()) == set(THEIRS["webhooks"])

    def test_version_and_servers_are_those_of_the_reference() -> None:
        ours, theirs = (
            (document["openapi"], document["info"]["version"], [s["url"] for s in servers])
            for document in (OURS, THEIRS)
            for servers in [document["servers"]]
        )
        assert ours == theirs

    def test_words_are_our_own() -> None:
        shared = set(sentences(OURS)) & set(sentences(THEIRS))
        assert {" ".join(words) for words in shared if len(words) > 3} == set()
