"""Tokens as servers give them: how long they live, and that no text of one raises."""

import base64
import json
from typing import Final

import jwt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.protocol.token_lifetime import seconds, server_time, token_end, token_lifetime
from exporter.protocol.token_request import BadGrantError, basic_authorization, bearer_authorization
from exporter.protocol.token_response import Grant, grant_of
from tests.support.jobs import answer, document_of

NOW: Final = 1_800_000_000.0
HOUR: Final = 3600.0
DECADE: Final = 10 * 365 * 86400.0
DEEP: Final = 100_000


def token(claims: str | bytes, header: bytes = b'{"alg":"none","typ":"JWT"}') -> str:
    """A JWT of these bytes, right or not."""
    raw = claims.encode(errors="surrogatepass") if isinstance(claims, str) else claims
    parts = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, raw, b"x"))
    return b".".join(parts).decode()


def claims(**values: object) -> str:
    return token(json.dumps(values))


def login(body: str | bytes, date: str | None = None) -> Grant:
    raw = body.encode() if isinstance(body, str) else body
    answered = answer(raw, headers={"Date": date} if date else {}, at=NOW)
    return grant_of(answered, document_of(raw).content)


# --- How long a token lives: exp and iat as seconds from now, expires_in, the server's clock -----


@pytest.mark.parametrize(
    ("exp", "iat", "expires_in", "ahead", "lifetime"),
    [
        # By the server's clock, whatever ours says
        (HOUR, 0, None, 0, HOUR),
        (HOUR, None, None, 0, HOUR),
        (2 * HOUR, HOUR, HOUR, HOUR, HOUR),
        (0, -HOUR, HOUR, -HOUR, HOUR),
        (-10, -HOUR, None, -HOUR, HOUR - 10),
        # Less is left than it was issued for; more can only be seconds of a clock
        (600, -3000, None, 0, 600),
        (HOUR + 59, 59, None, 0, HOUR),
        (HOUR + 60, 60, None, 0, HOUR),
        # One clock makes no sense, the other does
        (1800, -1800, None, 9 * HOUR, 1800),
        (1800, -1800, None, -9 * HOUR, 1800),
        (600, -3000, None, -3700, 600),
        # Neither does
        (9 * HOUR, 8 * HOUR, None, -HOUR, HOUR),
        (9 * HOUR, 8 * HOUR, 600, -HOUR, 600),
        # Only our clock, and the answer needs none
        (HOUR, 0, HOUR, None, HOUR),
        (-1, -HOUR - 1, HOUR, None, HOUR),
        (-9 * HOUR, -10 * HOUR, HOUR, None, HOUR),
        (-9 * HOUR, None, HOUR, None, HOUR),
        (5, HOUR - 5, HOUR, None, HOUR),
        # Only our clock, and how long it was issued for
        (600, -3000, None, None, 600),
        (-9 * HOUR, -10 * HOUR, None, None, HOUR),
        (9 * HOUR, 8 * HOUR, None, None, HOUR),
        (HOUR + 61, 61, None, None, HOUR),
        (HOUR + 900, 900, None, None, HOUR),
        (HOUR, None, None, None, HOUR),
        # An odd neighbour is none: iat after exp, or in milliseconds; no time to expire in
        (HOUR, HOUR + 1, None, 0, HOUR),
        (HOUR, HOUR, None, 0, HOUR),
        (HOUR, NOW * 999, None, 0, HOUR),
        (HOUR, 0, -5, 0, HOUR),
        (HOUR, 0, 0, None, HOUR),
        # What was promised bounds what was issued
        (HOUR, 0, 600, 0, 600),
        (HOUR, None, 600, 0, 600),
        (NOW * 999 + HOUR * 1000, NOW * 999, 600, 0, 600),
        # Nothing lives longer than ten years
        (DECADE + 9, None, None, 0, DECADE),
        (2 * DECADE, None, None, 0, DECADE),
        (2 * DECADE, 0, None, 0, DECADE),
        (2 * DECADE, None, 2 * DECADE, None, DECADE),
        # An opaque one lives as long as the answer says
        (None, None, 600, 0, 600),
        (None, 0, 600, None, 600),
        (None, None, 2 * DECADE, 0, DECADE),
        (None, None, None, 0, None),
        # Never is no life that is over
        (None, None, 0, None, None),
        (None, None, -1, 0, None),
        (None, None, -5, 0, None),
    ],
)
def test_how_long_a_token_lives(
    exp: float | None,
    iat: float | None,
    expires_in: float | None,
    ahead: float | None,
    lifetime: float | None,
) -> None:
    values = {"exp": exp, "iat": iat}
    text = claims(**{name: NOW + of for name, of in values.items() if of is not None})
    server = None if ahead is None else NOW + ahead
    assert token_lifetime(text, expires_in, NOW, server) == lifetime


