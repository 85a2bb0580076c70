"""Where the rules over several keys must keep silent; ``faults`` has where they must not."""

import pytest

from tests.unit.config.support import lines

TARGET = "targets:\n  - name: lab\n    url: http://lab\n"


@pytest.mark.parametrize(
    "keys",
    [
        "interval: 30s\n    timeouts: {total: 30s}",
        "latency: {good: 2s, bad: 2s}",
        "latency: {good: 5s}",
        # Longer than the interval, but total binds.
        "interval: 10s\n    timeouts: {connect: 60s, read: 60s}",
        "surfaces: {a: {timeout: 30s}}",
        "surfaces: {a: {timeout: 2m, interval: 2m}}",
        # Another entry may give the same surface a longer interval: the plan knows.
        "surfaces: {a: {timeout: 2m}, a*: {interval: 5m}}",
        "surfaces: {a: {interval: 1s}}",
    ],
)
def test_possible(keys: str) -> None:
    assert lines(f"{TARGET}    {keys}\n".encode()) == []


@pytest.mark.parametrize("port", ["", ":1", ":8080", ":65535"])
@pytest.mark.parametrize("host", ["a", "a-b.c_d", "127.0.0.1", "[::1]", "[::ffff:1.2.3.4]"])
@pytest.mark.parametrize("path", ["", "/", "/v1", "/a%20b/c;d=e"])
def test_possible_url(host: str, port: str, path: str) -> None:
    url = f"https://{host}{port}{path}"

    assert lines(f'targets: [{{name: lab, url: "{url}"}}]'.encode()) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "//a",
        "HTTP://a",
        "http://",
        "http:///v1",
        "http://a b",
        "http://a/ü",
        "http://a/\\n",
        "http://a\\u0000",
        "http://a:",
        "http://a:0",
        "http://a:x",
        "http://[::1",
        "http://[g::]",
    ],
)
def test_impossible_url(url: str) -> None:
    (line,) = lines(f'targets: [{{name: lab, url: "{url}"}}]'.encode())

    assert line.startswith("FILE:1: targets[0].url: ")


def test_rules_hold_where_something_else_is_wrong_too() -> None:
    found = lines(
        b"targets:\n"
        b"- {name: a, colour: red, url: http://a, latency: {good: 2s, bad: 1s}}\n"
        b"- {name: b, url: http://b, tls: {cert_file: c.pem}, auth: {type: login}}\n"
    )

    assert [line.split(": ")[1] for line in found] == [
        "targets[0].colour",
        "targets[0].latency.good",
        "targets[1].tls.cert_file",
        "targets[1].auth.username",
        "targets[1].auth.password_file",
    ]


def test_each_repeated_name_is_a_mistake() -> None:
    found = lines(b"targets:\n" + b"- {name: a, url: http://a}\n" * 3)

    assert [line.split(": ")[:2] for line in found] == [
        ["FILE:3", "targets[1].name"],
        ["FILE:4", "targets[2].name"],
    ]
