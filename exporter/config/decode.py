"""From what was written to the schema's structs, with every mistake on the way.

Generic over the schema: a new key is one field there and nothing here.
"""

import pathlib
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from typing import Final, cast

from msgspec import Struct

from exporter.config.files import NamedFile
from exporter.config.inferred import inferred
from exporter.config.partial import NOTHING, Partial, Wrong, rest_of
from exporter.config.problems import Path, Places, Position, Problem
from exporter.config.quoting import name_in, near, nearest
from exporter.config.rules import broken_rules
from exporter.config.scalars import RefusedValueError, read
from exporter.config.schema import Config
from exporter.config.shapes import Each, Keyed, Leaf, Record, Shape, shape_of
from exporter.config.yaml.tree import MERGE, MOST_VALUES, Broken, Items, Scalar, Table, Tree

_MOST_PROBLEMS: Final = 1000
"""Who made more mistakes made one of them in a template."""


class Decoded(Struct, frozen=True):
    """What was understood; where there are mistakes ``config`` is what is known in spite of them.

    A ``Partial`` stands then for each struct that has one; ``None`` where nothing is known.
    """

    config: Config | None
    problems: tuple[Problem, ...]
    places: Places
    files: tuple[NamedFile, ...]


def tree_of(data: bytes) -> Table:
    """Read what was written in a file: the mapping that it is.

    Raises:
        ConfigError: it is no YAML mapping.
    """
    # A sidecar that is set up by its environment needs no YAML: 15 ms and its memory.
    from exporter.config.yaml.compose import compose  # noqa: PLC0415  # 15 ms

    return compose(data)


def decode_tree(root: Table, folder: pathlib.Path) -> Decoded:
    """Hold a tree against the schema: a configuration, or problems that know their places.

    Relative paths in it begin in ``folder``.
    """
    decoder = _Decoder(folder)
    try:
        config = decoder.value(shape_of(Config), root, ())
    except _TooMuchError as error:
        config = None
        decoder.problems.append(Problem((), str(error), 0))
    places = Places(decoder.places)
    return Decoded(
        cast("Config | None", rest_of(config)),
        tuple(places.placed(problem) for problem in decoder.problems),
        places,
        tuple(decoder.files),
    )


class _TooMuchError(Exception):
    """Going on would take too long."""


class _Decoder:
    def __init__(self, folder: pathlib.Path) -> None:
        self.problems: list[Problem] = []
        self.places: dict[Path, Position] = {}
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
        except RefusedValueError as error:
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
        if _are_right(values):
            return tuple(values)
        if not isinstance(shape.item, Record):
            return NOTHING
        unknown = Partial(shape.item.build, {}, shape.item.fields)
        return Wrong(tuple(rest_of(value) or unknown for value in values))

    def _keyed(self, shape: Keyed, table: Table, path: Path) -> object:
        right = self._enter(shape, table, path)
        values: dict[object, object] = {}
        for text, entry in table.entries.items():
            here = (*path, text)
            self.places[here] = entry.place
            try:
                key = read(shape.key, Scalar(entry.place, "text", text))
            except RefusedValueError as error:
                right = False
                wrong = _unknown(text, shape.key.choices) if shape.key.choices else str(error)
                if shape.hidden:
                    here, wrong = (*path, name_in(text)), f"is no key; allowed: {shape.key.allowed}"
                self._refuse(id(entry), Problem(here, wrong))
            else:
                values[key] = self.value(shape.value_of(text), entry.value, here)
        if right and _are_right(values.values()):
            return values
        return Wrong({k: rest_of(value) for k, value in values.items() if value is not NOTHING})

    def _record(self, shape: Record, table: Table, path: Path) -> object:
        clear = self._enter(shape, table, path)
        values: dict[str, object] = {}
        wrong = {mistake.key or "" for mistake in table.mistakes}
        if "" in wrong:  # which of them it was to be cannot be said
            wrong |= shape.fields.keys() - table.entries.keys()
        for key, entry in table.entries.items():
            here = (*path, name_in(key))
            self.places[here] = entry.place
            field = shape.fields.get(key)
            if field is None:
                clear = False
                wrong.add(nearest(name_in(key), sorted(shape.fields)) or "")
                message = _unknown(name_in(key), sorted(shape.fields))
                self._refuse(id(entry), Problem(here, message))
            else:
                values[key] = self.value(field.shape, entry.value, here)
        wrong.update(key for key, value in values.items() if value is NOTHING)
        wrong.update(self._missing(shape, table, wrong, path))
        wrong.update(self._infer(shape, table, values, path, clear=clear))
        whole = not wrong and _are_right(values.values())
        known = {key: rest_of(value) for key, value in values.items()}
        built = shape.build(**values) if whole else Partial(shape.build, known, wrong)
        self._report(table, broken_rules(shape.build, built), path)
        return built if whole else Wrong(built)

    def _infer(
        self, shape: Record, table: Table, values: dict[str, object], path: Path, *, clear: bool
    ) -> Collection[str]:
        """Add what goes without saying; the keys of which that cannot be said."""
        further = inferred(shape.build, values)
        if isinstance(further, Problem):
            self._report(table, [further] if clear else [], path)
            return (str(further.path[0]),)
        if clear:
            values.update(further)
        return () if clear else further.keys()

    def _report(self, table: Table, problems: Iterable[Problem], path: Path) -> None:
        for problem in problems:
            here = (*path, *problem.path)
            self._refuse((id(table), problem.path), Problem(here, problem.message))

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

    def _missing(
        self, shape: Record, table: Table, meant: Collection[str], path: Path
    ) -> Iterator[str]:
        """Which keys are needed and not there. A misspelled one was reported already."""
        for key, field in sorted(shape.fields.items()):
            if field.required and key not in table.entries and key not in meant:
                message = f"missing; allowed: {field.shape.allowed}"
                self._refuse((id(table), key), Problem((*path, key), message))
                yield key

    def _refuse(self, origin: Hashable, problem: Problem) -> Wrong:
        """Report a mistake, once for its origin however many aliases lead there."""
        if (origin, problem.message) not in self._reported:
            self._reported.add((origin, problem.message))
            self.problems.append(problem)
        if len(self.problems) >= _MOST_PROBLEMS:
            raise _TooMuchError("too many mistakes; only the first are listed")
        return NOTHING


def _are_right(values: Iterable[object]) -> bool:
    return not any(isinstance(value, Wrong) for value in values)


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
