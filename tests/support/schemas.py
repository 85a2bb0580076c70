"""What the exporter answers, held against the schemas that it ships in ``docs/schemas``."""

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.support.tools import ROOT


@cache
def validator(name: str) -> Draft202012Validator:
    text = (ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def described(name: str, body: str | bytes) -> Any:  # noqa: ANN401  # whatever JSON it is
    """An answer, read; each member of it is described, and each that is described is in it."""
    document = json.loads(body)
    validator(name).validate(document)
    return document
