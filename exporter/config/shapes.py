"""What the schema's types want, in a form that a tree is held against."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import NoneType, UnionType
from typing import Annotated, Final, Literal, TypeAlias, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta, Struct
from msgspec.structs import FieldInfo, fields

from exporter.config.values import Duration, InputFile, Secret

FILE_SUFFIX: Final = "_file"
"""What a key ends in whose value is in a file."""
LeafKind: TypeAlias = Literal["bool", "int", "float", "text", "choice", "duration", "secret"]


class Leaf(Struct, frozen=True):
    """A single value. ``constraint`` is the type that msgspec holds it against."""

    kind: LeafKind
    allowed: str
    constraint: object = None
    choices: tuple[str, ...] = ()
    file: InputFile | None = None

    @property
    def hidden(self) -> bool:
        """Whether what was written must not be shown."""
        return self.kind == "secret" or (self.file is not None and self.file.secret)


class Each(Struct, frozen=True):
    """A list, every item of one shape."""

    item: "Shape"
    least: int
    allowed: str


class Keyed(Struct, frozen=True):
    """A mapping whose keys the user chooses.

    With ``in_file`` a key that ends in ``_file`` has that in the value's place.
    """

    key: Leaf
    value: "Shape"
    allowed: str
    in_file: Leaf | None = None

    @property
    def hidden(self) -> bool:
        """Whether a key that is wrong may have a secret in it: where a space was forgotten."""
        return self.in_file is not None

    def value_of(self, key: str) -> "Shape":
        """What belongs to this key."""
        if self.in_file is not None and key.endswith(FILE_SUFFIX):
            return self.in_file
        return self.value


class Field(Struct, frozen=True):
    """One key of a record."""

    shape: "Shape"
    required: bool


class Record(Struct, frozen=True):
    """A mapping whose keys the schema gives."""

    build: type[Struct]
    fields: Mapping[str, Field]
    allowed: str


Shape: TypeAlias = Leaf | Each | Keyed | Record

_LEAVES: Final[Mapping[object, tuple[LeafKind, str]]] = {
    bool: ("bool", "true or false"),
    int: ("int", "a whole number"),
    float: ("float", "a number"),
    str: ("text", "a text"),
    Secret: ("secret", "a text"),
    Duration: ("duration", "a duration such as 30s, 5m or 500ms"),
}


@cache
def shape_of(wanted: object) -> Shape:
    """Read a type of the schema, a struct or a field's annotation, with what is allowed in words.

    Raises:
        TypeError: the schema uses a type that is not provided for.
    """
    bare, extras = _bare(wanted)
    metas = [extra for extra in extras if isinstance(extra, Meta)]
    words = next((meta.description for meta in reversed(metas) if meta.description), None)
    if bare in _LEAVES:
        return _leaf(bare, extras, metas, words)
    if get_origin(bare) is Literal:
        choices = tuple(str(choice) for choice in get_args(bare))
        return Leaf("choice", words or ", ".join(choices), choices=choices)
    if get_origin(bare) is tuple:
        item = shape_of(get_args(bare)[0])
        least = max((meta.min_length or 0 for meta in metas), default=0)
        return Each(item, least, words or f"a list, each item {item.allowed}")
    if get_origin(bare) is dict:
        key, value = get_args(bare)
        return _keyed(key, value, words)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _record(bare)
    raise TypeError(f"the configuration's schema cannot have {wanted}")


def _bare(wanted: object) -> tuple[object, tuple[object, ...]]:
    """Take ``None`` and annotations off a type: a key is left out, it is never null."""
    if _is_union(wanted):
        (wanted,) = (option for option in get_args(wanted) if option is not NoneType)
    if get_origin(wanted) is Annotated:
        bare, *extras = get_args(wanted)
        return bare, tuple(extras)
    return wanted, ()


def _is_union(wanted: object) -> bool:
    return get_origin(wanted) in (Union, UnionType)


def _leaf(bare: object, extras: Iterable[object], metas: Iterable[Meta], words: str | None) -> Leaf:
    kind, allowed = _LEAVES[bare]
    bounds = _bounds(metas, Duration if kind == "duration" else partial(format))
    glue = "," if bounds and kind == "duration" else ""
    constraint: object = float if kind == "duration" else bare
    if kind == "secret":
        constraint = str if words else Annotated[str, Meta(min_length=1)]
    for meta in metas:
        constraint = Annotated[constraint, meta]
    file = next((extra for extra in extras if isinstance(extra, InputFile)), None)
    return Leaf(kind, words or f"{allowed}{glue}{bounds}", constraint, file=file)


def _bounds(metas: Iterable[Meta], spell: Callable[[float], object]) -> str:
    limits: dict[str, object] = {}
    for meta in metas:
        for name in ("gt", "ge", "lt", "le"):
            limit = getattr(meta, name)
            if limit is not None:
                limits[name] = spell(limit)
    match limits:
        case {"ge": low, "le": high}:
            return f" from {low} to {high}"
        case {"gt": low, "le": high}:
            return f" above {low} and up to {high}"
        case {"gt": low, "lt": high}:
            return f" above {low} and below {high}"
        case {"ge": low}:
            return f" of {low} or more"
        case _ if limits:
            raise TypeError(f"bounds that have no words yet: {limits}")
        case _:
            return ""


def _keyed(key: object, value: object, words: str | None) -> Keyed:
    plain, in_file = get_args(value) if _is_union(value) else (value, None)
    key_shape, value_shape = shape_of(key), shape_of(plain)
    file_shape = None if in_file is None else shape_of(in_file)
    if not isinstance(key_shape, Leaf) or not isinstance(file_shape, Leaf | None):
        raise TypeError(f"the configuration's schema cannot have {key} as a key")
    allowed = words or f"a mapping from {key_shape.allowed} to {value_shape.allowed}"
    return Keyed(key_shape, value_shape, allowed, file_shape)


def _record(build: type[Struct]) -> Record:
    known = {field.encode_name: _field(field) for field in fields(build)}
    return Record(build, known, f"a mapping with the keys {', '.join(sorted(known))}")


def _field(field: FieldInfo) -> Field:
    has_default = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
    return Field(shape_of(field.type), not has_default)
