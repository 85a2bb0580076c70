"""What `make image` would call, whichever program is there to build."""

import shutil
import subprocess
from pathlib import Path

import pytest

from exporter import __version__
from tests.support.tools import ROOT


def made(programs: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """A dry run of ``make image`` where only these programs build."""
    for name in ("make", "sed"):
        (programs / name).symlink_to(str(shutil.which(name)))
    env = {"PATH": str(programs)}
    line = ["make", "--no-print-directory", "--dry-run", "image", *argv]
    return subprocess.run(line, cwd=ROOT, check=False, capture_output=True, text=True, env=env)


@pytest.mark.parametrize(
    ("there", "called"),
    [(["docker", "buildah"], "docker"), (["docker"], "docker"), (["buildah"], "buildah")],
)
def test_what_is_there_builds_it(there: list[str], called: str, tmp_path: Path) -> None:
    for name in there:
        (tmp_path / name).touch(0o755)

    done = made(tmp_path, "IMAGE=mirror.example.net/exporter")

    name = "mirror.example.net/exporter"
    assert done.stdout.startswith(f"{called} build --tag {name} --tag {name}:{__version__} ")


def test_where_nothing_builds_it_says_so(tmp_path: Path) -> None:
    done = made(tmp_path)

    assert done.returncode != 0
    assert "neither docker nor buildah is there" in done.stderr
