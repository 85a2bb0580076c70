"""What is dangerous is told, and what is not is not."""

from pathlib import Path
from typing import Final

import pytest

from exporter.config import load
from exporter.process.warnings import cautions, cautions_of, is_plain


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
    assert is_plain(url) is plain


def messages(file: Path, text: str, mode: int = 0o640) -> list[str]:
    file.write_text(text)
    file.chmod(mode)
    return [caution.message for caution in cautions(load(file, {}))]


def of_target(folder: Path, keys: str, *, mode: int = 0o640, secrets: int = 0o640) -> list[str]:
    """What is told of one target with these keys; it may name the files ``secret`` and ``pem``."""
    for name in ("secret", "pem"):
        (folder / name).write_text("hunter2")
        (folder / name).chmod(secrets)
    return messages(folder / "config.yaml", f"targets: [{{name: a, {keys}}}]", mode)


HTTPS: Final = "url: 'https://a.example/v1', "
EVERYTHING: Final = "anybody on the way can read and change everything"
IN_FILE: Final = "a secret stands in the configuration"
OAUTH2: Final = "{type: oauth2, client_id: c, client_secret_file: secret, token_url: "

DANGERS: Final = {
    "tls: {insecure_skip_verify: true}": (
        f"tls.insecure_skip_verify: {EVERYTHING}; give a ca_file instead"
    ),
    "auth: {type: login, username: u, password: hunter2}": (
        f"auth.password: {IN_FILE}; use password_file"
    ),
    f"auth: {OAUTH2}'http://idp.example/token'}}": (
        f"auth.token_url: plain http: {EVERYTHING}, client secret and token too; use https"
    ),
    "proxy_url: 'http://probe:hunter2@proxy:3128'": (
        f"proxy_url: {IN_FILE}; use HTTP_PROXY or HTTPS_PROXY of the environment"
    ),
    **{
        f"headers: {{{name}: hunter2}}": f"headers.{name}: {IN_FILE}; use {name}_file"
        for name in ("X-Api-Key", "x-auth-token", "Client-Secret", "X-Authorization")
    },
}


@pytest.mark.parametrize(("keys", "message"), DANGERS.items(), ids=DANGERS.keys())
def test_each_danger_is_told(keys: str, message: str, tmp_path: Path) -> None:
    assert of_target(tmp_path, HTTPS + keys) == [message]


@pytest.mark.parametrize(
    ("keys", "also"),
    [
        ("", ""),
        ("auth: {type: login, username: u, password_file: secret}", ", password and token too"),
        ("auth: {type: basic, username: u, password_file: secret}", ", password too"),
        ("auth: {type: bearer, token_file: secret}", ", token too"),
        (f"auth: {OAUTH2}'https://idp.example/token'}}", ", token too"),
        ("headers: {X-Tenant: noc}", ", headers too"),
    ],
)
def test_what_crosses_in_the_clear_is_said(keys: str, also: str, tmp_path: Path) -> None:
    told = of_target(tmp_path, f"url: 'http://a.example/v1', {keys}")
    assert told == [f"url: plain http: {EVERYTHING}{also}; use https"]


@pytest.mark.parametrize(
    ("url", "likely"),
    [
        ("https://a.example", "https://a.example/v1"),
        ("https://a.example/", "https://a.example/v1"),
        ("https://a.example/mano", "https://a.example/mano/v1"),
        ("https://v1.example:8443", "https://v1.example:8443/v1"),
        ("https://a.example/version/v", "https://a.example/version/v/v1"),
    ],
)
def test_a_url_without_a_version_is_told_with_the_likely_one(
    url: str, likely: str, tmp_path: Path
) -> None:
    told = f'url: has no version in its path; the API is likely at "{likely}"'
    assert of_target(tmp_path, f"url: '{url}'") == [told]


