"""What is dangerous is told, and what is not is not."""

from pathlib import Path

import pytest

from exporter.cautions import cautions, is_plain
from exporter.config import load
from exporter.config.schema import Target


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://mano.example.net", False),
        ("http://mano.example.net", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080/v1", False),
        ("http://[::1]:8080", False),
        ("http://10.0.0.1", True),
    ],
)
def test_plain_http_to_another_machine(url: str, plain: object) -> None:
    assert is_plain(Target("lab", url)) is plain


def told(file: Path, text: str) -> list[str]:
    file.write_text(text)
    return [caution.message.partition(":")[0] for caution in cautions(load(file, {}))]


def test_each_danger_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    secret.chmod(0o644)
    file = tmp_path / "config.yaml"
    assert told(
        file,
        "targets:\n"
        "- {name: a, url: 'https://a', tls: {insecure_skip_verify: true}}\n"
        "- {name: b, url: 'http://b.example'}\n"
        "- {name: c, url: 'https://c', auth: {type: login, username: u, password: hunter2}}\n"
        "- {name: d, url: 'https://d', auth: {type: bearer, token_file: secret}}\n",
    ) == ["tls.insecure_skip_verify", "url", "auth.password", "auth.token_file"]


def test_a_careful_configuration_is_not_nagged_at(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    secret.chmod(0o640)
    file = tmp_path / "config.yaml"
    account = "auth: {type: login, username: u, password_file: secret}"
    assert told(file, f"targets: [{{name: a, url: 'https://a', {account}}}]") == []


def test_a_password_of_the_environment_stands_in_no_file() -> None:
    environ = {
        "ORAN_MANO_API_URL": "https://a",
        "ORAN_MANO_USERNAME": "u",
        "ORAN_MANO_PASSWORD": "hunter2",
    }
    assert cautions(load(None, environ)) == []


def test_no_secret_is_in_what_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "targets: [{name: c, url: 'http://c.example',"
        " auth: {type: login, username: u, password: hunter2}}]"
    )
    assert "hunter2" not in repr(cautions(load(file, {})))
