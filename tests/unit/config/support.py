"""What the tests of the configuration share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from exporter.config import ConfigError, describe
from exporter.config.decode import decode
from exporter.config.problems import Path as Steps

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


def paths(tree: object, path: Steps = ()) -> Iterator[Steps]:
    """The way to each value in a document."""
    yield path
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from paths(value, (*path, key))
    if isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from paths(value, (*path, index))


def at(tree: object, path: Steps) -> object:
    """The value there."""
    for key in path:
        assert isinstance(tree, dict | list)
        tree = tree[key]  # type: ignore[index]  # the path is one of this tree
    return tree


def holder(document: object, path: Steps) -> dict[str, object]:
    """The mapping there."""
    found = at(document, path)
    assert isinstance(found, dict)
    return found
