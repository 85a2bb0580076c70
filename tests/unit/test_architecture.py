"""The tree is as ``docs/architecture.md`` says, and seen at once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Final

ROOT: Final = Path(__file__).parents[2]
EXPORTER: Final = ROOT / "exporter"
ROOMS: Final = {path.parent.name for path in EXPORTER.glob("*/__init__.py")}
SOURCES: Final = [
    path.read_text() for path in EXPORTER.rglob("*.py") if "simulator" not in path.parts
]
ELSEWHERE: Final = {"bench", "tools"}
"""Folders of unit tests for what is no room of the exporter."""


def lengths_of_functions() -> Iterator[int]:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                yield node.end_lineno - node.lineno + 1


def test_modules_are_in_rooms_and_rooms_are_few() -> None:
    assert {path.name for path in EXPORTER.glob("*.py")} == {"__init__.py", "__main__.py"}
    assert len(ROOMS) <= 24


def test_the_page_has_the_rooms_there_are() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text().partition("## Rooms")[2]
    assert sorted(re.findall(r"^\| `exporter/(\w+)/` \|", page, re.MULTILINE)) == sorted(ROOMS)


def test_unit_tests_mirror_the_rooms() -> None:
    folders = {path.parent.name for path in (ROOT / "tests" / "unit").glob("*/test_*.py")}
    assert folders - ELSEWHERE == ROOMS


def test_functions_are_short() -> None:
    lengths = [*lengths_of_functions()]
    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 22
    assert max(lengths) <= 60


def test_files_are_about_one_thing() -> None:
    assert quantiles([len(source.splitlines()) for source in SOURCES], n=10)[-1] <= 230
