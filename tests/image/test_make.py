"""What `make image` calls, whichever program is there to build."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from exporter import __version__
from tests.support.tools import ROOT

NEEDED: Final = ("make", "sed", "sh", "git", "date", "env")
(DEFAULT,) = re.findall(r"^ARG BASE=(.+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
DIGEST: Final = f"sha256:{'0123456789abcdef' * 4}"
RECORDS: Final = """\
#!/bin/sh
case "$*" in *inspect*) {answer}; exit;; esac
printf '%s ' "$(basename "$0")" "$@" >> "{log}"
echo >> "{log}"
"""
"""A builder that writes down how it is called, and may know the digest of every base."""


class Machine:
    """One with these programs to build, and nothing else."""

    def __init__(self, folder: Path, *there: str, digest: str = "") -> None:
        self._log = folder / "log"
        self._programs = folder / "bin"
        self._programs.mkdir()
        for name in NEEDED:
            (self._programs / name).symlink_to(str(shutil.which(name)))
        (self._programs / "basename").symlink_to(str(shutil.which("basename")))
        answer = f"echo {digest}" if digest else "exit 1"
        for name in there:
            (self._programs / name).write_text(RECORDS.format(log=self._log, answer=answer))
            (self._programs / name).chmod(0o755)

    def make(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        line = ["make", "--no-print-directory", "image", *argv]
        path = {"PATH": str(self._programs), **env}
        return subprocess.run(line, cwd=ROOT, check=False, capture_output=True, text=True, env=path)

    def called(self, *argv: str, **env: str) -> list[str]:
        """Every call of a builder, a line each."""
        done = self.make(*argv, **env)
        assert done.returncode == 0, done.stderr
        return self._log.read_text().splitlines()


@pytest.mark.parametrize(
    ("there", "called"),
    [(["docker", "buildah"], "docker"), (["docker"], "docker"), (["buildah"], "buildah")],
)
def test_what_is_there_builds_it(there: list[str], called: str, tmp_path: Path) -> None:
    (line,) = Machine(tmp_path, *there).called("IMAGE=mirror.example.net/exporter")

    name = "mirror.example.net/exporter"
    assert line.startswith(f"{called} build --tag {name} --tag {name}:{__version__} ")
    assert line.endswith(" . ")


def test_where_nothing_builds_it_says_so(tmp_path: Path) -> None:
    done = Machine(tmp_path).make()

    assert done.returncode != 0
    assert "neither docker nor buildah is there" in done.stderr


BOTH: Final = "PLATFORM=linux/amd64,linux/arm64"
TAGS: Final = f"--tag r/e --tag r/e:{__version__}"


@pytest.mark.parametrize(
    ("builder", "argv", "called"),
    [
        (
            "docker",
            [BOTH, "PUSH=yes", "IMAGE=r/e"],
            [f"docker buildx build --platform linux/amd64,linux/arm64 --push {TAGS} "],
        ),
        (
            "docker",
            ["PLATFORM=linux/arm64", "IMAGE=r/e"],
            [f"docker buildx build --platform linux/arm64 --load {TAGS} "],
        ),
        (
            "buildah",
            [BOTH, "PUSH=yes", "IMAGE=r/e"],
            [
                f"buildah build --platform linux/amd64,linux/arm64 --manifest r/e:{__version__} ",
                f"buildah manifest push --all r/e:{__version__} docker://r/e:{__version__} ",
            ],
        ),
        (
            "buildah",
            ["PLATFORM=linux/arm64", "IMAGE=r/e"],
            [f"buildah build --platform linux/arm64 --manifest r/e:{__version__} "],
        ),
    ],
)
def test_other_kinds_of_machines(
    builder: str, argv: list[str], called: list[str], tmp_path: Path
) -> None:
    lines = Machine(tmp_path, builder).called(*argv)

    assert len(lines) == len(called)
    for line, begins in zip(lines, called, strict=True):
        assert line.startswith(begins)


def test_what_is_for_one_kind_of_machine_is_pushed_by_hand(tmp_path: Path) -> None:
    done = Machine(tmp_path, "docker").make("PUSH=yes", "IMAGE=r/e")

    assert done.returncode != 0
    assert "PUSH goes with PLATFORM, such as linux/amd64,linux/arm64" in done.stderr
    assert "docker push r/e" in done.stderr


def arguments(line: str) -> dict[str, str]:
    return dict(re.findall(r"--build-arg (\w+)=(\S*)", line))


def test_what_it_says_of_itself(tmp_path: Path) -> None:
    told = {"SOURCE": "https://git.example.net/o", "DOCUMENTATION": "https://docs.example.net"}
    pairs = [f"{key}={value}" for key, value in told.items()]
    (line,) = Machine(tmp_path, "docker").called(*pairs, "BASE=mirror/python:3.13")

    got = arguments(line)
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", got.pop("CREATED"))
    assert re.fullmatch(r"[0-9a-f]{40}", got.pop("REVISION"))
    assert got == {**told, "BASE": "mirror/python:3.13", "BASE_DIGEST": ""}


@pytest.mark.parametrize(
    ("base", "taken"),
    [
        ("mirror/python:3.13", f"mirror/python:3.13@{DIGEST}"),
        (f"mirror/python@{DIGEST}", f"mirror/python@{DIGEST}"),
        ("", f"{DEFAULT}@{DIGEST}"),
    ],
)
def test_it_is_built_on_the_base_whose_digest_it_tells(
    base: str, taken: str, tmp_path: Path
) -> None:
    (line,) = Machine(tmp_path, "docker", digest=DIGEST).called(f"BASE={base}")

    got = arguments(line)
    assert (got["BASE"], got["BASE_DIGEST"]) == (taken, DIGEST)


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("https://git.example.net/o.git", "https://git.example.net/o.git"),
        ("https://me:secret@git.example.net/o.git", "https://git.example.net/o.git"),
        ("http://git.example.net/o", "http://git.example.net/o"),
        ("git@git.example.net:o.git", ""),
        ("/srv/o.git", ""),
    ],
)
def test_the_source_is_where_it_was_cloned_from_without_who_cloned_it(
    origin: str, source: str, tmp_path: Path
) -> None:
    overridden = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "remote.origin.url",
        "GIT_CONFIG_VALUE_0": origin,
    }
    (line,) = Machine(tmp_path, "docker").called(**overridden)

    got = arguments(line)
    assert (got["SOURCE"], got["DOCUMENTATION"]) == (source, source)
    assert "secret@" not in line


def test_the_index_of_the_builder_is_a_secret_of_the_build(tmp_path: Path) -> None:
    (line,) = Machine(tmp_path, "docker").called("PIP_CONF=/etc/pip.conf")

    assert " --secret id=pip,src=/etc/pip.conf . " in line
