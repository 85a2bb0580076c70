"""What is wrong with a configuration: one line for each mistake."""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

Path: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a value: ``("targets", 0, "surfaces", "monitoring.*")``."""


class Problem(Struct, frozen=True):
    """One mistake: where it is, what it is, what is allowed."""

    path: Path
    message: str


class ConfigError(Exception):
    """The configuration cannot be used. Nothing was started with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Hold every mistake that was found."""
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = tuple(problems)
