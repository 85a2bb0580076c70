"""What was written, before it means anything: keys and texts, each with its place."""

import re
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from exporter.config.problems import Position

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of a file. A thousand targets with every key take one megabyte."""
MOST_VALUES: Final = 300_000
"""Of a file with its aliases and merges written out. A thousand targets have some 100 000."""
MERGE: Final = "<<"
"""The key whose value is merged into its mapping."""

EXPONENT: Final = re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+")
"""A number for YAML 1.2 and for those who write it, Helm among them; a text for YAML 1.1."""

ScalarKind: TypeAlias = Literal["text", "int", "float", "bool", "null"]


KIND_NAMES: Final[Mapping[ScalarKind, str]] = {
    "text": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "null": "null",
}


class Scalar(Struct, frozen=True):
    """One value as it was written; ``kind`` is what YAML takes it for."""

    place: Position
    kind: ScalarKind
    text: str


class Items(Struct, frozen=True):
    """A list."""

    place: Position
    items: tuple["Tree", ...]


class TableEntry(Struct, frozen=True):
    """A key's place and its value."""

    place: Position
    value: "Tree"


class Mistake(Struct, frozen=True):
    """Something in a mapping that cannot be taken; ``key`` says where, if it can be said."""

    place: Position
    message: str
    key: str | None = None


class Table(Struct, frozen=True):
    """A mapping. Its mistakes count only where it is wanted at all."""

    place: Position
    entries: dict[str, TableEntry]
    mistakes: tuple[Mistake, ...] = ()


class Broken(Struct, frozen=True):
    """A value that cannot be taken whatever is wanted in its place."""

    place: Position
    message: str


Tree: TypeAlias = Scalar | Items | Table | Broken
