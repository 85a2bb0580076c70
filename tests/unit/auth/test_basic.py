"""A password with every request: who sends it, and who does not while it may be wrong."""

import asyncio
from pathlib import Path

import pytest

from exporter.auth.basic import BasicPassword
from exporter.auth.secrets import Secrets
from exporter.client.settings import connection_settings
from exporter.config.schema import Auth, Target
from exporter.config.values import Secret
from exporter.model.observation import Key
from tests.support.sessions import accepted
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import SURFACE, Hand, replace

OTHER = Key("lab", "monitoring", "monitoring.slices.metrics")


def owner_of(auth: Auth, clock: Hand) -> BasicPassword:
    return owner_and_secrets(auth, clock)[0]


def owner_and_secrets(auth: Auth, clock: Hand) -> tuple[BasicPassword, Secrets]:
    secrets = secrets_of(auth)
    settings = connection_settings(Target("lab", "http://lab", auth=auth))
    return BasicPassword("lab", settings, secrets, clock), secrets


async def test_a_password_goes_with_every_request() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    owner = owner_of(auth, Hand())
    assert await owner.headers(SURFACE, 0) == {"Authorization": "Basic cHJvYmU6aHVudGVyMg=="}


async def test_a_wrong_password_is_tried_at_most_five_times_an_hour() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("wrong"))
    clock = Hand()
    owner = owner_of(auth, clock)
    sent = 0
    for clock.now in range(0, 3600, 5):
        headers = await owner.headers(SURFACE, 0)
        if headers is not None:
            sent += 1
            assert await owner.renewed(headers, SURFACE, 0) is None
    assert 1 <= sent <= 5


async def test_one_surface_that_refuses_a_right_password_stops_no_other() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    owner = owner_of(auth, Hand())
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    accepted(owner, SURFACE)
    assert await owner.renewed(headers, OTHER, 0) is None
    assert await owner.headers(SURFACE, 0) is headers


async def test_a_password_changed_on_the_server_is_not_tried_on_and_on() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    clock = Hand()
    owner = owner_of(auth, clock)
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    accepted(owner, SURFACE)
    sent = 0
    for clock.now in range(0, 3600, 5):
        headers = await owner.headers(SURFACE, 0)
        if headers is not None:
            sent += 1
            await owner.renewed(headers, SURFACE, 0)
    assert 1 <= sent <= 5


def password(clock: Hand | None = None) -> BasicPassword:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    return owner_of(auth, clock or Hand())


async def test_an_unproved_password_is_given_to_one_at_a_time() -> None:
    owner = password()
    given = [await owner.headers(SURFACE, 0) for _ in range(40)]
    assert sum(headers is not None for headers in given) == 1
    assert given[0] is not None
    accepted(owner, SURFACE)
    assert [await owner.headers(SURFACE, 0) for _ in range(40)] == [given[0]] * 40


async def test_what_tells_nothing_of_the_password_lets_the_next_run_try() -> None:
    """An outage, a 404: whoever is due asks, one after the other."""
    owner = password()
    for _ in range(40):
        headers = await owner.headers(SURFACE, 0)
        assert headers is not None
        assert await owner.headers(SURFACE, 0) is None
        owner.left(headers)


async def test_those_who_wait_go_one_after_the_other() -> None:
    owner = password()
    at_once, most, sent = 0, 0, 0

    async def run() -> None:
        nonlocal at_once, most, sent
        headers = await owner.headers(SURFACE, 60)
        assert headers is not None
        at_once += 1
        most, sent = max(most, at_once), sent + 1
        await asyncio.sleep(0)
        at_once -= 1
        owner.left(headers)

    await asyncio.gather(*(run() for _ in range(40)))
    assert (most, sent) == (1, 40)


async def test_those_who_wait_go_together_once_it_is_accepted_and_not_at_all_if_refused() -> None:
    for good in (True, False):
        owner = password()
        first = await owner.headers(SURFACE, 0)
        assert first is not None
        waiting = [asyncio.create_task(owner.headers(SURFACE, 60)) for _ in range(40)]
        await asyncio.sleep(0)
        if good:
            accepted(owner, SURFACE)
        else:
            assert await owner.renewed(first, SURFACE, 0) is None
        owner.left(first)
        assert await asyncio.gather(*waiting) == [first if good else None] * 40


async def test_nobody_waits_longer_for_a_trial_than_his_patience() -> None:
    owner = password()
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    assert await owner.headers(SURFACE, 0.01) is None
    owner.left(first)
    assert await owner.headers(SURFACE, 0.01) is first


