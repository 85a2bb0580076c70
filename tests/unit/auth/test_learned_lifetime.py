"""Tokens whose life is not said, or said wrong: the age at which they end is taken for it."""

import itertools
import math
from collections.abc import Mapping
from typing import Final

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.auth.learned_lifetime import LearnedLifetime
from exporter.auth.renewal import RenewingToken
from exporter.model.exchange import Exchange, Fault, Request
from exporter.model.observation import Key
from tests.support.jobs import answer
from tests.support.sessions import accepted, refused
from tests.unit.auth.stage import SECRET, START, SURFACE, Hand, Stage, stage

DAY: Final = 86400
OTHER: Final = Key("lab", "orchestrator", "orchestrator.intents.list")
NEVER: Final[tuple[Mapping[str, object], ...]] = (
    {},
    {"expires_in": None},
    {"expires_in": ""},
    {"expires_in": "never"},
    {"expires_in": 0},
    {"expires_in": "0"},
    {"expires_in": -1},
    {"expires_in": "-1"},
)


class Brief:
    """Issues tokens that live for ``life`` seconds, whatever it says of that."""

    def __init__(
        self, clock: Hand, life: float, says: Mapping[str, object], exp: object = None
    ) -> None:
        self.clock = clock
        self.life = life
        self.says = says
        self.exp = exp
        self.issued: dict[str, float] = {}

    def __call__(self, _: Request) -> Exchange | Fault:
        number = str(len(self.issued))
        token = number
        if self.exp is not None:
            claims = {"exp": self.exp, "jti": number}
            token = jwt.encode(claims, SECRET)
        self.issued[f"Bearer {token}"] = self.clock.now
        return answer({"access_token": token, **self.says}, at=self.clock.wall(), duration=0)

    def accepts(self, headers: Mapping[str, str]) -> bool:
        return self.clock.now - self.issued[headers["Authorization"]] < self.life


async def runs(owner: RenewingToken, server: Brief, key: Key = SURFACE) -> bool:
    """One run, as a probe does it, with one retry if there is another token; whether it is well."""
    headers = await owner.headers(key, 1)
    if headers is None:
        return False
    if not server.accepts(headers):
        headers = await owner.renewed(headers, key, 1)
        if headers is None or not server.accepts(headers):
            return False
    accepted(owner, key)
    return True


async def day(api: Stage, server: Brief, interval: int, until: int = DAY) -> tuple[int, float]:
    """Ask for a day: how many runs failed, and when the last 401 was."""
    failed, last = 0, -math.inf
    for now in range(0, until, interval):
        server.clock.now = now
        await api.settle()
        before = len(api.rejections())
        failed += not await runs(api.owner, server)
        last = now if len(api.rejections()) > before else last
    return failed, last


@pytest.mark.parametrize("says", [*NEVER, {"expires_in": 3600}, {"expires_in": "3600.0"}])
@pytest.mark.parametrize(("life", "interval"), [(15, 1), (120, 5), (900, 15), (7200, 15)])
async def test_no_run_fails_and_soon_no_token_is_rejected_any_more(
    says: Mapping[str, object], life: float, interval: int
) -> None:
    clock = Hand()
    server = Brief(clock, life, says)
    span = min(DAY, int(30 * life))
    async with stage(server, clock) as api:
        failed, last_rejection = await day(api, server, interval, span)
    assert failed == 0
    assert last_rejection <= 3 * life
    assert len(api.rejections()) <= 3
    assert set(api.runs()) == {None}
    least = min(life, 3600)
    each = min(0.8 * least, max(least - 300, 0.75 * least)) - 2 * interval
    assert len(api.requests) <= span / max(10, each) + 4


@pytest.mark.parametrize("life", ["15.0", 15.0, "15", 15.5, "15.500"])
async def test_a_life_in_decimals_is_a_life(life: object) -> None:
    clock = Hand()
    server = Brief(clock, 15, {"expires_in": life})
    async with stage(server, clock) as api:
        failed, _ = await day(api, server, 1, 600)
    assert (failed, api.rejections()) == (0, [])
    assert api.renewals()[0].lifetime == pytest.approx(float(str(life)), abs=0.01)


@pytest.mark.parametrize("spelled", [str, float, lambda end: f"{end:.3f}"])
async def test_an_end_in_a_token_may_be_a_text(spelled: type[str]) -> None:
    clock = Hand()
    server = Brief(clock, 600, {}, spelled(START + 600))
    async with stage(server, clock) as api:
        await api.owner.headers(SURFACE, 1)
    (renewal,) = api.renewals()
    assert renewal.lifetime == pytest.approx(600, abs=0.1)


