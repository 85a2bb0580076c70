# What the tests of the chart use of it: the library comes with `make tools`, not with `dev`.

from typing import Any

import jsonschema

class ValidationError(jsonschema.ValidationError): ...

def validate(data: dict[str, Any], desired_version: str, strict: bool = False) -> str: ...