async def test_where_nothing_is_answered_all_have_their_turn() -> None:
    """Each trial hangs for as long as ten others ask in vain, and those two are always first."""
    clock = Hand()
    owner = password(clock)
    keys = [Key("lab", "c", str(number)) for number in range(10)]
    had = dict.fromkeys(keys, 0)
    for clock.now in range(200):
        headers = None
        for key in keys:
            found = await owner.headers(key, 0)
            had[key] += found is not None
            headers = headers or found
        if headers is not None:
            owner.left(headers)
    assert min(had.values()) >= max(had.values()) - 1
    assert min(had.values()) >= 9


async def test_who_waited_longest_since_its_trial_goes_first() -> None:
    owner = password()
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    waiting = [asyncio.create_task(owner.headers(key, 60)) for key in (SURFACE, OTHER)]
    await asyncio.sleep(0)
    owner.left(first)
    assert await waiting[1] is first
    assert not waiting[0].done()
    owner.left(first)
    assert await waiting[0] is first


async def test_a_surface_that_comes_no_more_holds_nobody_up_for_long() -> None:
    clock = Hand()
    owner = password(clock)
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    assert await owner.headers(OTHER, 0) is None
    owner.left(first)
    found = []
    for clock.now in range(120):
        if (headers := await owner.headers(SURFACE, 0)) is not None:
            owner.left(headers)
            found.append(clock.now)
    assert found == list(range(60, 120))


async def test_a_surface_that_does_without_holds_nobody_up() -> None:
    owner = password()
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    accepted(owner, SURFACE)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.headers(OTHER, 0) is headers
    assert await owner.headers(SURFACE, 0) is None
    owner.left(headers)
    assert await owner.headers(OTHER, 0) is headers


async def test_beside_a_surface_that_is_open_a_wrong_password_is_hardly_ever_sent() -> None:
    clock = Hand()
    owner = password(clock)
    sent = 0
    for clock.now in range(0, 3600, 30):
        headers = await owner.headers(OTHER, 0)
        assert headers is not None
        accepted(owner, OTHER)
        if (headers := await owner.headers(SURFACE, 0)) is not None:
            sent += 1
            assert await owner.renewed(headers, SURFACE, 0) is None
            assert owner.over(headers, SURFACE)
            assert not owner.over(headers, OTHER)
    assert 1 <= sent <= 5


@pytest.mark.parametrize(
    ("component", "stopped"), [(SURFACE.component, False), ("orchestrator", True)]
)
async def test_only_where_two_components_take_it_no_more_all_do_without(
    component: str, stopped: object
) -> None:
    clock = Hand()
    owner = password(clock)
    another = Key("lab", component, "another")
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    for key in (SURFACE, OTHER, another):
        accepted(owner, key)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.headers(SURFACE, 0) is None
    assert await owner.headers(another, 0) is headers
    assert await owner.renewed(headers, another, 0) is None
    assert (await owner.headers(OTHER, 0) is None) is stopped
    clock.now = 900
    assert await owner.headers(SURFACE, 0) is headers


async def test_what_was_a_stray_answer_a_while_ago_counts_no_more() -> None:
    clock = Hand()
    owner = password(clock)
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    accepted(owner, SURFACE)
    accepted(owner, OTHER)
    for clock.now, key in ((0, SURFACE), (900, OTHER)):
        assert await owner.renewed(headers, key, 0) is None
    assert await owner.headers(SURFACE, 0) is headers


async def test_an_old_run_does_not_end_the_trial_of_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    owner, secrets = owner_and_secrets(auth, Hand())
    old = await owner.headers(SURFACE, 0)
    replace(file, "new")
    await secrets.look()
    new = await owner.headers(SURFACE, 0)
    assert old is not None
    assert new not in (None, old)
    assert owner.over(old, SURFACE)
    owner.left(old)
    assert await owner.headers(SURFACE, 0) is None


async def test_a_round_ends_with_the_request_that_shows_the_password_to_be_wrong() -> None:
    clock = Hand()
    owner = password(clock)
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    accepted(owner, SURFACE)
    assert not owner.over(headers, SURFACE)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert owner.over(headers, SURFACE)


async def test_a_new_password_is_tried_at_once(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    owner, secrets = owner_and_secrets(auth, Hand())
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.headers(SURFACE, 0) is None
    replace(file, "new")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is not None
