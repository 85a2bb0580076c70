"""Which variables have to go before libraries see them."""

import os
from pathlib import Path
from typing import Final

import pytest

from exporter.process.inherited_environment import looked_at, sparing, tidy

SEVERAL: Final = "is ignored: this is one process, whose counters begin anew with it"
CASES: Final[tuple[tuple[dict[str, str], tuple[str, ...], list[str]], ...]] = (
    ({}, (), []),
    ({"SSLKEYLOGFILE": ""}, (), []),
    (
        {"PROMETHEUS_MULTIPROC_DIR": "/x"},
        ("PROMETHEUS_MULTIPROC_DIR",),
        [f"PROMETHEUS_MULTIPROC_DIR {SEVERAL}"],
    ),
    (
        {"prometheus_multiproc_dir": "", "PROMETHEUS_MULTIPROC_DIR": ""},  # set is enough
        ("PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"),
        [f"PROMETHEUS_MULTIPROC_DIR {SEVERAL}", f"prometheus_multiproc_dir {SEVERAL}"],
    ),
    (
        {"SSLKEYLOGFILE": "/bad"},
        ("SSLKEYLOGFILE",),
        ['SSLKEYLOGFILE is ignored: "/bad" cannot be written'],
    ),
    (
        {"SSLKEYLOGFILE": "/good"},
        (),
        [
            (
                'SSLKEYLOGFILE is set: keys of TLS connections may be written to "/good", '
                "and who has them can read what was sent; unset it"
            )
        ],
    ),
)


@pytest.mark.parametrize(("environ", "unwanted", "lines"), CASES)
def test_what_is_decided(
    environ: dict[str, str], unwanted: tuple[str, ...], lines: list[str]
) -> None:
    found = looked_at(environ, {"/bad": "cannot be written"}.get)
    assert (found.unwanted, list(found.lines)) == (unwanted, lines)


def test_only_what_is_unwanted_goes(tmp_path: Path) -> None:
    environ = {"PATH": "/bin", "prometheus_multiproc_dir": str(tmp_path), "SSLKEYLOGFILE": ""}
    (line,) = tidy(environ)
    assert environ == {"PATH": "/bin", "SSLKEYLOGFILE": ""}
    assert "prometheus_multiproc_dir" in line


def test_a_file_of_keys_is_tried_as_it_will_be_written(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "keys").write_text("of before\n")
    for file, words in (
        (tmp_path, "is not a regular file"),
        (tmp_path / "pipe", "is not a regular file"),
        (tmp_path / "none" / "keys", "cannot be written: No such file or directory"),
        (tmp_path / ("x" * 300), "cannot be written: File name too long"),
        ("a\0b", "is not the path of a file"),
    ):
        environ = {"SSLKEYLOGFILE": str(file)}
        (line,) = tidy(environ)
        assert (environ, words in line) == ({}, True), line
    for file in (tmp_path / "keys", tmp_path / "new", Path("/dev/null")):
        environ = {"SSLKEYLOGFILE": str(file)}
        (line,) = tidy(environ)
        assert environ
        assert "is set" in line
    assert (tmp_path / "keys").read_text() == "of before\n"


@pytest.mark.parametrize("before", [{}, {"SSL_CERT_FILE": "/ca.pem", "HOME": "/"}])
def test_what_libraries_find_only_while_they_are_imported(before: dict[str, str]) -> None:
    environ = dict(before)
    with sparing(environ):
        assert environ == before | {
            "SSL_CERT_FILE": "/dev/null",
            "SSL_CERT_DIR": "/dev/null",
            "FROZENLIST_NO_EXTENSIONS": "1",
        }
    assert environ == before
