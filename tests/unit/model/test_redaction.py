"""No log shows a secret, whoever wrote the line."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.config.values import Secret
from exporter.logs.format import LogFormat, configure
from exporter.model import redaction
from exporter.model.redaction import HIDDEN, redacted, remember, remember_token

TOKEN: Final = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl"
PLANTED: Final = 'pl4nted "secret" \\ of wörds'


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("exporter")
    handlers, level = root.handlers[:], ours.level
    yield
    root.handlers[:] = handlers
    ours.setLevel(level)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Authorization: Bearer abc.def-123", f"Authorization: Bearer {HIDDEN}"),
        ("authorization: basic cHJvYmU6aHVudGVy", f"authorization: basic {HIDDEN}"),
        ("proxy http://probe:pa@ss@proxy:3128 is", f"proxy http://{HIDDEN}@proxy:3128 is"),
        (f"token {TOKEN} is old", f"token {HIDDEN} is old"),
        ('{"password": "x y", "user": "u"}', f'{{"password": {HIDDEN}, "user": "u"}}'),
        ("{'access_token': 'abc'}", f"{{'access_token': {HIDDEN}}}"),
        ("client_secret=abc&scope=read", f"client_secret={HIDDEN}&scope=read"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "lab.yaml:5: targets[0].auth.password: a list is not allowed; allowed: a text",
        "cannot read the secret of the login",
        "surface is failing: basic trust, bearer of news",
        "http://mano.example.net/v1/monitoring/health",
        "skipped: no_token",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert redacted(text) == text


@given(st.text(min_size=6), st.text(), st.text())
def test_a_known_secret_is_hidden_wherever_it_stands(secret: str, before: str, after: str) -> None:
    remember(secret)
    assert secret not in redacted(before + secret + after).replace(HIDDEN, "")


def test_a_part_of_another_secret_leaves_nothing_of_that() -> None:
    for secret in ("hunter", "hunter22", "my-hunter22!"):
        remember(secret)
    assert redacted("hunter hunter22 my-hunter22! huntes") == f"{HIDDEN} {HIDDEN} {HIDDEN} huntes"


def test_however_many_tokens_come_they_push_no_password_out() -> None:
    remember("of the configuration")
    remember_token("the first of the tokens")
    for number in range(5000):
        remember_token(f"token number {number}")
    assert redacted("of the configuration, token number 4999") == f"{HIDDEN}, {HIDDEN}"
    assert redacted("the first of the tokens") == "the first of the tokens"  # bounded


def kept() -> int:
    """Bytes of all that is remembered."""
    return sum(sys.getsizeof(one) for known in redaction._known.values() for one in known)  # noqa: SLF001


@pytest.mark.parametrize("learn", [remember, remember_token])
def test_however_long_secrets_are_they_take_a_bounded_room(learn: Callable[[str], None]) -> None:
    remember_token("the first of the long tokens")
    remember("the first of the long secrets")
    for number in range(1000):
        learn(f"{number:04}" + "x" * 65_536 + f"{number:06}")
    assert kept() < 3 * 16 * 1024 * 1024
    newest = "0999" + "x" * 65_536 + "000999"
    assert redacted(f"a {newest} b") == f"a {HIDDEN} b"
    others = {
        remember: "the first of the long tokens",
        remember_token: "the first of the long secrets",
    }
    assert redacted(others[learn]) == HIDDEN  # none of another kind is pushed out


def test_one_that_is_larger_than_all_room_is_known_until_another_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(redaction, "_configured", redaction._SecretKind(10, 1000))  # noqa: SLF001  # no setting
    huge = "x" * 2000 + "the end"
    remember(huge)
    assert redacted(f"a {huge} b") == f"a {HIDDEN} b"
    remember("another one")
    assert kept() < 1000


def test_what_looks_like_many_tokens_is_held_against_few(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    class Counted(str):
        __slots__ = ()

        def __len__(self) -> int:
            looked.append(self)
            return super().__len__()

    for number in range(1000):
        remember_token(f"eyJhbGciOiJIUzI1NiJ9.{number:04}.{number:06}")
    known = {end: tuple(map(Counted, tokens)) for end, tokens in redaction._known.items()}  # noqa: SLF001
    monkeypatch.setattr(redaction, "_known", known)
    assert redacted("eyJhbGciOiJIUzI1NiJ9.0007.000007 " + "eyJhbG" * 1000).startswith(HIDDEN)
    assert len(looked) == 1


def test_none_is_lost_where_several_threads_learn_some() -> None:
    def learn(thread: int) -> None:
        for number in range(500):
            remember(f"{thread}-{number}-the same end")

    threads = [Thread(target=learn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(map(len, redaction._known.values())) == 2000  # noqa: SLF001


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_a_secret_of_the_configuration_is_in_no_part_of_a_line(form: LogFormat) -> None:
    Secret(PLANTED)
    stream = io.StringIO()
    configure("debug", form, stream)
    log = logging.getLogger("exporter.test")
    try:
        raise ValueError(PLANTED)  # noqa: TRY301  # a library's, as it were
    except ValueError as error:
        fields = {"text": f"a {PLANTED} b", "error": error, "list": [Secret(PLANTED)]}
        log.exception("failed with %s", PLANTED, extra={"fields": fields}, stack_info=True)
    logging.getLogger("aiohttp").warning("it was %s", PLANTED)
    written = stream.getvalue()
    assert written.count("\n") == 2
    for spelled in (PLANTED, json.dumps(PLANTED)[1:-1], "pl4nted"):
        assert spelled not in written.replace("PLANTED", "")
    assert written.count(HIDDEN) >= 5
