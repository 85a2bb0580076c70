"""The examples of ``docs/contributing`` are applied to a copy of the tree, and do what they say."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests.support.tools import ROOT

PAGES: Final = ROOT / "docs" / "contributing"
MEASURE: Final = {
    "surface": 1,
    "check": 4,
    "metric": 2,
    "alert": 3,
    "configuration-key": 4,
    "gate": 3,
}
"""How many files each takes: a greater number is a seam that is wrong."""
STYLE: Final = (("ruff", "check"), ("ruff", "format", "--check"))


class Block(NamedTuple):
    """What is to be edited in a file: lines that are there, become, or go."""

    file: str
    lines: tuple[str, ...]

    def side(self, gone: str) -> str:
        """The lines before, or after."""
        return "".join(f"{line[1:]}\n" for line in self.lines if line[:1] != gone)

    def apply(self, tree: Path) -> None:
        """Edit the file; a new one has nothing before."""
        path, before, after = tree / self.file, self.side("+"), self.side("-")
        text = path.read_text() if before else ""
        assert before or not path.exists(), f"{self.file} is there already"
        assert not before or text.count(before) == 1, f"{self.file} has not once:\n{before}"
        path.write_text(text.replace(before, after) if before else after)


class Example(NamedTuple):
    """A page, read."""

    given: list[Block]
    edit: list[Block]
    then: str


def example(name: str) -> Example:
    page = (PAGES / f"{name}.md").read_text()
    before, edit, then = re.split(r"^## (?:Edit|Then)$", page, flags=re.MULTILINE)
    (commands,) = re.findall(r"^```sh\n(.*?)^```$", then, re.DOTALL | re.MULTILINE)
    return Example(blocks(before), blocks(edit), commands)


def blocks(text: str) -> list[Block]:
    found = re.findall(r"^(`{3,})diff (\S+)\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)
    return [Block(file, tuple(lines.splitlines())) for _, file, lines in found]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What is tracked, and the tools there are."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, text=True, capture_output=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy2(ROOT / name, tmp_path / name, follow_symlinks=False)
    (tmp_path / ".cache").symlink_to(ROOT / ".cache")
    return tmp_path


def run(tree: Path, *command: str) -> None:
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    env["PYTEST_ADDOPTS"] = "-q -p no:cacheprovider"
    done = subprocess.run(
        command,
        cwd=tree,
        env=env,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}"


@pytest.mark.parametrize("name", MEASURE)
def test_the_example_is_all_it_takes(name: str, tree: Path) -> None:
    given, edit, then = example(name)
    for block in (*given, *edit):
        block.apply(tree)
    sources = sorted({block.file for block in (*given, *edit) if block.file.endswith(".py")})
    for check in STYLE:
        run(tree, *check, *sources)
    run(tree, "lint-imports", "--no-cache")
    run(tree, "sh", "-ec", then)


@pytest.mark.parametrize(("name", "files"), MEASURE.items())
def test_it_takes_no_more_files_than_that(name: str, files: int) -> None:
    assert len({block.file for block in example(name).edit}) == files
    assert re.search(rf"\({name}\.md\) \| .+ \| {files} \|$", index(), re.MULTILINE)


def test_every_page_is_an_example_and_is_listed() -> None:
    pages = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert pages == MEASURE.keys() == set(re.findall(r"\(([\w-]+)\.md\) \|", index()))


def index() -> str:
    return (PAGES / "README.md").read_text()
