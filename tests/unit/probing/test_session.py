"""The session of a target is kept while it fits, and retired when it does not."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import asdict, replace

from exporter.auth.identity import Identity
from exporter.catalog import CATALOG
from exporter.client.settings import connection_settings
from exporter.config.schema import (
    Auth,
    Config,
    Connection,
    Latency,
    Resources,
    Slo,
    SurfaceOptions,
    Target,
    Timeouts,
    Tls,
)
from exporter.config.values import Duration, Secret
from exporter.model.observation import Emit, IdsListed, Key, Observation, Skip
from exporter.model.trace_context import Mint
from exporter.planning.plan import plan
from exporter.probing.discovered_ids import DiscoveredIds
from exporter.probing.session import Means, TargetSession, files_for, sessions_for
from exporter.system.file_watcher import FileWatcher
from tests.support.jobs import ACCOUNT
from tests.support.watched_files import look

TARGET = Target("lab", "http://lab", auth=ACCOUNT)


def opened(
    target: Target, before: Mapping[str, TargetSession] | None = None, emit: Emit = lambda _: None
) -> dict[str, TargetSession]:
    planned = plan(CATALOG, Config((target,)))
    means = Means(emit, Mint(), FileWatcher(), DiscoveredIds())
    return sessions_for(planned, files_for(planned), before or {}, means)


async def test_it_is_kept_until_something_changes_that_it_is_made_of() -> None:
    before = opened(TARGET)
    assert opened(TARGET, before)["lab"] is before["lab"]
    for same in (
        replace(TARGET, interval=Duration(60)),
        replace(TARGET, labels={"site": "north"}),
        replace(TARGET, latency=Latency(Duration(1), Duration(2))),
        replace(TARGET, slo=(Slo(availability=0.5),)),
        replace(TARGET, resources=Resources(max=5)),
        replace(TARGET, surfaces={"monitoring.*": SurfaceOptions(mode="off")}),
    ):
        assert opened(same, before)["lab"] is before["lab"]
    for other in (
        replace(TARGET, url="http://elsewhere"),
        replace(TARGET, follow_redirects=True),
        replace(TARGET, auth=replace(ACCOUNT, username="another")),
        replace(TARGET, tls=Tls(server_name="another")),
        replace(TARGET, timeouts=Timeouts(read=Duration(3))),
        replace(TARGET, connection=Connection(concurrency=3)),
        replace(TARGET, headers={"X-Tenant": Secret("noc")}),
        replace(TARGET, proxy_url=Secret("http://proxy")),
        replace(TARGET, surfaces={"auth.login": SurfaceOptions(timeout=Duration(2))}),
        replace(TARGET, surfaces={"auth.login": SurfaceOptions(essential=False)}),
    ):
        assert opened(other, before)["lab"] is not before["lab"]


async def test_a_password_that_was_refused_is_the_account_s_whatever_else_changes() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("wrong"))
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
    target = replace(TARGET, auth=auth)
    sessions = opened(target)
    former = sessions["lab"].identity
    headers = await former.headers(key, 0)
    assert headers is not None
    assert await former.renewed(headers, key, 0) is None
    for changed, sent in (
        (replace(target, connection=Connection(concurrency=3)), False),
        (replace(target, auth=replace(auth, password=Secret("right"))), True),
        (replace(target, url="http://elsewhere"), True),
    ):
        identity = opened(changed, sessions)["lab"].identity
        assert (await identity.headers(key, 0) is not None) is sent


async def test_of_a_retired_one_only_the_counts_of_its_runs_are_heard() -> None:
    seen: list[Observation] = []
    session = opened(TARGET, emit=seen.append)["lab"]
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
    reading, skip = IdsListed(key, 0, "vnfs", (), ()), Skip(key, 0, "shutdown")
    session.emit(reading)
    retiring = session.retire(())  # nothing of it has run yet
    session.emit(reading)
    await retiring
    session.emit(skip)
    assert seen == [reading, skip]


async def test_another_api_is_not_held_against_what_the_former_one_told() -> None:
    before = opened(TARGET)
    same = opened(replace(TARGET, interval=Duration(60)), before)
    moved = opened(replace(TARGET, url="http://b"), before)
    assert same["lab"].checks is before["lab"].checks
    assert moved["lab"].checks is not before["lab"].checks


async def test_whoever_stays_over_a_reload_has_what_it_read_and_what_comes_then(
    tmp_path: Path,
) -> None:
    """One that is kept has it at once; a password that outlives its own follows its file on."""
    file, header = tmp_path / "password", tmp_path / "header"
    for each in (file, header):
        each.write_text("one")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    target = replace(TARGET, auth=auth, headers={"X-Key_file": str(header)})
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")

    def applied(
        target: Target, before: Mapping[str, TargetSession] | None = None
    ) -> dict[str, TargetSession]:
        planned = plan(CATALOG, Config((target,)))
        files = files_for(planned)
        means = Means(print, Mint(), FileWatcher(), DiscoveredIds())
        sessions = sessions_for(planned, files, before or {}, means)
        sessions["lab"].apply(planned.targets[0], files["lab"])
        return sessions

    async def sent(sessions: dict[str, TargetSession]) -> object:
        identity = sessions["lab"].identity
        headers = await identity.headers(key, 0)
        assert headers is not None
        identity.left(headers)
        return headers

    sessions = applied(target)
    first = await sent(sessions)
    for each in (file, header):
        each.write_text("second")
    assert applied(target, sessions) == sessions
    second = await sent(sessions)
    assert second != first
    assert sessions["lab"].files.headers["X-Key_file"].required() == Secret("second")
    moved = applied(replace(target, connection=Connection(concurrency=3)), sessions)
    assert moved["lab"].identity is sessions["lab"].identity
    file.write_text("the third")
    for watch in moved["lab"].files.every:
        look(watch)
    assert await sent(moved) not in (first, second)


def test_every_setting_of_what_leads_to_a_target_is_one_of_the_target() -> None:
    """So that one which a client goes by cannot be forgotten when it changes."""
    settings = connection_settings(TARGET)
    assert {name: getattr(TARGET, name) for name in settings.__struct_fields__} == asdict(settings)


async def test_who_cannot_learn_harms_no_run(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dull(observation: Observation) -> None:
        del observation
        raise ZeroDivisionError

    class Broken(Identity):
        def learn(self, observation: Observation) -> None:
            del observation
            raise ZeroDivisionError

    seen: list[Observation] = []
    session = opened(TARGET, emit=seen.append)["lab"]
    session.identity = Broken()
    monkeypatch.setattr(session.checks, "learn", dull)
    skips = [Skip(Key("lab", "monitoring", "monitoring.health"), at, "misfire") for at in (1, 2)]
    for skip in skips:
        session.emit(skip)
    assert seen == skips
    assert [record.getMessage() for record in caplog.records] == ["a fault of the exporter"]
