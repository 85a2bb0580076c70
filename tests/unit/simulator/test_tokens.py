import random

import jwt
import pytest

from exporter.simulator.knobs import Knobs
from exporter.simulator.tokens import Tokens
from tests.unit.simulator.support import START, Api, body, logged_in


def tokens() -> Tokens:
    return Tokens(random.Random(1))


def claims(token: str) -> dict[str, object]:
    told: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return told


def test_a_login_answers_a_jwt_that_tells_its_expiry() -> None:
    told = tokens().login("demo", "demo", START + 0.7, Knobs())
    assert told is not None
    assert told["token_type"] == "Bearer"
    assert told["expires_in"] == 3600
    assert jwt.get_unverified_header(told["access_token"])["alg"] == "HS256"
    assert claims(told["access_token"])["exp"] == START + 3600
    assert claims(told["access_token"])["sub"] == "demo"


@pytest.mark.parametrize(
    ("username", "password"),
    [("demo", "Demo"), ("demo", ""), ("", ""), ("admin", "demo"), ("d\u00e9mo", "d\u00e9mo")],
)
def test_wrong_credentials(username: str, password: str) -> None:
    assert tokens().login(username, password, START, Knobs()) is None
    told = Api().post("/auth/login", {"username": username, "password": password})
    assert told.status == 401


@pytest.mark.parametrize(
    ("after", "knobs", "account"),
    [
        (0, Knobs(), "demo"),
        (3599, Knobs(), "demo"),
        (3600, Knobs(), None),
        (39, Knobs(max_token_age_seconds=40), "demo"),
        (40, Knobs(max_token_age_seconds=40), None),
        (0, Knobs(revoke_tokens=True), None),
    ],
)
def test_how_long_a_token_is_good(after: int, knobs: Knobs, account: str | None) -> None:
    issuer = tokens()
    told = issuer.login("demo", "demo", START, Knobs())
    assert told is not None
    assert issuer.account(told["access_token"], START + after, knobs) == account


def test_a_token_of_an_earlier_life_is_refused() -> None:
    told = Tokens(random.Random(2)).login("demo", "demo", START, Knobs())
    assert told is not None
    assert tokens().account(told["access_token"], START, Knobs()) is None


def test_a_refresh_token_opens_nothing_and_an_access_token_renews_nothing() -> None:
    api = Api()
    told = api.login()
    api.token = told["refresh_token"]
    assert api.get("/orchestrator/intents").status == 401
    refresh = {"refresh_token": told["access_token"]}
    assert api.post("/auth/refresh", refresh).status == 401


def test_an_altered_token_is_refused() -> None:
    issuer = tokens()
    told = issuer.login("demo", "demo", START, Knobs())
    assert told is not None
    assert issuer.account(told["access_token"] + "A", START, Knobs()) is None


def test_opaque_tokens_are_no_jwt() -> None:
    issuer, opaque = tokens(), Knobs(opaque_tokens=True)
    told = issuer.login("demo", "demo", START, opaque)
    assert told is not None
    with pytest.raises(jwt.DecodeError):
        claims(told["access_token"])
    assert issuer.account(told["access_token"], START, opaque) == "demo"


