"""A token in a file, and a password with every request."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import jwt
import pytest

from exporter.auth.secrets import Secrets
from exporter.auth.token_file import TokenFile
from exporter.config.schema import Auth
from exporter.model.observation import Key, Observation, Rejection, Renewal
from tests.support.sessions import accepted
from tests.support.watched_files import secrets_of
from tests.unit.auth.stage import SECRET, START, SURFACE, Hand, replace

OTHER = Key("lab", "monitoring", "monitoring.slices.metrics")


def token_file(file: Path, clock: Hand) -> tuple[TokenFile, list[Observation], Secrets]:
    seen: list[Observation] = []
    secrets = secrets_of(Auth(type="bearer", token_file=str(file)))
    return TokenFile(SURFACE, secrets, seen.append, clock), seen, secrets


async def test_the_file_is_read_and_read_again_when_replaced(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one\n")
    owner, seen, secrets = token_file(file, Hand())
    first = await owner.headers(SURFACE, 0)
    assert first == {"Authorization": "Bearer one"}
    assert await owner.headers(SURFACE, 0) is first
    replace(file, "two")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) == {"Authorization": "Bearer two"}
    assert [each.grant for each in seen if isinstance(each, Renewal)] == ["file", "file"]


async def test_a_token_that_is_over_is_not_sent(tmp_path: Path) -> None:
    file = tmp_path / "token"
    clock = Hand()
    file.write_text(jwt.encode({"exp": START + 100}, SECRET))
    owner, seen, secrets = token_file(file, clock)
    assert await owner.headers(SURFACE, 0) is not None
    clock.now = 101
    assert await owner.headers(SURFACE, 0) is None
    replace(file, jwt.encode({"exp": START + 50}, SECRET))
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is None
    assert [each.reason for each in seen if isinstance(each, Renewal)] == [None, "auth_rejected"]


async def test_a_missing_file_is_no_token_until_it_is_there(tmp_path: Path) -> None:
    file = tmp_path / "token"
    owner, _, secrets = token_file(file, Hand())
    assert await owner.headers(SURFACE, 0) is None
    file.write_text("one")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is not None
    file.unlink()
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is None


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
    "too long": lambda file: replace(file, "hunter2" * 10_000),
    "expired": lambda file: replace(file, jwt.encode({"exp": START - 1}, SECRET)),
}


@pytest.mark.parametrize("spoil", NO_TOKEN.values(), ids=NO_TOKEN.keys())
async def test_a_file_without_a_token_is_told_once(
    spoil: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen, secrets = token_file(file, Hand())
    assert await owner.headers(SURFACE, 0) is not None
    spoil(file)
    await secrets.look()
    for _ in range(5):
        assert await owner.headers(SURFACE, 0) is None
    assert told(seen) == [(None, None, None), ("auth_rejected", None, None)]
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert "hunter2" not in str(vars(record))


async def test_a_file_that_was_never_there_is_told_too(tmp_path: Path) -> None:
    owner, seen, _ = token_file(tmp_path / "token", Hand())
    for _ in range(5):
        assert await owner.headers(SURFACE, 0) is None
    assert told(seen) == [("auth_rejected", None, None)]


async def test_a_file_that_is_touched_is_no_other_token(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen, secrets = token_file(file, Hand())
    first = await owner.headers(SURFACE, 0)
    replace(file, "one")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is first
    assert len(told(seen)) == 1


async def test_a_token_that_is_over_by_our_clock_alone_is_for_the_api_to_judge(
    tmp_path: Path,
) -> None:
    """Fresh by its issuer's clock, which is an hour and more behind ours."""
    file = tmp_path / "token"
    clock = Hand()
    file.write_text(jwt.encode({"iat": START - 4000, "exp": START - 400}, SECRET))
    owner, seen, _ = token_file(file, clock)
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    assert told(seen) == [(None, START - 400, 3600)]
    accepted(owner, SURFACE)
    assert await owner.renewed(headers, OTHER, 0) is None
    assert await owner.headers(SURFACE, 0) is headers
    assert [type(each) for each in seen] == [Renewal, Rejection]
    clock.now = 3601
    assert await owner.headers(SURFACE, 0) is None


async def test_a_token_that_is_over_and_rejected_is_sent_no_more(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(jwt.encode({"iat": START - 4000, "exp": START - 400}, SECRET))
    owner, seen, secrets = token_file(file, Hand())
    headers = await owner.headers(SURFACE, 0)
    assert headers is not None
    assert not owner.over(headers, SURFACE)
    assert await owner.renewed(headers, SURFACE, 0) is None
    assert await owner.renewed(headers, OTHER, 0) is None
    assert owner.over(headers, SURFACE)
    assert await owner.headers(SURFACE, 0) is None
    assert told(seen) == [(None, START - 400, 3600), ("auth_rejected", None, None)]
    assert not any(isinstance(each, Rejection) for each in seen)
    replace(file, "two")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) == {"Authorization": "Bearer two"}


async def test_a_401_to_a_token_that_is_over_or_replaced_is_no_rejection(tmp_path: Path) -> None:
    file, clock = tmp_path / "token", Hand()
    file.write_text(jwt.encode({"exp": START + 100}, SECRET))
    owner, seen, secrets = token_file(file, clock)
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    clock.now = 101
    assert await owner.renewed(first, SURFACE, 0) is None
    replace(file, "two")
    await secrets.look()
    assert await owner.headers(SURFACE, 0) is not None
    assert await owner.renewed(first, SURFACE, 0) == {"Authorization": "Bearer two"}
    assert not any(isinstance(each, Rejection) for each in seen)


async def test_a_rejected_token_is_worth_a_retry_only_if_the_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("one")
    owner, seen, _ = token_file(file, Hand())
    first = await owner.headers(SURFACE, 0)
    assert first is not None
    assert await owner.renewed(first, SURFACE, 0) is None
    replace(file, "two")
    assert await owner.renewed(first, SURFACE, 0) == {"Authorization": "Bearer two"}
    assert sum(isinstance(each, Rejection) for each in seen) == 2
