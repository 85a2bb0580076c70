"""What the tests of the configuration share."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

import exporter
from exporter.config import ConfigError, describe
from exporter.config.decode import decode_tree, tree_of
from exporter.config.problems import Path as Steps
from exporter.config.problems import Places
from exporter.config.schema import Config
from exporter.config.shapes import Each, Keyed, Record, Shape, shape_of

HERE: Final = Path(__file__).parent
FULL: Final = HERE / "good" / "full.yaml"
_PAGE: Final = Path(exporter.__file__).parents[1] / "docs" / "configuration.md"


def dumped(document: object) -> bytes:
    """Write a document as YAML, as Python sees it."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True).encode()


def decode(data: bytes, folder: Path = Path()) -> tuple[Config, Places]:
    """Read a configuration file by itself, without environment and without other files."""
    decoded = decode_tree(tree_of(data), folder)
    if decoded.config is None or decoded.problems:
        raise ConfigError(decoded.problems)
    return decoded.config, decoded.places


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


def documented_example() -> str:
    """The file that the page of the configuration shows, with every key in it."""
    (example,) = re.findall(r"```yaml\n(targets:.*?)```", _PAGE.read_text(), re.DOTALL)
    return str(example)


def _keys_in(shape: Shape, path: str = "") -> Iterator[str]:
    match shape:
        case Record():
            for key, field in shape.fields.items():
                yield from _keys_in(field.shape, f"{path}.{key}".removeprefix("."))
        case Keyed():
            yield from _keys_in(shape.value, f"{path}.*")
        case Each(item=Record() as item):
            yield from _keys_in(item, path)
        case _:
            yield path


KEYS: Final = frozenset(_keys_in(shape_of(Config)))
"""The dotted path of every key that the schema has; ``*`` stands for keys that are the user's."""