@pytest.mark.parametrize(
    ("exp", "iat", "expires_in", "ahead"),
    [
        (-1, -HOUR, HOUR, 0),
        (0, -HOUR, None, 0),
        (-2 * HOUR, -3 * HOUR, HOUR, -HOUR),
        (-10, 0, -10, 0),
        (-1, None, None, None),
        (0, 1, None, None),
        (-1, None, -5, None),
    ],
)
def test_a_token_that_is_over(
    exp: float | None, iat: float | None, expires_in: float | None, ahead: float | None
) -> None:
    values = {"exp": exp, "iat": iat}
    text = claims(**{name: NOW + of for name, of in values.items() if of is not None})
    with pytest.raises(BadGrantError, match="expired already"):
        token_lifetime(text, expires_in, NOW, None if ahead is None else NOW + ahead)


@pytest.mark.parametrize(
    "exp",
    [
        "true",
        "false",
        "null",
        '""',
        '"1e9"',
        '"never"',
        "[]",
        "{}",
        "NaN",
        "0",
        "-1",
        '"0"',
        '"-1"',
    ],
)
def test_an_end_that_is_no_number_is_none(exp: str) -> None:
    text = token(f'{{"exp": {exp}}}')
    assert token_end(text) is None
    assert token_lifetime(text, 600, NOW, NOW) == 600


def test_an_end_may_be_a_text() -> None:
    text = token(f'{{"exp": "{NOW + 600.5}", "iat": "{NOW:.0f}"}}')
    assert token_end(text) == NOW + 600.5
    assert token_lifetime(text, None, NOW, NOW) == 600.5
    assert token_lifetime(text, None, NOW, NOW + 600) == 0.5


@pytest.mark.parametrize("text", ["", "opaque", "a.b", "a.b.c", "\u00e9.\u00e9.\u00e9", "\ud800.."])
def test_what_is_no_jwt_tells_no_end(text: str) -> None:
    assert token_end(text) is None


@pytest.mark.parametrize(
    "text",
    [
        token(b"[" * DEEP),
        token(b'{"exp":' * DEEP),
        token(b"{}", header=b"[" * DEEP),
        token(b"{}", header=b'{"alg":' * DEEP),
        token(b"\xff"),
        token(b'{"exp":' + b"9" * 5000 + b"}"),
        token(b"{}", header=b"9" * 5000),
        token(b"7"),
    ],
    ids=range(8),
)
def test_a_hostile_jwt_tells_no_end(text: str) -> None:
    assert token_end(text) is None
    assert token_lifetime(text, None, NOW, NOW) is None


# --- What an answer may look like ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("expires_in", "lifetime"),
    [
        ("600", 600),
        ("600.5", 600.5),
        ('"600"', 600),
        ('"007"', 7),
        ("null", HOUR),
        ("true", HOUR),
        ('""', HOUR),
        ('"soon"', HOUR),
        ('"-5"', HOUR),
        ('"1e3"', HOUR),
        ("[600]", HOUR),
        ("{}", HOUR),
        ("9" * 300, DECADE),
        ('"15.0"', 15),
        ('" 15 "', 15),
        ('"0.5"', 0.5),
        ('"2147483647"', DECADE),
        ("0", HOUR),
        ("0.0", HOUR),
        ("-1", HOUR),
        ('"0"', HOUR),
        ('"-1"', HOUR),
        ('"never"', HOUR),
        ('"15 s"', HOUR),
        (f'"{"9" * 300}"', HOUR),
    ],
)
def test_what_stands_beside_a_good_token_does_not_lose_it(expires_in: str, lifetime: float) -> None:
    """An hour is the guide's own example, where nothing tells."""
    found = login(f'{{"access_token": "t", "expires_in": {expires_in}}}')
    assert (found.access_token, found.lifetime) == ("t", lifetime)
    assert found.known == (lifetime != HOUR)
    jwt_in_it = claims(exp=NOW + 60)
    found = login(f'{{"access_token": "{jwt_in_it}", "expires_in": {expires_in}}}')
    assert found.access_token == jwt_in_it