@pytest.mark.parametrize("path", ["/v1", "/v2/", "/mano/V1", "/v1/mano", "/v1alpha1", "/v1.0"])
def test_a_url_with_any_version_is_not(path: str, tmp_path: Path) -> None:
    assert of_target(tmp_path, f"url: 'https://a.example{path}'") == []


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("auth: {type: login, username: u, password_file: secret}", "auth.password_file"),
        ("auth: {type: basic, username: u, password_file: secret}", "auth.password_file"),
        ("auth: {type: bearer, token_file: secret}", "auth.token_file"),
        (f"auth: {OAUTH2}'https://idp.example/token'}}", "auth.client_secret_file"),
        ("tls: {cert_file: pem, key_file: pem}", "tls.key_file"),
        ("headers: {X-Tenant_file: secret}", "headers.X-Tenant_file"),
    ],
)
def test_a_secret_that_others_can_read_is_told(keys: str, key: str, tmp_path: Path) -> None:
    told = f"{key}: others on this machine can read it; chmod o-r"
    assert of_target(tmp_path, HTTPS + keys, secrets=0o644) == [told]
    assert of_target(tmp_path, HTTPS + keys) == []


@pytest.mark.parametrize(
    "keys",
    [
        "auth: {type: login, username: u, password: hunter2}",
        "proxy_url: 'http://probe:hunter2@proxy:3128'",
        "headers: {X-Api-Key: hunter2}",
    ],
)
def test_who_can_read_the_configuration_counts_only_with_a_secret_in_it(
    keys: str, tmp_path: Path
) -> None:
    (told,) = of_target(tmp_path, HTTPS + keys, mode=0o644)
    assert f"{IN_FILE}, which others on this machine can read; use " in told
    assert of_target(tmp_path, HTTPS, mode=0o644) == []


def test_a_careful_configuration_is_not_nagged_at(tmp_path: Path) -> None:
    careful = "proxy_url: 'http://proxy:3128', headers: {X-Tenant: noc}"
    assert of_target(tmp_path, HTTPS + careful, mode=0o644) == []


def test_dangers_are_told_target_by_target(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("targets: [{name: a, url: 'http://a.a/v1'}, {name: b, url: 'http://b.b/v1'}]")
    assert [caution.target for caution in cautions(load(file, {}))] == ["a", "b"]


def test_a_password_of_the_environment_stands_in_no_file() -> None:
    environ = {
        "ORAN_MANO_API_URL": "https://a/v1",
        "ORAN_MANO_USERNAME": "u",
        "ORAN_MANO_PASSWORD": "hunter2",
    }
    assert cautions(load(None, environ)) == []


PROXY: Final = {"HTTPS_PROXY": "http://proxy:3128"}


def test_what_no_proxy_names_in_vain_is_told() -> None:
    told = cautions_of(
        {**PROXY, "NO_PROXY": "10., .example, http://mano, *", "no_proxy": "10.,a;b"}
    )
    allowed = (
        "a name (also .NAME or *.NAME), an address or [ADDRESS], each also with :PORT, "
        "a network such as 10.0.0.0/8, or *"
    )
    assert [caution.message for caution in told] == [
        f'no_proxy: "10." can spare nothing; allowed: {allowed}',
        f'no_proxy: "a;b" can spare nothing; allowed: {allowed}',
    ]


def test_no_more_is_told_of_no_proxy_than_a_person_reads() -> None:
    assert len(cautions_of({**PROXY, "NO_PROXY": "a;b," * 10_000})) == 10


@pytest.mark.parametrize(
    "environ",
    [
        {**PROXY, "NO_PROXY": ".svc,.cluster.local, 10.0.0.0/8 ::1 [::1]:80,*"},
        {**PROXY, "NO_PROXY": ""},
        PROXY,
        {"NO_PROXY": "10."},
        {"NO_PROXY": "10.", "HTTP_PROXY": ""},
    ],
)
def test_nothing_is_told_where_nothing_is_in_vain(environ: dict[str, str]) -> None:
    assert cautions_of(environ) == []


def test_a_password_in_no_proxy_is_not_told() -> None:
    (told,) = cautions_of({**PROXY, "NO_PROXY": f"http://me:hunter2{'x' * 40}@mano"})
    assert "hunter2" not in told.message


def test_no_secret_is_in_what_is_told(tmp_path: Path) -> None:
    told = of_target(
        tmp_path,
        "url: 'http://c.example/v1', auth: {type: login, username: u, password: hunter2},"
        "proxy_url: 'http://probe:hunter2@proxy:3128', headers: {X-Api-Key: hunter2}",
    )
    assert len(told) == 4
    assert "hunter2" not in repr(told)
