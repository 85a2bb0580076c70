import os
from pathlib import Path

import pytest

from exporter.config import Auth, ConfigError, Secret, describe, load, secret_of


def _login(file: Path) -> Auth:
    return Auth("login", "probe", None, str(file))


def _refusal(file: Path | None) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(file, {})
    return describe(raised.value, "FILE")


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"hunter2", "hunter2"),
        (b"hunter2\n", "hunter2"),
        (b"hunter2\r\n", "hunter2"),
        (b" hunter2 \n\n", " hunter2 "),
        (b"\xef\xbb\xbfhunter2\n", "hunter2"),
        ("münchen\n".encode(), "münchen"),
        (b"x" * 65536, "x" * 65536),
    ],
)
def test_secret_of_a_file(content: bytes, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)

    assert secret_of(_login(file)).reveal() == secret


def test_secret_in_the_configuration() -> None:
    assert secret_of(Auth("login", "probe", Secret("hunter2"))) == Secret("hunter2")


def test_a_secret_may_stand_in_a_block(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "targets:\n- name: a\n  url: http://a\n"
        "  auth:\n    username: probe\n    password: |\n      hunter2\n"
    )

    assert load(file, {}).config.targets[0].auth.password == Secret("hunter2")


def test_secret_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old\n")
    assert secret_of(_login(file)) == Secret("old")

    file.write_text("new\n")
    assert secret_of(_login(file)) == Secret("new")

    file.unlink()
    with pytest.raises(FileNotFoundError):
        secret_of(_login(file))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\r\n\n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (
            b"hunter2\nhunter2\n",
            "holds the control character U.000A; allowed: one line without any",
        ),
        (b"hunter2\x00", "holds the control character U.0000; allowed: one line without any"),
        (b"\x1b[31mhunter2", "holds the control character U.001B; allowed: one line without any"),
        (b"hunter2\xff", "is not UTF-8"),
        (b"hunter2" * 10_000, "is too large for a secret"),
    ],
)
def test_no_secret_in_a_file(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(content)

    with pytest.raises(ValueError, match=f"^{message}$") as raised:
        secret_of(_login(file))

    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_no_secret_at_all() -> None:
    with pytest.raises(ValueError, match=r"^there is no secret$"):
        secret_of(Auth())


def test_pipe_is_refused_at_once_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    file = tmp_path / "config.yaml"
    file.write_text(
        "targets: [{name: a, url: http://a,"
        " auth: {type: login, username: b, password_file: pipe}, tls: {ca_file: pipe}}]"
    )

    assert _refusal(file) == [
        "FILE:1: targets[0].auth.password_file: the file is a pipe, not a regular file",
        'FILE:1: targets[0].tls.ca_file: "pipe" is a pipe, not a regular file',
    ]


def test_unreadable_file(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").symlink_to("ca.pem")
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: a, url: http://a, tls: {ca_file: ca.pem}}]")

    (line,) = _refusal(file)

    assert line.startswith('FILE:1: targets[0].tls.ca_file: "ca.pem" cannot be read: Too many')


def test_paths_begin_at_the_configurations_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/ca.pem").write_text("x")
    (tmp_path / "abs.pem").write_text("x")
    (tmp_path / "sub/config.yaml").write_text(
        "targets:\n"
        "- {name: a, url: http://a, tls: {ca_file: ca.pem}}\n"
        f"- {{name: b, url: http://b, tls: {{ca_file: {tmp_path}/abs.pem}}}}\n"
        "- {name: c, url: http://c, tls: {ca_file: ../abs.pem}}\n"
    )
    monkeypatch.chdir(tmp_path)

    targets = load(Path("sub/config.yaml"), {}).config.targets

    monkeypatch.chdir("/")
    files = [Path(target.tls.ca_file or "") for target in targets]
    assert [file.read_text() for file in files] == ["x", "x", "x"]
    assert files[:2] == [tmp_path / "sub/ca.pem", tmp_path / "abs.pem"]


def test_configuration_that_is_not_there(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "none") == ["FILE: cannot be read: No such file or directory"]
    (line,) = _refusal(tmp_path)
    assert line.startswith(
        "FILE: is a directory, not a regular file; allowed: one, or at the start"
    )
    assert _refusal(tmp_path / "\0") == ["FILE: is not the path of a file"]


def test_files_are_looked_for_even_where_something_else_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets:\n- {name: a, tls: {ca_file: /nonexistent}}\n- {name: b, url: b}\n")

    assert [line.split(": ")[1] for line in _refusal(file)] == [
        "targets[0].url",
        "targets[0].tls.ca_file",
        "targets[1].url",
    ]
