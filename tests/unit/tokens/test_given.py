"""A token in a file, and a password with every request."""

from pathlib import Path

import jwt

from exporter.config.schema import Auth
from exporter.config.values import Secret
from exporter.observation import Key, Observation, Rejection, Renewal
from exporter.tokens.given import Password, TokenFile
from tests.unit.tokens.stage import SECRET, START, SURFACE, Hand

OTHER = Key("lab", "monitoring", "monitoring.slices.metrics")


def replace(file: Path, text: str) -> None:
    """As Kubernetes does it: another file in its place."""
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
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


async def test_an_unproved_password_is_given_to_one_at_a_time() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("hunter2"))
    owner = Password(auth, "lab", Hand())
    given = [await owner.headers(0) for _ in range(40)]
    assert sum(headers is not None for headers in given) == 1
    assert given[0] is not None
    owner.accepted(given[0], SURFACE)
    assert await owner.headers(0) is given[0]


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
