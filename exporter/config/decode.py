"""From what was written to the schema's structs, with every mistake on the way.

Generic over the schema: a new key is one field there and nothing here.
"""

import pathlib
from collections.abc import Hashable, Sequence
from typing import Final

from msgspec import Struct

from exporter.config.files import NamedFile
from exporter.config.inferred import inferred
from exporter.config.leaves import RefusedError, read
from exporter.config.problems import ConfigError, Path, Place, Places, Problem
from exporter.config.rules import broken_rules
from exporter.config.schema import Config
from exporter.config.shapes import Each, Keyed, Leaf, Record, Shape, shape_of
from exporter.config.tree import MERGE, MOST_VALUES, Broken, Items, Scalar, Table, Tree
from exporter.config.words import name_in, near, nearest

_MOST_PROBLEMS: Final = 1000
"""Who made more mistakes made one of them in a template."""


class Decoded(Struct, frozen=True):
    """What was understood; ``config`` is ``None`` where a mistake made it impossible."""

    config: Config | None
    problems: tuple[Problem, ...]
    places: Places
    files: tuple[NamedFile, ...]


def decode(data: bytes, folder: pathlib.Path = pathlib.Path()) -> tuple[Config, Places]:
    """Read a configuration file by itself, without environment and without other files.

    Args:
        data: what is in it: YAML.
        folder: where relative paths in it begin.

    Returns:
        The configuration, and where its keys are.

    Raises:
        ConfigError: with all the mistakes in it.
    """
    decoded = decode_tree(tree_of(data), folder)
    if decoded.config is None or decoded.problems:
        raise ConfigError(decoded.problems)
    return decoded.config, decoded.places


def tree_of(data: bytes) -> Table:
    """Read what was written in a file.

    Args:
        data: its content.

    Returns:
        The mapping that it is.

    Raises:
        ConfigError: it is no YAML mapping.
    """
    # A sidecar that is set up by its environment needs no YAML: 15 ms and its memory.
    from exporter.config.compose import compose  # noqa: PLC0415  # 15 ms

    return compose(data)


def decode_tree(root: Table, folder: pathlib.Path) -> Decoded:
    """Hold a tree against the schema.

    Args:
        root: what was written.
        folder: where relative paths in it begin.

    Returns:
        The configuration or what is wrong with it; problems know their places.
    """
    decoder = _Decoder(folder)
    try:
        config = decoder.value(shape_of(Config), root, ())
    except _TooMuchError as error:
        config = None
        decoder.problems.append(Problem((), str(error), 0))
    places = Places(decoder.places)
    return Decoded(
        config if isinstance(config, Config) else None,
        tuple(places.placed(problem) for problem in decoder.problems),
        places,
        tuple(decoder.files),
    )


class _Invalid(Struct, frozen=True):
    """Stands for a value that is wrong, and has been reported."""


class _TooMuchError(Exception):
    """Going on would take too long."""


_INVALID: Final = _Invalid()


