"""What is kept of a token: whether it should be good, until when, and by which clock."""

from typing import Final

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Auth, Config, Target
from exporter.observation import GrantKind, Key, Rejection, Renewal
from exporter.plan import plan
from exporter.sinks.snapshot import TokenNow
from exporter.sinks.tokens import KeptTokens
from tests.support.jobs import ACCOUNT

LOGIN: Final = Key("lab", "auth", "auth.login")
NOW: Final = 1000.0


def kept(auth: Auth = ACCOUNT) -> KeptTokens:
    tokens = KeptTokens()
    tokens.follow(plan(CATALOG, Config((Target("lab", "http://lab", auth=auth),))))
    return tokens


def now(tokens: KeptTokens, at: float = NOW) -> TokenNow:
    (token,) = tokens.at(at)
    return token


def good(grant: GrantKind = "login", skew: float | None = None) -> Renewal:
    return Renewal(LOGIN, NOW, grant, None, NOW + 60, 60, skew)


def test_it_is_good_until_its_life_is_over() -> None:
    tokens = kept()
    assert not now(tokens).valid
    tokens.renewed(good())
    assert now(tokens, NOW + 59) == TokenNow(
        "lab", valid=True, expires=NOW + 60, lifetime=60, renewed_at=NOW, failures=0
    )
    assert not now(tokens, NOW + 60).valid


def test_one_that_tells_no_end_has_none() -> None:
    tokens = kept()
    tokens.renewed(Renewal(LOGIN, NOW, "file"))
    assert now(tokens, NOW + 1e9).valid


def test_one_that_outlives_its_end_by_our_clock_is_good() -> None:
    """Its end is on its issuer's clock, as where the API accepts what ours calls over."""
    tokens = kept()
    tokens.renewed(Renewal(LOGIN, NOW, "file", None, NOW - 400, 3600))
    assert now(tokens).valid
    assert now(tokens).expires == NOW - 400
    assert not now(tokens, NOW + 3600).valid


@pytest.mark.parametrize("grant", ["login", "refresh"])
def test_a_token_outlives_a_renewal_that_fails(grant: GrantKind) -> None:
    tokens = kept()
    tokens.renewed(good())
    tokens.renewed(Renewal(LOGIN, NOW + 9, grant, "http_5xx"))
    tokens.renewed(Renewal(LOGIN, NOW + 19, grant, "http_5xx"))
    assert now(tokens) == TokenNow(
        "lab", valid=True, expires=NOW + 60, lifetime=60, renewed_at=NOW, failures=2
    )
    tokens.renewed(good())
    assert now(tokens).failures == 0


def test_what_is_no_longer_in_the_file_is_no_longer_good() -> None:
    tokens = kept(Auth(type="bearer", token_file="token"))
    tokens.renewed(good("file"))
    tokens.renewed(Renewal(LOGIN, NOW + 9, "file", "auth_rejected"))
    assert now(tokens) == TokenNow(
        "lab", valid=False, expires=None, lifetime=None, renewed_at=NOW, failures=1
    )
    tokens.renewed(good("file"))
    assert now(tokens) == TokenNow(
        "lab", valid=True, expires=NOW + 60, lifetime=60, renewed_at=NOW, failures=0
    )


def test_only_a_rejection_that_drops_it_makes_it_bad() -> None:
    tokens = kept()
    tokens.renewed(good())
    tokens.rejected(Rejection(LOGIN, NOW))
    assert now(tokens).valid
    tokens.rejected(Rejection(LOGIN, NOW, dropped=True))
    assert now(tokens) == TokenNow(
        "lab", valid=False, expires=NOW + 60, lifetime=60, renewed_at=NOW, failures=0
    )


def test_the_skew_is_known_until_another_is() -> None:
    tokens = kept()
    tokens.renewed(good(skew=30))
    tokens.renewed(good("refresh"))
    assert now(tokens).skew == 30
    tokens.renewed(Renewal(LOGIN, NOW, "login", "http_5xx"))
    assert now(tokens).skew == 30
    tokens.renewed(good(skew=0))
    assert now(tokens).skew == 0


def test_what_is_not_planned_is_nobodys() -> None:
    tokens = KeptTokens()
    tokens.renewed(good())
    tokens.rejected(Rejection(LOGIN, NOW, dropped=True))
    assert list(tokens.at(NOW)) == []
