"""A token in a file, and a password with every request."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

import jwt
import pytest

from exporter.config.schema import Auth
from exporter.config.values import Secret
from exporter.observation import Key, Observation, Rejection, Renewal
from exporter.tokens.given import Password, TokenFile
from tests.unit.tokens.stage import SECRET, START, SURFACE, Hand

OTHER = Key("lab", "monitoring", "monitoring.slices.metrics")


def replace(file: Path, text: str | bytes) -> None:
    """As Kubernetes does it: another file in its place."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(text.encode() if isinstance(text, str) else text)
    fresh.replace(file)


def token_file(file: Path, clock: Hand) -> tuple[TokenFile, list[Observation]]:
    seen: list[Observation] = []
    auth = Auth(type="bearer", token_file=str(file))
    return TokenFile(SURFACE, auth, seen.append, clock), seen


async def test_the_file_is_read_and_read_again_when_replaced(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    owner, seen = token_file(file, Hand())
    first = await owner.headers(0)
    assert first == {"Authorization": "Bearer one"}
    assert await owner.headers(0) is first
    replace(file, "two")
    assert await owner.headers(0) == {"Authorization": "Bearer two"}
    assert [each.grant for each in seen if isinstance(each, Renewal)] == ["file", "file"]


async def test_a_token_that_is_over_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "token"
    clock = Hand()
    file.write_text(jwt.encode({"exp": START + 100}, SECRET))
    owner, seen = token_file(file, clock)
    assert await owner.headers(0) is not None
    clock.now = 101
    assert await owner.headers(0) is None
    replace(file, jwt.encode({"exp": START + 50}, SECRET))
    assert await owner.headers(0) is None
    assert [each.reason for each in seen if isinstance(each, Renewal)] == [None, "auth_rejected"]


async def test_a_missing_file_is_no_token_until_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "token"
    owner, _ = token_file(file, Hand())
    assert await owner.headers(0) is None
    file.write_text("one")
    assert await owner.headers(0) is not None
    file.unlink()
    assert await owner.headers(0) is None


def told(seen: list[Observation]) -> list[tuple[str | None, float | None, float | None]]:
    renewals = [each for each in seen if isinstance(each, Renewal)]
    assert {each.grant for each in renewals} <= {"file"}
    return [(each.reason, each.expires, each.lifetime) for each in renewals]


NO_TOKEN: Final[dict[str, Callable[[Path], None]]] = {
    "removed": lambda file: file.unlink(),
    "emptied": lambda file: replace(file, ""),
    "blank": lambda file: replace(file, "   "),
    "with its scheme": lambda file: replace(file, "Bearer hunter2"),
    "two lines": lambda file: replace(file, "hunter2\nhunter2"),
    "no text": lambda file: replace(file, b"\xff hunter2"),
    "expired": lambda file: replace(file, jwt.encode({"exp": START - 1}, SECRET)),
}


@pytest.mark.parametrize("spoil", NO_TOKEN.values(), ids=NO_TOKEN.keys())
async def test_a_file_without_a_token_is_told_once(
    spoil: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen = token_file(file, Hand())
    assert await owner.headers(0) is not None
    spoil(file)
    for _ in range(5):
        assert await owner.headers(0) is None
    assert told(seen) == [(None, None, None), ("auth_rejected", None, None)]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "hunter2" not in str(vars(record))


async def test_a_file_that_was_never_there_is_told_too(tmp_path: Path) -> None:
    owner, seen = token_file(tmp_path / "token", Hand())
    for _ in range(5):
        assert await owner.headers(0) is None
    assert told(seen) == [("auth_rejected", None, None)]


async def test_a_file_that_is_touched_is_no_other_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen = token_file(file, Hand())
    first = await owner.headers(0)
    replace(file, "one")
    assert await owner.headers(0) is first
    assert len(told(seen)) == 1


async def test_a_token_that_is_over_by_our_clock_alone_is_for_the_api_to_judge(
    tmp_path: Path,
) -> None:
    """Fresh by its issuer's clock, which is an hour and more behind ours."""
    file = tmp_path / "token"
    clock = Hand()
    file.write_text(jwt.encode({"iat": START - 4000, "exp": START - 400}, SECRET))
    owner, seen = token_file(file, clock)
    headers = await owner.headers(0)
    assert headers is not None
    assert told(seen) == [(None, START - 400, 3600)]
    owner.accepted(headers, SURFACE)
    assert await owner.renewed(headers, OTHER, 0) is None
    assert await owner.headers(0) is headers
    assert [type(each) for each in seen] == [Renewal, Rejection]
    clock.now = 3601
    assert await owner.headers(0) is None


async def test_a_token_that_is_over_and_rejected_is_sent_no_more(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(jwt.encode({"iat": START - 4000, "exp": START - 400}, SECRET))
    owner, seen = token_file(file, Hand())
    headers = await owner.headers(0)
    assert headers is not None
    assert not owner.over(headers)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.renewed(headers, OTHER, 0) is None
    assert owner.over(headers)
    assert await owner.headers(0) is None
    assert told(seen) == [(None, START - 400, 3600), ("auth_rejected", None, None)]
    assert not any(isinstance(each, Rejection) for each in seen)
    replace(file, "two")
    assert await owner.headers(0) == {"Authorization": "Bearer two"}


async def test_a_rejected_token_is_worth_a_retry_only_if_the_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen = token_file(file, Hand())
    first = await owner.headers(0)
    assert first is not None
    assert await owner.renewed(first, SURFACE, 0) is None
    replace(file, "two")
    assert await owner.renewed(first, SURFACE, 0) == {"Authorization": "Bearer two"}
    assert sum(isinstance(each, Rejection) for each in seen) == 2


async def test_a_password_goes_with_every_request() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    owner = Password(auth, "lab", Hand())
    assert await owner.headers(0) == {"Authorization": "Basic cHJvYmU6aHVudGVyMg=="}


async def test_a_wrong_password_is_tried_at_most_five_times_an_hour() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("wrong"))
    clock = Hand()
    owner = Password(auth, "lab", clock)
    sent = 0
    for clock.now in range(0, 3600, 5):
        headers = await owner.headers(0)
        if headers is not None:
            sent += 1
            assert await owner.renewed(headers, SURFACE, 0) is None
    assert 1 <= sent <= 5


async def test_one_surface_that_refuses_a_right_password_stops_no_other() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    owner = Password(auth, "lab", Hand())
    headers = await owner.headers(0)
    assert headers is not None
    owner.accepted(headers, SURFACE)
    assert await owner.renewed(headers, OTHER, 0) is None
    assert await owner.headers(0) is headers


async def test_a_password_changed_on_the_server_is_not_tried_on_and_on() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    clock = Hand()
    owner = Password(auth, "lab", clock)
    headers = await owner.headers(0)
    assert headers is not None
    owner.accepted(headers, SURFACE)
    sent = 0
    for clock.now in range(0, 3600, 5):
        headers = await owner.headers(0)
        if headers is not None:
            sent += 1
            await owner.renewed(headers, SURFACE, 0)
    assert 1 <= sent <= 5


def password(clock: Hand | None = None) -> Password:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    return Password(auth, "lab", clock or Hand())


async def test_an_unproved_password_is_given_to_one_at_a_time() -> None:
    owner = password()
    given = [await owner.headers(0) for _ in range(40)]
    assert sum(headers is not None for headers in given) == 1
    assert given[0] is not None
    owner.accepted(given[0], SURFACE)
    assert [await owner.headers(0) for _ in range(40)] == [given[0]] * 40


async def test_what_tells_nothing_of_the_password_lets_the_next_run_try() -> None:
    """An outage, a 404: whoever is due asks, one after the other."""
    owner = password()
    for _ in range(40):
        headers = await owner.headers(0)
        assert headers is not None
        assert await owner.headers(0) is None
        owner.ended(headers)


async def test_those_who_wait_go_one_after_the_other() -> None:
    owner = password()
    at_once, most, sent = 0, 0, 0

    async def run() -> None:
        nonlocal at_once, most, sent
        headers = await owner.headers(60)
        assert headers is not None
        at_once += 1
        most, sent = max(most, at_once), sent + 1
        await asyncio.sleep(0)
        at_once -= 1
        owner.ended(headers)

    await asyncio.gather(*(run() for _ in range(40)))
    assert (most, sent) == (1, 40)


async def test_those_who_wait_go_together_once_it_is_accepted_and_not_at_all_if_refused() -> None:
    for good in (True, False):
        owner = password()
        first = await owner.headers(0)
        assert first is not None
        waiting = [asyncio.create_task(owner.headers(60)) for _ in range(40)]
        await asyncio.sleep(0)
        if good:
            owner.accepted(first, SURFACE)
        else:
            assert await owner.renewed(first, SURFACE, 0) is None
        owner.ended(first)
        assert await asyncio.gather(*waiting) == [first if good else None] * 40


async def test_nobody_waits_longer_for_a_trial_than_his_patience() -> None:
    owner = password()
    first = await owner.headers(0)
    assert first is not None
    assert await owner.headers(0.01) is None
    owner.ended(first)
    assert await owner.headers(0.01) is first


async def test_an_old_run_does_not_end_the_trial_of_a_new_password(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    owner = Password(auth, "lab", Hand())
    old = await owner.headers(0)
    replace(file, "new")
    new = await owner.headers(0)
    assert old is not None
    assert new not in (None, old)
    assert owner.over(old)
    owner.ended(old)
    assert await owner.headers(0) is None


async def test_a_round_ends_with_the_request_that_shows_the_password_to_be_wrong() -> None:
    clock = Hand()
    owner = password(clock)
    headers = await owner.headers(0)
    assert headers is not None
    owner.accepted(headers, SURFACE)
    assert not owner.over(headers)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert owner.over(headers)


async def test_a_new_password_is_tried_at_once(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("old")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    owner = Password(auth, "lab", Hand())
    headers = await owner.headers(0)
    assert headers is not None
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.headers(0) is None
    replace(file, "new")
    assert await owner.headers(0) is not None
