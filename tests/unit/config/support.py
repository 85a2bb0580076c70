"""What the tests of the configuration share."""

from pathlib import Path
from typing import Final

import yaml

from exporter.config import ConfigError, describe
from exporter.config.decode import decode

HERE: Final = Path(__file__).parent
FULL: Final = HERE / "good" / "full.yaml"


def dumped(document: object) -> bytes:
    """Write a document as YAML, as Python sees it."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def refusal(data: bytes) -> ConfigError | None:
    """Decode, and give what was wrong; anything else than a ``ConfigError`` is a failed test."""
    try:
        decode(data, HERE / "good")
    except ConfigError as error:
        return error
    return None


def lines(data: bytes) -> list[str]:
    """The lines that a user would see."""
    error = refusal(data)
    return [] if error is None else describe(error, "FILE")
