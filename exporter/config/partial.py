"""What is known of a part of the configuration that has mistakes, so that all are told at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from exporter.config.problems import Problem


class UnknownError(AttributeError):
    """A key was asked for that is wrong itself, and has been reported."""


class Partial:
    """Stands for a struct of which some keys are wrong; the others are read as usual.

    A rule that asks for one of the wrong keys meets ``UnknownError``: whatever it would say is
    perhaps no mistake of its own, but follows from the first.
    """

    __slots__ = ("_known",)

    def __init__(
        self, build: type[Struct], known: Mapping[str, object], wrong: Collection[str]
    ) -> None:
        """Hold the keys whose values are known of the struct that it would have become.

        Those are ``wrong`` of which nothing is known, or were meant perhaps by a key that there is
        none of.
        """
        every = {**{field.name: _default(field) for field in fields(build)}, **known}
        self._known = {
            key: value
            for key, value in every.items()
            if value is not NODEFAULT and key not in wrong
        }

    def __getattr__(self, key: str) -> object:
        """Look a key up."""
        try:
            return self._known[key]
        except KeyError:
            raise UnknownError(key) from None


class Wrong(Struct, frozen=True):
    """Stands for a value with mistakes, which have been reported; ``rest`` is what is known."""

    rest: object = None


NOTHING: Final = Wrong()
"""For a value of which nothing is known."""


def rest_of(value: object) -> object:
    """What is known of a decoded value: the value itself where nothing is wrong with it."""
    return value.rest if isinstance(value, Wrong) else value


def as_far_as_known(found: Iterable[Problem]) -> Iterator[Problem]:
    """Hear a rule out, up to where it asks for what is wrong itself."""
    try:
        yield from found
    except UnknownError:
        return


def _default(field: FieldInfo) -> object:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()