class _Decoder:
    def __init__(self, folder: pathlib.Path) -> None:
        self.problems: list[Problem] = []
        self.places: dict[Path, Place] = {}
        self.files: list[NamedFile] = []
        self._folder = folder
        self._reported: set[tuple[Hashable, str]] = set()
        self._values = 0

    def value(self, shape: Shape, tree: Tree, path: Path) -> object:
        self._values += 1
        if self._values > MOST_VALUES:
            raise _TooMuchError(f"too many values; allowed: {MOST_VALUES}, aliases written out")
        match shape, tree:
            case _, Broken():
                return self._refuse(id(tree), Problem(path, tree.message))
            case Leaf(), Scalar():
                return self._leaf(shape, tree, path)
            case Each(), Items():
                return self._each(shape, tree, path)
            case Keyed(), Table():
                return self._keyed(shape, tree, path)
            case Record(), Table():
                return self._record(shape, tree, path)
            case _:
                message = f"{_named(tree)}; allowed: {shape.allowed}"
                return self._refuse(id(tree), Problem(path, message))

    def _leaf(self, leaf: Leaf, scalar: Scalar, path: Path) -> object:
        try:
            value = read(leaf, scalar)
        except RefusedError as error:
            return self._refuse(id(scalar), Problem(path, str(error)))
        if leaf.file is None or not scalar.text:
            return value
        file = self._folder / scalar.text
        self.files.append(NamedFile(path, scalar.text, file, leaf.file))
        return str(file)

    def _each(self, shape: Each, items: Items, path: Path) -> object:
        if len(items.items) < shape.least:
            message = f"an empty list is not allowed; allowed: {shape.allowed}"
            return self._refuse(id(items), Problem(path, message))
        values: list[object] = []
        for index, item in enumerate(items.items):
            here = (*path, index)
            self.places[here] = item.place
            values.append(self.value(shape.item, item, here))
        return _INVALID if _INVALID in values else tuple(values)

    def _keyed(self, shape: Keyed, table: Table, path: Path) -> object:
        right = self._enter(shape, table, path)
        values: dict[object, object] = {}
        for text, entry in table.entries.items():
            here = (*path, text)
            self.places[here] = entry.place
            try:
                key = read(shape.key, Scalar(entry.place, "text", text))
            except RefusedError as error:
                right = False
                wrong = _unknown(text, shape.key.choices) if shape.key.choices else str(error)
                if shape.hidden:
                    here, wrong = (*path, name_in(text)), f"is no key; allowed: {shape.key.allowed}"
                self._refuse(id(entry), Problem(here, wrong))
            else:
                values[key] = self.value(shape.value_of(text), entry.value, here)
        return values if right and _INVALID not in values.values() else _INVALID

    def _record(self, shape: Record, table: Table, path: Path) -> object:
        right = self._enter(shape, table, path)
        values: dict[str, object] = {}
        for key, entry in table.entries.items():
            here = (*path, name_in(key))
            self.places[here] = entry.place
            field = shape.fields.get(key)
            if field is None:
                right = False
                message = _unknown(name_in(key), sorted(shape.fields))
                self._refuse(id(entry), Problem(here, message))
            else:
                values[key] = self.value(field.shape, entry.value, here)
        right = self._complete(shape, table, path) and right
        return self._build(shape, table, values, path) if right else _INVALID

    def _enter(self, shape: Keyed | Record, table: Table, path: Path) -> bool:
        """Begin a mapping; what cannot be a key in any is wrong in all."""
        self.places.setdefault(path, table.place)
        for mistake in table.mistakes:
            here = path
            if mistake.key is not None:
                whole = mistake.key == MERGE or (isinstance(shape, Keyed) and not shape.hidden)
                here = (*path, mistake.key if whole else name_in(mistake.key))
            self._refuse(id(mistake), Problem(here, mistake.message, mistake.place))
        return not table.mistakes

    def _complete(self, shape: Record, table: Table, path: Path) -> bool:
        """Whether no key is missing. A misspelled one was reported already."""
        missing = {
            key
            for key, field in shape.fields.items()
            if field.required and key not in table.entries
        }
        for key in table.entries.keys() - shape.fields.keys() if missing else ():
            missing.discard(nearest(name_in(key), sorted(shape.fields)) or "")
        for key in sorted(missing):
            message = f"missing; allowed: {shape.fields[key].shape.allowed}"
            self._refuse((id(table), key), Problem((*path, key), message))
        return not missing

    def _build(self, shape: Record, table: Table, values: dict[str, object], path: Path) -> object:
        if _INVALID in values.values():
            return _INVALID
        further = inferred(shape.build, values)
        if isinstance(further, Problem):
            here = (*path, *further.path)
            return self._refuse((id(table), further.path), Problem(here, further.message))
        built = shape.build(**values, **further)
        for problem in broken_rules(built):
            here = (*path, *problem.path)
            self._refuse((id(table), problem.path), Problem(here, problem.message))
        return built

    def _refuse(self, origin: Hashable, problem: Problem) -> _Invalid:
        """Report a mistake, once for its origin however many aliases lead there."""
        if (origin, problem.message) not in self._reported:
            self._reported.add((origin, problem.message))
            self.problems.append(problem)
        if len(self.problems) >= _MOST_PROBLEMS:
            raise _TooMuchError("too many mistakes; only the first are listed")
        return _INVALID


def _unknown(key: str, known: Sequence[str]) -> str:
    return f"unknown key; {near(key, known)}allowed: {', '.join(known)}"


def _named(tree: Tree) -> str:
    match tree:
        case Scalar(kind="null"):
            return "has no value"
        case Scalar():
            return "a single value is not allowed"
        case Items():
            return "a list is not allowed"
        case _:
            return "a mapping is not allowed"