@pytest.mark.parametrize("odd", ["false", "7", "null", '""', "[]", '{"a": 1}'])
def test_a_refresh_token_that_is_no_text_is_none(odd: str) -> None:
    body = f'{{"access_token": "t", "expires_in": 600, "refresh_token": {odd}}}'
    assert login(body).refresh_token is None
    assert login(body.replace(odd, '"r"')).refresh_token == "r"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"{}", b"[]", b"7", b"null", b"<html>", b'{"access_token": null}',
        b'{"access_token": 7}', b'{"access_token": ["t"]}', b'{"access_token": NaN}',
        b'{"access_token": "t", "x": ' + b"[" * DEEP, b"[" * DEEP,
    ],
    ids=range(13),
)  # fmt: skip
def test_an_answer_without_a_token(body: bytes) -> None:
    with pytest.raises(BadGrantError, match="no access_token"):
        login(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"access_token": "t", "name": "\\ud83d"}',
        b'{"access_token": "t", "name": "\xff"}',
        b'{"access_token": "t", "expires_in": 1e400}',
        b'\xef\xbb\xbf{"access_token": "t", "x": NaN}',
    ],
)
def test_what_is_broken_beside_a_token_is_no_reason_to_lose_it(body: bytes) -> None:
    assert login(body) == Grant("t", None, 3600.0, None, known=False)
    with pytest.raises(BadGrantError, match="cannot be sent"):
        login(body.replace(b'"t"', b'"\\ud83d"'))


def test_the_skew_is_that_of_the_date() -> None:
    body = '{"access_token": "t"}'
    assert login(body).skew is None
    assert login(body, "Fri, 15 Jan 2027 09:00:00 GMT").skew == HOUR


# --- What can be sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["abc", "a.b-c_d~e+f/9", "abc=", "abc==", "7", "7|abc", "a,b", '"abc"']
)
def test_what_a_header_carries(text: str) -> None:
    assert bearer_authorization(text) == f"Bearer {text}"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "   ", "\t", "Bearer abc", " abc", "abc ", "abc\n", "a\r\nX: 1", "a\x00",
        "a\x7f", "\u00e9", "\u0661", "\uff41", "\ud800",
    ],
)  # fmt: skip
def test_what_no_header_carries(text: str) -> None:
    with pytest.raises(BadGrantError, match="cannot be sent"):
        bearer_authorization(text)


def test_a_token_is_bounded() -> None:
    longest = "x" * 65_536
    assert login(f'{{"access_token": "{longest}"}}').access_token == longest
    for text in (f"{longest}x", longest * 15):
        with pytest.raises(BadGrantError, match="the token is longer than 64 KiB") as raised:
            login(f'{{"access_token": "{text}"}}')
        assert "xx" not in str(raised.value)
        with pytest.raises(BadGrantError, match="longer than 64 KiB"):
            bearer_authorization(text)


def test_a_refresh_token_that_is_too_long_is_none_as_a_login_serves_as_well() -> None:
    longest = "x" * 65_536
    body = '{"access_token": "t", "refresh_token": "%s"}'
    assert login(body % longest).refresh_token == longest
    assert login(body % f"{longest}x").refresh_token is None


def test_the_message_has_nothing_of_the_token() -> None:
    with pytest.raises(BadGrantError) as raised:
        bearer_authorization("hunter2 secret")
    assert "hunter2" not in str(raised.value)


# --- Nothing raises anything else ---------------------------------------------------------------

