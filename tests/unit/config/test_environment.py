"""The guide's variables: alone, beside a file of one target, and beside one of several."""

from pathlib import Path

import pytest

from exporter.config import (
    Auth,
    Config,
    ConfigError,
    Secret,
    Target,
    describe,
    load,
    secret_of,
    source_of,
)
from tests.unit.config.support import HERE

URL = "http://mano.example.net/v1"
PASSWORD_FILE = str(HERE / "good/secrets/password")
LOGIN = Auth("login", "probe", Secret("hunter2"))
LOGIN_BY_FILE = Auth("login", "probe", None, PASSWORD_FILE)


def variables(**values: str) -> dict[str, str]:
    return {f"ORAN_MANO_{name}": value for name, value in values.items()}


def refused(file: Path | None, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load(file, environ)
    assert "hunter2" not in f"{raised.value!r} {raised.value.problems}"
    return describe(raised.value, "environment" if file is None else "FILE")


@pytest.mark.parametrize(
    ("environ", "auth"),
    [
        (variables(), Auth()),
        (variables(USERNAME="", PASSWORD="", PASSWORD_FILE=""), Auth()),
        (variables(USERNAME="probe", PASSWORD="hunter2"), LOGIN),
        (variables(USERNAME="probe", PASSWORD="hunter2", PASSWORD_FILE=""), LOGIN),
        (variables(USERNAME="probe", PASSWORD_FILE=PASSWORD_FILE), LOGIN_BY_FILE),
        (variables(TARGET=""), Auth()),
        # What YAML would take for something else is a text here.
        (variables(USERNAME="off", PASSWORD="12345"), Auth("login", "off", Secret("12345"))),
    ],
)
def test_without_a_file(environ: dict[str, str], auth: Auth) -> None:
    loaded = load(None, {"ORAN_MANO_API_URL": URL, "PATH": "/bin", **environ})

    assert loaded.config == Config((Target("default", URL, auth=auth),))
    assert loaded.source == "environment"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
@pytest.mark.parametrize("begin", ["", "\ufeff"])
def test_what_a_file_has_around_it_is_no_part_of_a_variable(begin: str, end: str) -> None:
    """Kubernetes makes variables of Secrets that were files, and editors end files so."""
    plain = variables(TARGET="lab", API_URL=URL, USERNAME="probe", PASSWORD="hunter2")
    environ = {name: f"{begin}{value}{end}" for name, value in plain.items()}

    assert load(None, environ).config == Config((Target("lab", URL, auth=LOGIN),))


def test_a_variable_of_line_breaks_is_an_empty_one() -> None:
    environ = variables(API_URL=URL, USERNAME="\n", PASSWORD="\r\n")

    assert load(None, environ).config == Config((Target("default", URL, auth=Auth()),))


@pytest.mark.parametrize("inside", ["\n", "\t", "\x00", "\x1b", "\x7f", "\x85", "\n\x01\n"])
def test_a_secret_with_a_control_character_is_refused_by_name(inside: str) -> None:
    environ = variables(API_URL=URL, USERNAME="probe", PASSWORD=f"hunter2{inside}hunter2\n")

    (line,) = refused(None, environ)

    told = f"ORAN_MANO_PASSWORD: holds the control character U+{ord(inside[0]):04X}; allowed: "
    assert line.startswith(f"environment: {told}")


@pytest.mark.parametrize("name", ["mano-7d4b9c-x2x5z", "off"])
def test_the_environment_names_the_target(name: str, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets: [{{url: {URL}}}]")
    environ = variables(TARGET=name, API_URL=URL)

    for loaded in (load(None, environ), load(file, environ)):
        assert loaded.config == Config((Target(name, URL),))


def test_a_name_in_the_file_stands(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets: [{{name: lab, url: {URL}}}]")

    assert load(file, variables(TARGET="pod")).config.targets[0].name == "lab"


NEEDS_PASSWORD = (
    "environment: ORAN_MANO_USERNAME: needs ORAN_MANO_PASSWORD or ORAN_MANO_PASSWORD_FILE besides"
)
ONE_PASSWORD = (
    "environment: ORAN_MANO_PASSWORD_FILE: not together with ORAN_MANO_PASSWORD; unset one of them"
)
NO_URL = "environment: ORAN_MANO_API_URL: not set; set it, or give a file with --config.file"
NO_FILE = "environment: ORAN_MANO_PASSWORD_FILE: the file cannot be read: No such file or directory"
NO_USER = "environment: ORAN_MANO_{}: needs ORAN_MANO_USERNAME besides"
NOT_A_NAME = (
    'environment: ORAN_MANO_TARGET: "a pod" is not allowed; allowed: 1 to 127 letters, digits, '
    "'.', '_' or '-', beginning and ending with a letter or digit"
)
NOT_A_URL = (
    "environment: ORAN_MANO_API_URL: {} is not allowed; allowed: http://HOST[:PORT][/PATH] or "
    "https://..., without user, query or fragment"
)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, [NO_URL]),
        (variables(API_URL=""), [NO_URL]),
        (variables(USERNAME="probe"), [NO_URL, NEEDS_PASSWORD]),
        (variables(API_URL=URL, USERNAME="probe"), [NEEDS_PASSWORD]),
        (variables(API_URL=URL, PASSWORD="hunter2"), [NO_USER.format("PASSWORD")]),
        (variables(API_URL=URL, PASSWORD_FILE="/x"), [NO_USER.format("PASSWORD_FILE")]),
        (
            variables(API_URL=URL, USERNAME="probe", PASSWORD="hunter2", PASSWORD_FILE="/x"),
            [ONE_PASSWORD],
        ),
        (
            variables(API_URL=URL, USERNAME="probe", PASSWORD_FILE="/nonexistent/hunter2"),
            [NO_FILE],
        ),
        (variables(TARGET="pod"), [NO_URL]),
        (variables(TARGET="a pod", API_URL=URL), [NOT_A_NAME]),
        (variables(API_URL="mano"), [NOT_A_URL.format('"mano"')]),
        (
            variables(API_URL="http://probe:hunter2@mano"),
            [NOT_A_URL.format("the value (not shown)")],
        ),
        (variables(API_URL="http://mano?key=hunter2"), [NOT_A_URL.format("the value (not shown)")]),
        (
            variables(API_URL="mano", USERNAME="probe"),
            [NEEDS_PASSWORD, NOT_A_URL.format('"mano"')],
        ),
        (
            variables(API_URL=URL, USERNAME="pr\udcffbe", PASSWORD="hunter2"),
            ["environment: ORAN_MANO_USERNAME: is not UTF-8; allowed: a text that is not empty"],
        ),
        (
            variables(API_URL=URL, USERNAME="probe", PASSWORD="hunter2\udcff"),
            ["environment: ORAN_MANO_PASSWORD: is not UTF-8; allowed: a text"],
        ),
    ],
)
def test_without_a_file_refused(environ: dict[str, str], expected: list[str]) -> None:
    assert refused(None, environ) == expected


