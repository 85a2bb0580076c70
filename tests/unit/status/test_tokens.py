"""What is kept of a token: whether it should be good, until when, and by which clock."""

from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

from exporter.catalog import CATALOG
from exporter.config.schema import Auth, Config, SurfaceOptions, Target
from exporter.model.observation import GrantKind, Key, Rejection, Renewal, Skip
from exporter.planning.job import Plan
from exporter.planning.plan import plan
from exporter.status.snapshot import TokenNow
from exporter.status.tokens import KeptTokens
from tests.support.jobs import ACCOUNT

LOGIN: Final = Key("lab", "auth", "auth.login")
INTENTS: Final = Key("lab", "orchestrator", "orchestrator.intents.list")
NOW: Final = 1000.0
"""By the wall clock, when the steady one says ``STEADY``."""
STEADY: Final = 50.0
BEARER: Final = Auth(type="bearer", token_file="token")


def planned(auth: Auth = ACCOUNT, surfaces: dict[str, SurfaceOptions] | None = None) -> Plan:
    target = Target("lab", "http://lab", auth=auth, surfaces=surfaces or {})
    return plan(CATALOG, Config((target,)))


def kept(auth: Auth = ACCOUNT) -> KeptTokens:
    tokens = KeptTokens()
    tokens.apply(planned(auth))
    return tokens


def now(tokens: KeptTokens, after: float = 0) -> TokenNow:
    (token,) = tokens.at(STEADY + after)
    return token


def good(grant: GrantKind = "login", skew: float | None = None, lifetime: float = 60) -> Renewal:
    return Renewal(LOGIN, NOW, grant, None, NOW + lifetime, lifetime, skew)


def bad(grant: GrantKind = "login", after: float = 0) -> Renewal:
    return Renewal(LOGIN, NOW + after, grant, "http_5xx")


def shown(token: TokenNow) -> tuple[bool, float | None, float | None, float | None, int | None]:
    """Whether it is good, its end and life, when it came, and what failed since."""
    return token.valid, token.expires, token.lifetime, token.renewed_at, token.failures


def test_it_is_good_until_its_life_is_over() -> None:
    tokens = kept()
    assert not now(tokens).valid
    tokens.renewed(good(), STEADY)
    assert now(tokens, 59) == TokenNow(
        "lab",
        valid=True,
        expires=NOW + 60,
        lifetime=60,
        renewed_at=NOW,
        failures=0,
        renewed_ago=59,
    )
    over = now(tokens, 63)
    assert (over.valid, over.renewed_ago, over.ended_ago) == (False, 63, 3)


def test_one_that_tells_no_end_has_none() -> None:
    tokens = kept()
    tokens.renewed(Renewal(LOGIN, NOW, "file"), STEADY)
    assert (now(tokens, 1e9).valid, now(tokens, 1e9).overdue) == (True, False)


def test_one_that_outlives_its_end_by_our_clock_is_good() -> None:
    """Its end is on its issuer's clock, as where the API accepts what ours calls over."""
    tokens = kept()
    tokens.renewed(Renewal(LOGIN, NOW, "file", None, NOW - 400, 3600), STEADY)
    assert now(tokens).valid
    assert now(tokens).expires == NOW - 400
    assert not now(tokens, 3600).valid


@pytest.mark.parametrize("grant", ["login", "refresh"])
def test_a_token_outlives_a_renewal_that_fails(grant: GrantKind) -> None:
    tokens = kept()
    tokens.renewed(good(), STEADY)
    tokens.renewed(bad(grant, 9), STEADY + 9)
    tokens.renewed(bad(grant, 19), STEADY + 19)
    assert shown(now(tokens, 19)) == (True, NOW + 60, 60, NOW, 2)
    tokens.renewed(good(), STEADY + 29)
    assert now(tokens, 29).failures == 0


def test_what_is_no_longer_in_the_file_is_no_longer_good() -> None:
    tokens = kept(BEARER)
    tokens.renewed(good("file"), STEADY)
    tokens.renewed(Renewal(LOGIN, NOW + 9, "file", "auth_rejected"), STEADY + 9)
    assert shown(now(tokens, 9)) == (False, None, None, NOW, 1)
    assert now(tokens, 99).ended_ago is None
    tokens.renewed(good("file"), STEADY + 19)
    assert shown(now(tokens, 19)) == (True, NOW + 60, 60, NOW, 0)


def test_only_a_rejection_that_drops_it_makes_it_bad() -> None:
    tokens = kept()
    tokens.renewed(good(), STEADY)
    tokens.rejected(Rejection(LOGIN, NOW), STEADY)
    assert now(tokens).valid
    tokens.rejected(Rejection(LOGIN, NOW, dropped=True), STEADY)
    assert shown(now(tokens)) == (False, NOW + 60, 60, NOW, 0)