NUMBERS: Final = st.one_of(
    st.integers(), st.floats(), st.integers(min_value=10**20), st.booleans(), st.none(), st.text()
)
JSON: Final = st.recursive(
    NUMBERS, lambda of: st.lists(of) | st.dictionaries(st.text(), of), max_leaves=8
)
CLAIMS: Final = st.dictionaries(st.sampled_from(("exp", "iat", "nbf", "aud", "")), JSON)
JWTS: Final = CLAIMS.map(lambda values: token(json.dumps(values)))
TOKENS: Final = st.one_of(JWTS, st.text(), st.binary().map(token), st.text("abc.=-_ ", max_size=20))
CLOCKS: Final = st.floats(0, 1e10)


@given(TOKENS, st.none() | st.floats(-1e9, 1e15), CLOCKS, st.none() | CLOCKS)
@example(token('{"exp": Infinity, "iat": -Infinity}'), None, NOW, None)
@example(token('{"exp": NaN, "iat": NaN}'), None, NOW, NOW)
def test_a_lifetime_is_none_or_positive_and_bounded(
    text: str, expires_in: float | None, now: float, server: float | None
) -> None:
    try:
        lifetime = token_lifetime(text, expires_in, now, server)
    except BadGrantError:
        return
    assert lifetime is None or 0 < lifetime <= DECADE
    if lifetime is not None and expires_in is not None and expires_in > 0:
        assert lifetime <= expires_in


@given(st.floats(1, 1e8), st.none() | st.floats(-HOUR, HOUR), st.booleans())
def test_a_fresh_token_lives_as_long_as_it_was_issued_for(
    span: float, ahead: float | None, tells: object
) -> None:
    """However wrong our clock is; the server's own, or how long it says, is enough."""
    issued = NOW + (0 if ahead is None else ahead)
    text = claims(iat=issued, exp=issued + span)
    server = None if ahead is None else issued
    lifetime = token_lifetime(text, span if tells or server is None else None, NOW, server)
    assert lifetime == pytest.approx(span, rel=1e-6, abs=1e-6)


@given(TOKENS)
def test_only_one_word_is_sent(text: str) -> None:
    try:
        header = bearer_authorization(text)
    except BadGrantError:
        return
    assert header == f"Bearer {text}"
    assert header.isascii()
    assert header.isprintable()
    assert header.count(" ") == 1


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_raises(body: bytes) -> None:
    try:
        found = login(body)
    except BadGrantError:
        return
    assert found.lifetime > 0


@given(TOKENS, JSON, JSON, st.none() | st.text())
def test_whatever_stands_beside_it_a_token_is_given_or_refused(
    text: str, expires_in: object, refresh_token: object, date: str | None
) -> None:
    document = {
        "access_token": text,
        "expires_in": expires_in,
        "refresh_token": refresh_token,
    }
    try:
        found = login(json.dumps(document), date)
    except BadGrantError:
        return
    assert found.access_token == text
    assert 0 < found.lifetime <= DECADE
    assert 0 < found.early <= 300
    assert found.early < found.lifetime
    assert found.refresh_token is None or found.refresh_token == refresh_token
    assert text not in repr(found) or len(text) < 12


@given(st.none() | st.text() | st.text("0123456789 :,-GMTSunNov"))
def test_no_date_raises(date: str | None) -> None:
    found = server_time(date)
    assert found is None or 0 <= found < 1e12


@given(st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"])), st.text())
def test_a_name_and_a_password_can_be_told_apart(name: str, password: str) -> None:
    """RFC 7617, section 2, if the name has no colon."""
    password = password.encode(errors="ignore").decode()
    value = basic_authorization(name, password).removeprefix("Basic ")
    assert base64.b64decode(value).decode().partition(":")[::2] == (name, password)


@given(st.integers(-(10**12), 10**12))
def test_the_end_is_that_in_the_token(exp: int) -> None:
    """What is not after the beginning of time is none: never, in some servers' words."""
    for told in (exp, str(exp)):
        claimed = token(json.dumps({"exp": told}))
        assert token_end(claimed) == (exp if exp > 0 else None)


@given(
    st.dictionaries(
        st.text("expiat\u00e9", max_size=3),
        st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e15) | st.text("0123456789.-") | st.none(),
    )
)
def test_the_end_is_that_which_a_library_for_tokens_reads(values: dict[str, object]) -> None:
    text = jwt.encode(values, "k" * 32)
    read = jwt.decode(text, options={"verify_signature": False})
    assert token_end(text) == seconds(read.get("exp"))
