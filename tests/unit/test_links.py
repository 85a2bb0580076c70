"""What leads to a target is kept while it fits, and shut when it does not."""

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from exporter.catalog import CATALOG
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
from exporter.context import Mint
from exporter.links import Link, Means, files_for, links_for
from exporter.looks import Looker
from exporter.observation import Emit, Key, Observation, Reading, Skip
from exporter.plan import plan
from tests.support.jobs import ACCOUNT
from tests.support.looking import look

TARGET = Target("lab", "http://lab", auth=ACCOUNT)


def linked(
    target: Target, before: Mapping[str, Link] | None = None, emit: Emit = lambda _: None
) -> dict[str, Link]:
    planned = plan(CATALOG, Config((target,)))
    return links_for(planned, files_for(planned), before or {}, Means(emit, Mint(), Looker()))


async def test_a_link_is_kept_until_something_changes_that_it_is_made_of() -> None:
    before = linked(TARGET)
    assert linked(TARGET, before)["lab"] is before["lab"]
    for same in (
        replace(TARGET, interval=Duration(60)),
        replace(TARGET, labels={"site": "north"}),
        replace(TARGET, latency=Latency(Duration(1), Duration(2))),
        replace(TARGET, slo=(Slo(availability=0.5),)),
        replace(TARGET, resources=Resources(max=5)),
        replace(TARGET, surfaces={"monitoring.*": SurfaceOptions(mode="off")}),
    ):
        assert linked(same, before)["lab"] is before["lab"]
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
        assert linked(other, before)["lab"] is not before["lab"]


async def test_a_password_that_was_refused_is_the_account_s_whatever_else_changes() -> None:
    auth = Auth(type="basic", username="probe", password=Secret("wrong"))
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
    target = replace(TARGET, auth=auth)
    links = linked(target)
    former = links["lab"].access.credentials
    assert former is not None
    headers = await former.headers(key, 0)
    assert headers is not None
    assert await former.renewed(headers, key, 0) is None
    for changed, sent in (
        (replace(target, connection=Connection(concurrency=3)), False),
        (replace(target, auth=replace(auth, password=Secret("right"))), True),
        (replace(target, url="http://elsewhere"), True),
    ):
        credentials = linked(changed, links)["lab"].access.credentials
        assert credentials is not None
        assert (await credentials.headers(key, 0) is not None) is sent


async def test_of_a_replaced_link_only_the_counts_of_its_runs_are_heard() -> None:
    seen: list[Observation] = []
    link = linked(TARGET, emit=seen.append)["lab"]
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")
    reading, skip = Reading(key, 0, "vnfs", (), ()), Skip(key, 0, "shutdown")
    link.access.emit(reading)
    link.valve.shut()
    link.access.emit(reading)
    link.access.emit(skip)
    assert seen == [reading, skip]


async def test_another_api_is_not_held_against_what_the_former_one_told() -> None:
    before = linked(TARGET)
    same = linked(replace(TARGET, interval=Duration(60)), before)
    moved = linked(replace(TARGET, url="http://b"), before)
    assert same["lab"].access.checks is before["lab"].access.checks
    assert moved["lab"].access.checks is not before["lab"].access.checks


async def test_whoever_stays_over_a_reload_has_what_it_read_and_what_comes_then(
    tmp_path: Path,
) -> None:
    """A link that is kept has it at once; a password that outlives its link follows its file on."""
    file, header = tmp_path / "password", tmp_path / "header"
    for each in (file, header):
        each.write_text("one")
    auth = Auth(type="basic", username="probe", password_file=str(file))
    target = replace(TARGET, auth=auth, headers={"X-Key_file": str(header)})
    key = Key("lab", "vnf-operator", "vnf-operator.vnfs.list")

    def followed(target: Target, before: Mapping[str, Link] | None = None) -> dict[str, Link]:
        planned = plan(CATALOG, Config((target,)))
        files = files_for(planned)
        links = links_for(planned, files, before or {}, Means(print, Mint(), Looker()))
        links["lab"].follow(planned.targets[0], files["lab"])
        return links

    async def sent(links: dict[str, Link]) -> object:
        credentials = links["lab"].access.credentials
        assert credentials is not None
        headers = await credentials.headers(key, 0)
        assert headers is not None
        credentials.ended(headers)
        return headers

    links = followed(target)
    first = await sent(links)
    for each in (file, header):
        each.write_text("second")
    assert followed(target, links) == links
    second = await sent(links)
    assert second != first
    assert links["lab"].files.headers["X-Key_file"].required() == Secret("second")
    moved = followed(replace(target, connection=Connection(concurrency=3)), links)
    assert moved["lab"].access.credentials is links["lab"].access.credentials
    file.write_text("the third")
    for watch in moved["lab"].files.every:
        look(watch)
    assert await sent(moved) not in (first, second)
