"""The catalog is the API document, row by row, and so are the requests that are made of it."""

import json
import re
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from exporter.catalog import CATALOG
from exporter.catalog.surface import Surface
from exporter.checks import CHECKS, REMEMBERING
from exporter.model.exchange import Request
from exporter.protocol.token_request import login_request, refresh_request
from exporter.readers.listings import LISTINGS

ROOT: Final = Path(__file__).parents[3]
OWN: Final = ROOT / "exporter" / "catalog" / "openapi.yaml"
REFERENCE: Final = ROOT.parent / "shared" / "reference" / "openapi.yaml"
BY_ID: Final = {surface.id: surface for surface in CATALOG}

DOCUMENTS: Final = [OWN, REFERENCE] if REFERENCE.exists() else [OWN]
each_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.parts[-3])
each_surface = pytest.mark.parametrize("surface", CATALOG, ids=lambda surface: surface.id)


def load(path: Path) -> dict[str, Any]:
    document = yaml.load(path.read_text(), yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    verbs = {"get", "post", "put", "delete"}
    return {
        (verb.upper(), path): operation
        for path, item in document["paths"].items()
        for verb, operation in item.items()
        if verb in verbs
    }


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(CATALOG)


def test_every_operation_of_our_document_is_a_row_and_has_its_id() -> None:
    named = {where: op["operationId"] for where, op in operations(load(OWN)).items()}
    assert named == {(row.method, row.path): row.id for row in CATALOG}


@each_document
def test_what_needs_a_token_is_what_the_document_secures(path: Path) -> None:
    document = load(path)
    secured = operations(document)
    for row in CATALOG:
        if (operation := secured.get((row.method, row.path))) is not None:
            open_to_all = operation.get("security", document["security"]) == []
            assert (row.auth == "none") == open_to_all, row.id


@each_surface
def test_only_get_is_a_safe_read_besides_getting_a_token(surface: Surface) -> None:
    if surface.safety == "read":
        assert surface.method == "GET" or surface.passive


@each_surface
def test_what_comes_before_all_else_is_open_to_all(surface: Surface) -> None:
    assert not surface.essential or surface.auth == "none"


@each_surface
def test_only_what_has_the_largest_limit_is_asked_for_each_id(surface: Surface) -> None:
    if surface.ids is not None:
        assert (surface.ids.fan_out == "each") == (surface.rate_class == "monitoring")


@each_surface
def test_placeholders_and_ids_agree(surface: Surface) -> None:
    placeholders = re.findall(r"\{(\w+)\}", surface.path)
    if surface.safety == "read":
        assert bool(placeholders) == (surface.ids is not None)


@each_surface
def test_names_in_a_row_exist(surface: Surface) -> None:
    assert set(surface.checks) <= {*CHECKS, *REMEMBERING}
    assert surface.lists is None or surface.lists in LISTINGS


def test_every_followed_kind_but_deployments_is_listed_by_some_surface() -> None:
    listed = {row.kind for s in CATALOG if s.lists for row in LISTINGS[s.lists]}
    wanted = {surface.ids.kind for surface in CATALOG if surface.ids}
    assert wanted - listed == {"deployments"}


@each_document
@each_surface
def test_bodies_that_are_sent_are_valid(path: Path, surface: Surface) -> None:
    if surface.body is None:
        return
    body_schema(load(path), surface.path).validate(json.loads(surface.body))
    assert json.loads(surface.body)["dry_run"] is True


@each_document
@pytest.mark.parametrize(
    "request_",
    [login_request("/auth/login", "u", "p", 1), refresh_request("/auth/refresh", "t", 1)],
)
def test_what_is_sent_for_a_token_is_valid(path: Path, request_: Request) -> None:
    assert request_.body is not None
    sent = json.loads(request_.body)
    schema = body_schema(load(path), request_.path)
    schema.validate(sent)
    for key in sent:
        assert not schema.is_valid({**sent, key: 1})
        assert not schema.is_valid({name: text for name, text in sent.items() if name != key})


def body_schema(document: dict[str, Any], path: str) -> jsonschema.Draft4Validator:
    body = resolve(document, operations(document)["POST", path]["requestBody"])
    schema = resolve(document, body["content"]["application/json"]["schema"])
    return jsonschema.Draft4Validator(schema | {"components": document["components"]})


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        node = found
    return node


@each_surface
def test_dry_runs_have_a_body_and_nothing_else_has(surface: Surface) -> None:
    assert (surface.body is not None) == (surface.safety == "dry_run")


@each_document
@each_surface
def test_paging_is_asked_for_only_where_the_document_has_it(path: Path, surface: Surface) -> None:
    document = load(path)
    operation = operations(document).get((surface.method, surface.path))
    if operation is None or not surface.lists:
        return
    item = document["paths"][surface.path]
    parameters = [
        resolve(document, parameter)["name"]
        for parameter in [*operation.get("parameters", []), *item.get("parameters", [])]
    ]
    assert surface.paged == ("limit" in parameters)


@each_surface
def test_what_is_dated_is_judged_by_its_date_and_has_one_answer_a_run(surface: Surface) -> None:
    assert (surface.timestamp is not None) == ("moving" in surface.checks)
    if surface.timestamp is not None:
        assert surface.ids is None


@each_document
@each_surface
def test_a_date_is_one_in_the_document(path: Path, surface: Surface) -> None:
    if surface.timestamp is None:
        return
    document = load(path)
    operation = operations(document)[surface.method, surface.path]
    content = resolve(document, operation["responses"]["200"])["content"]["application/json"]
    schema = resolve(document, content["schema"])
    assert schema["properties"][surface.timestamp]["format"] == "date-time"