@pytest.mark.parametrize("exp", [0, -1, "0", "-1", "never", ""])
async def test_a_token_that_never_ends_is_never_over(exp: object) -> None:
    clock = Hand()
    server = Brief(clock, math.inf, {}, exp)
    async with stage(server, clock) as api:
        failed, _ = await day(api, server, 60)
        assert (failed, api.rejections()) == (0, [])
        assert 20 <= len(api.requests) <= 27
        assert {(each.lifetime, each.expires) for each in api.renewals()} == {(None, None)}


async def test_a_token_of_unknown_life_outlives_the_login() -> None:
    """It is renewed in time; where that cannot be, it is used for as long as it is accepted."""
    clock = Hand()
    server = Brief(clock, math.inf, {})
    up = True

    def answering(request: Request) -> Exchange | Fault:
        return server(request) if up else answer({}, status=503)

    async with stage(answering, clock) as api:
        assert await runs(api.owner, server)
        up = False
        for clock.now in range(0, DAY, 600):
            await api.settle()
            assert await runs(api.owner, server)


async def test_what_was_learned_stays_with_the_account() -> None:
    clock = Hand()
    server = Brief(clock, 60, {})
    async with stage(server, clock) as before:
        await day(before, server, 1, 200)
        begun, former = 200, before.owner
    async with stage(server, clock, former=former) as api:
        for clock.now in range(begun, begun + 600):
            await api.settle()
            assert await runs(api.owner, server)
        assert api.rejections() == []


async def test_what_was_learned_is_forgotten_once_a_life_is_told() -> None:
    clock = Hand()
    server = Brief(clock, 60, {})
    async with stage(server, clock) as api:
        await day(api, server, 1, 200)
        assert api.renewals()[-1].lifetime == pytest.approx(60, abs=2)
        server.says, server.life = {"expires_in": 3600}, 3600
        for clock.now in range(200, 400):
            await api.settle()
            assert await runs(api.owner, server)
        assert api.renewals()[-1].lifetime == pytest.approx(3600, abs=0.01)


async def test_one_token_that_is_revoked_says_nothing_of_the_next() -> None:
    clock = Hand()
    server = Brief(clock, 3600, {"expires_in": 3600})
    async with stage(server, clock) as api:
        await runs(api.owner, server)
        clock.now = 100
        server.issued.update(dict.fromkeys(server.issued, -3600.0))
        assert await runs(api.owner, server)
        assert len(api.renewals()) == 2
        assert all(each.lifetime == pytest.approx(3600, abs=0.01) for each in api.renewals())


@pytest.mark.parametrize("interval", [1, 30, 300])
async def test_a_surface_that_rejects_every_second_request_teaches_nothing_for_long(
    interval: int,
) -> None:
    clock = Hand()
    server = Brief(clock, 3600, {"expires_in": 3600})
    async with stage(server, clock) as api:
        answers = itertools.cycle((401, 200))
        for now in range(0, 7200, interval):
            clock.now = now
            await api.settle()
            assert await runs(api.owner, server, OTHER)
            headers = await api.owner.headers(SURFACE, 1)
            if headers and next(answers) == 401:
                headers = await api.owner.renewed(headers, SURFACE, 1)
                if headers is not None and next(answers) == 401:
                    refused(api.owner, SURFACE)
                    continue
            if headers is not None:
                accepted(api.owner, SURFACE)
    assert len(api.requests) <= 60


AGES: Final = st.floats(0, 1e6)


@given(st.floats(11, 1e6), st.lists(st.floats(0.5, 1), min_size=2, max_size=6))
def test_a_life_that_is_constant_is_found_and_never_overrated(
    life: float, seen: list[float]
) -> None:
    """Each token was accepted at some age below it, and rejected at the next look after it."""
    ages = LearnedLifetime()
    for share in seen:
        ages.accepted(life * share * 0.999, SURFACE)
        ages.rejected(life * (1 + (1 - share)), SURFACE)
        ages.began()
        ages.accepted(0.0, SURFACE)
    found = ages.expected(None)
    assert found is not None
    assert max(seen) * life * 0.99 <= found <= life


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("accepted", "rejected", "refused", "began")),
            AGES,
            st.sampled_from((SURFACE, OTHER)),
        )
    ),
    st.none() | st.floats(1, 1e6),
)
def test_whatever_is_seen_a_life_is_bounded_by_what_is_said(
    events: list[tuple[str, float, Key]], told: float | None
) -> None:
    ages = LearnedLifetime()
    for what, age, key in events:
        match what:
            case "accepted":
                ages.accepted(age, key)
            case "rejected":
                ages.rejected(age, key)
            case "refused":
                ages.refused(key)
            case _:
                ages.began()
    expected = ages.expected(told)
    assert expected is None or expected > 0
    assert told is None or (expected is not None and expected <= told)