FILE_LOGIN = "{type: login, username: probe}"
ALL = variables(API_URL="http://env/v1", USERNAME="env", PASSWORD="from env")


@pytest.mark.parametrize(
    ("keys", "environ", "url", "auth"),
    [
        ("", variables(API_URL=URL), URL, Auth()),
        (f"url: {URL}", ALL, URL, Auth("login", "env", Secret("from env"))),
        ("auth: {}", ALL, "http://env/v1", Auth("login", "env", Secret("from env"))),
        (
            "auth: {username: probe}",
            ALL,
            "http://env/v1",
            Auth("login", "probe", Secret("from env")),
        ),
        ("auth: {password: own}", ALL, "http://env/v1", Auth("login", "env", Secret("own"))),
        ("auth: {type: none}", ALL, "http://env/v1", Auth()),
        ("auth: {type: login}", ALL, "http://env/v1", Auth("login", "env", Secret("from env"))),
        (f"auth: {FILE_LOGIN}", ALL, "http://env/v1", Auth("login", "probe", Secret("from env"))),
        (
            "auth: {type: login, password: own}",
            ALL,
            "http://env/v1",
            Auth("login", "env", Secret("own")),
        ),
        (
            "auth: {type: login, username: probe, password: own}",
            ALL | variables(PASSWORD_FILE="/nonexistent"),
            "http://env/v1",
            Auth("login", "probe", Secret("own")),
        ),
        (
            f"auth: {FILE_LOGIN}",
            variables(API_URL=URL, PASSWORD_FILE=PASSWORD_FILE),
            URL,
            LOGIN_BY_FILE,
        ),
    ],
)
def test_fills_what_the_only_target_leaves_out(
    keys: str, environ: dict[str, str], url: str, auth: Auth, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets:\n  - name: lab\n    {keys}\n")

    loaded = load(file, environ)

    assert loaded.config == Config((Target("lab", url, auth=auth),))
    assert loaded.source == str(file)


NO_PASSWORD = (
    "FILE:4: targets[0].auth.password_file: missing; type login needs password_file or password"
)
NO_UNIT = (
    "FILE:3: targets[0].interval: 30 has no unit; "
    "allowed: a duration such as 30s, 5m or 500ms, from 1s to 1d"
)
NOT_A_MAPPING = (
    "FILE:4: targets[0].auth: a single value is not allowed; "
    "allowed: a mapping with the keys "
    "client_auth, client_id, client_secret_file, password, password_file, scopes, token_file, "
    "token_url, type, username"
)
MISSING_URL = (
    "FILE:2: targets[0].url: missing; allowed: http://HOST[:PORT][/PATH] or https://..., "
    "without user, query or fragment"
)


@pytest.mark.parametrize(
    ("keys", "environ", "expected"),
    [
        ("", {}, [MISSING_URL]),
        (f"url: {URL}", variables(USERNAME="probe"), [NEEDS_PASSWORD]),
        (f"url: {URL}", variables(PASSWORD="hunter2"), [NO_USER.format("PASSWORD")]),
        (
            f"url: {URL}\n    auth: {FILE_LOGIN}",
            variables(PASSWORD="hunter2", PASSWORD_FILE="/x"),
            [ONE_PASSWORD],
        ),
        (
            f"url: {URL}\n    auth: {{type: login}}",
            variables(PASSWORD="hunter2"),
            ["FILE:4: targets[0].auth.username: missing; type login needs it"],
        ),
        (
            f"url: {URL}\n    auth: {{username: probe}}",
            {},
            [NO_PASSWORD],
        ),
        (
            "interval: 30",
            variables(API_URL="mano"),
            [NOT_A_URL.format('"mano"'), NO_UNIT],
        ),
        (
            f"url: {URL}\n    auth: login",
            variables(USERNAME="probe", PASSWORD="hunter2"),
            [NOT_A_MAPPING],
        ),
    ],
)
def test_beside_a_file_refused(
    keys: str, environ: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets:\n  - name: lab\n    {keys}\n")

    assert refused(file, environ) == expected


def test_refused_with_several_targets(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"targets:\n  - {{name: a, url: {URL}}}\n  - {{name: b, url: {URL}}}\n")
    message = "not with several targets; unset it, and say in the file whose it is"

    assert len(load(file, variables(API_URL="", USERNAME="")).config.targets) == 2
    assert refused(file, variables(API_URL=URL)) == [f"environment: ORAN_MANO_API_URL: {message}"]
    assert refused(file, variables(TARGET="pod")) == [f"environment: ORAN_MANO_TARGET: {message}"]
    assert refused(file, variables(PASSWORD_FILE="/x", USERNAME="probe")) == [
        f"environment: ORAN_MANO_USERNAME: {message}",
        f"environment: ORAN_MANO_PASSWORD_FILE: {message}",
    ]


@pytest.mark.parametrize("content", ["{}", "targets: []", "targets:"])
def test_a_file_without_targets_is_refused_whatever_the_environment(
    content: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(content)

    (line,) = refused(file, ALL)

    assert line.startswith("FILE:1: targets: ")
    assert line.endswith("; allowed: a list of one or more targets")


def test_a_relative_file_of_the_environment_begins_where_the_process_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "password").write_text("hunter2\n")
    (folder / "config.yaml").write_text("targets: [{name: lab}]")
    monkeypatch.chdir(tmp_path)
    environ = variables(API_URL=URL, USERNAME="probe", PASSWORD_FILE="password")

    (target,) = load(folder / "config.yaml", environ).config.targets
    (alone,) = load(None, environ).config.targets

    assert secret_of(target.auth) == secret_of(alone.auth) == Secret("hunter2")


def test_source() -> None:
    assert source_of(None) == "environment"
    assert source_of(Path("etc/x.yaml")) == "etc/x.yaml"
