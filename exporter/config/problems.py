"""What is wrong with a configuration: one line for each mistake, and where it is."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from exporter.config.quoting import escaped, spelled

Path: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value: ``("targets", 0, "surfaces", "monitoring.*")``."""

Position: TypeAlias = int | str
"""A line of the file (0 where there is none), or the environment variable a value came from."""

ENVIRONMENT: Final = "environment"
"""What stands for the file's name where a value came from a variable."""


class Problem(Struct, frozen=True):
    """One mistake: where it is, what it is, what is allowed.

    ``place`` is only given where the path alone does not lead to it.
    """

    path: Path
    message: str
    place: Position | None = None


class ConfigError(Exception):
    """The configuration cannot be used. Nothing was started with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Hold every mistake that was found."""
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class Places:
    """Where each key of a configuration was written. It holds no values."""

    __slots__ = ("_places",)

    def __init__(self, places: Mapping[Path, Position]) -> None:
        """Keep the places of all the keys that were there."""
        self._places = places

    def at(self, path: Path) -> Position:
        """Where a key, or else the nearest one above it, was written; 0 where there is none."""
        for length in range(len(path), -1, -1):
            if (place := self._places.get(path[:length])) is not None:
                return place
        return 0

    def placed(self, problem: Problem) -> Problem:
        """The same problem with its place."""
        if problem.place is not None:
            return problem
        return replace(problem, place=self.at(problem.path))

    def line(self, path: Path) -> int | None:
        """The line of a key or of the nearest one above it; ``None`` for one of the environment."""
        place = self.at(path)
        return place if isinstance(place, int) and place > 0 else None


NOWHERE: Final = Places({})
"""For problems that know their places themselves."""


def describe(error: ConfigError, source: str, places: Places = NOWHERE) -> list[str]:
    """Spell mistakes for a person, in the order of the file.

    A line for each: ``FILE:LINE: targets[0].interval: "1x" is not allowed; allowed: ...``.
    ``source`` is the file's name, or ``environment``; ``places`` are not needed for the errors of
    ``load`` itself.
    """
    placed = [places.placed(problem) for problem in error.problems]
    placed.sort(key=lambda problem: problem.place if isinstance(problem.place, int) else 0)
    return list(dict.fromkeys(_line(problem, escaped(source)) for problem in placed))


def _line(problem: Problem, source: str) -> str:
    if isinstance(problem.place, str):
        return f"{ENVIRONMENT}: {problem.place}: {problem.message}"
    parts = [f"{source}:{problem.place}" if problem.place else source, problem.message]
    if problem.path:
        parts.insert(1, spelled(problem.path))
    return ": ".join(parts)