def test_the_skew_is_known_until_another_is() -> None:
    tokens = kept()
    tokens.renewed(good(skew=30), STEADY)
    tokens.renewed(good("refresh"), STEADY)
    assert now(tokens).skew == 30
    tokens.renewed(bad(), STEADY)
    assert now(tokens).skew == 30
    tokens.renewed(good(skew=0), STEADY)
    assert now(tokens).skew == 0


def test_what_is_not_planned_is_nobodys() -> None:
    tokens = KeptTokens()
    tokens.renewed(good(), STEADY)
    tokens.rejected(Rejection(LOGIN, NOW, dropped=True), STEADY)
    tokens.skipped(Skip(INTENTS, NOW, "no_token"), STEADY)
    assert list(tokens.at(STEADY)) == []


# --- Renewal that is overdue ---------------------------------------------------------------------

History: TypeAlias = Callable[[KeptTokens], None]


def _nothing(tokens: KeptTokens) -> None:
    del tokens


def _hour(tokens: KeptTokens) -> None:
    tokens.renewed(good(lifetime=3600), STEADY)


def _minute(tokens: KeptTokens) -> None:
    tokens.renewed(good(), STEADY)


def _renewal_fails_early(tokens: KeptTokens) -> None:
    _hour(tokens)
    tokens.renewed(bad("refresh", 5), STEADY + 5)


def _login_fails(tokens: KeptTokens) -> None:
    for after in (5, 15, 45):
        tokens.renewed(bad("login", after), STEADY + after)


def _login_hangs(tokens: KeptTokens) -> None:
    for after in (1, 31):
        tokens.skipped(Skip(INTENTS, NOW + after, "no_token"), STEADY + after)


def _skipped_for_another_reason(tokens: KeptTokens) -> None:
    tokens.skipped(Skip(INTENTS, NOW + 1, "budget"), STEADY + 1)


def _dropped(tokens: KeptTokens) -> None:
    _hour(tokens)
    tokens.rejected(Rejection(INTENTS, NOW + 100, dropped=True), STEADY + 100)


def _doubted(tokens: KeptTokens) -> None:
    _hour(tokens)
    tokens.rejected(Rejection(INTENTS, NOW + 100), STEADY + 100)


def _spaced(tokens: KeptTokens) -> None:
    """A run comes at the end of a life that is shorter than renewals may follow one another."""
    tokens.renewed(good(lifetime=5), STEADY)
    tokens.skipped(Skip(INTENTS, NOW + 6, "no_token"), STEADY + 6)


DUE: Final[dict[str, tuple[History, float]]] = {
    "it was never needed": (_nothing, float("inf")),
    "five minutes before its end": (_hour, 3300),
    "a fifth of a short life before its end": (_minute, 48),
    "a refresh fails long before that": (_renewal_fails_early, 3300),
    "the first login fails": (_login_fails, 5),
    "the first login hangs, and runs are skipped": (_login_hangs, 1),
    "runs are skipped for another reason": (_skipped_for_another_reason, float("inf")),
    "two components rejected it": (_dropped, 100),
    "one surface rejected it": (_doubted, 3300),
    "a life shorter than the space between renewals": (_spaced, 4),
}


@pytest.mark.parametrize(("history", "due"), DUE.values(), ids=DUE.keys())
def test_a_renewal_is_overdue_a_minute_after_it_was_due(history: History, due: float) -> None:
    tokens = kept()
    history(tokens)
    if due == float("inf"):
        assert not now(tokens, 1e9).overdue
        return
    assert not now(tokens, due + 60).overdue
    assert now(tokens, due + 60.001).overdue
    tokens.renewed(good(lifetime=3600), STEADY + due + 100)
    assert not now(tokens, due + 100).overdue


def test_a_file_that_holds_none_is_overdue() -> None:
    tokens = kept(BEARER)
    tokens.renewed(good("file", lifetime=3600), STEADY)
    tokens.renewed(Renewal(LOGIN, NOW + 9, "file", "auth_rejected"), STEADY + 9)
    assert (now(tokens, 69).overdue, now(tokens, 70).overdue) == (False, True)


def test_one_that_nobody_needs_is_not_overdue() -> None:
    tokens = kept()
    tokens.renewed(good(), STEADY)
    assert now(tokens, 1000).overdue
    off = SurfaceOptions(mode="off")
    read = SurfaceOptions(mode="read")
    tokens.apply(planned(surfaces={"*": off, "monitoring.health": read}))
    assert not now(tokens, 1000).overdue
    tokens.apply(planned())
    assert now(tokens, 1000).overdue


def test_another_account_begins_anew() -> None:
    tokens = kept()
    tokens.renewed(bad(), STEADY)
    assert now(tokens, 1000).overdue
    tokens.apply(planned(Auth(type="bearer", token_file="another")))
    assert now(tokens, 1000) == TokenNow("lab")