# The refresh token used at each step (0 is the login's, n that of the n-th refresh): is it good?
@pytest.mark.parametrize(
    ("knobs", "used", "good"),
    [
        (Knobs(), [0, 1, 2], [True, True, True]),
        (Knobs(), [0, 0, 0], [True, True, True]),  # as the guide's own client does
        (Knobs(refresh_rotation="strict"), [0, 1, 2], [True, True, True]),
        (Knobs(refresh_rotation="strict"), [0, 0], [True, False]),
        (Knobs(refresh_rotation="strict"), [0, 0, 1], [True, False, False]),  # the session ended
        (Knobs(refresh_rotation="none"), [0, 1, 0], [True, True, True]),
        (Knobs(refresh_rotation="unsaid"), [0, 0, 0], [True, True, True]),
        (Knobs(refresh_rotation="unsaid"), [0, 1], [True, False]),  # it was not told again
        (Knobs(revoke_tokens=True), [0], [False]),
    ],
)
def test_rotation(knobs: Knobs, used: list[int], good: list[bool]) -> None:
    issuer = tokens()
    told = issuer.login("demo", "demo", START, Knobs())
    assert told is not None
    held, results = [told["refresh_token"]], []
    for which in used:
        renewed = issuer.refresh(held[which], START + 1, knobs)
        results.append(renewed is not None)
        held.append((renewed or {}).get("refresh_token", ""))
    assert results == good
    keeps = knobs.refresh_rotation in ("none", "unsaid") or not good[0]
    assert (len(set(filter(None, held))) == 1) == keeps


def test_a_session_that_ended_takes_its_access_tokens_along() -> None:
    issuer, strict = tokens(), Knobs(refresh_rotation="strict")
    first = issuer.login("demo", "demo", START, strict)
    other = issuer.login("demo", "demo", START, strict)
    assert first is not None
    assert other is not None
    issuer.refresh(first["refresh_token"], START, strict)
    issuer.refresh(first["refresh_token"], START, strict)
    assert issuer.account(first["access_token"], START, strict) is None
    assert issuer.account(other["access_token"], START, strict) == "demo"


def test_a_refresh_token_expires() -> None:
    issuer, brief = tokens(), Knobs(refresh_seconds=120)
    told = issuer.login("demo", "demo", START, brief)
    assert told is not None
    assert issuer.refresh(told["refresh_token"], START + 119, brief) is not None
    assert issuer.refresh(told["refresh_token"], START + 120, brief) is None


def test_expired_tokens_are_forgotten_in_time() -> None:
    issuer, brief = tokens(), Knobs(token_seconds=1, refresh_seconds=1, opaque_tokens=True)
    first = issuer.login("demo", "demo", START, brief)
    assert first is not None
    assert issuer.expired(first["access_token"])
    for _ in range(5001):
        issuer.login("demo", "demo", START + 10, brief)
    assert not issuer.expired(first["access_token"])


@pytest.mark.parametrize(
    ("header", "detail", "challenge"),
    [
        ("", "Authentication credentials are required", 'Bearer realm="oran-mano"'),
        (
            "Basic ZGVtbzpkZW1v",
            "Authentication credentials are required",
            'Bearer realm="oran-mano"',
        ),
        ("Bearer", "Authentication credentials are required", 'Bearer realm="oran-mano"'),
        (
            "Bearer nonsense",
            "The access token is invalid",
            'Bearer realm="oran-mano", error="invalid_token"',
        ),
    ],
)
def test_who_has_no_token_is_told_so(header: str, detail: str, challenge: str) -> None:
    answer = Api().ask("GET", "/orchestrator/intents", headers={"Authorization": header})
    assert answer.status == 401
    assert body(answer)["detail"] == detail
    assert answer.headers["WWW-Authenticate"] == challenge


def test_an_expired_token_is_told_so() -> None:
    api = logged_in()
    api.clock.pass_(3600)
    answer = api.get("/orchestrator/intents")
    assert answer.status == 401
    assert body(answer)["detail"] == "The access token has expired"


def test_the_scheme_may_be_written_in_any_case() -> None:
    api = logged_in()
    told = api.ask("GET", "/orchestrator/intents", headers={"Authorization": f"bearer {api.token}"})
    assert told.status == 200


def test_login_and_refresh_carry_on() -> None:
    api = Api()
    first = api.login()
    api.clock.pass_(3500)
    renewed = body(api.post("/auth/refresh", {"refresh_token": first["refresh_token"]}))
    api.clock.pass_(200)
    assert api.get("/orchestrator/intents").status == 401
    api.token = renewed["access_token"]
    assert api.get("/orchestrator/intents").status == 200
