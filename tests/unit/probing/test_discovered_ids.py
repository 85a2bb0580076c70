"""Which ids are asked for, in which order, and when they are let go."""

from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.catalog import CATALOG
from exporter.config.schema import Auth, Config, Resources, Target
from exporter.config.values import Secret
from exporter.model.observation import IdsListed, IdsVisited, Key
from exporter.planning.job import Job, Plan, apply_to
from exporter.planning.plan import plan
from exporter.probing.discovered_ids import DiscoveredIds

TARGET: Final = Target(
    name="lab",
    url="http://lab",
    auth=Auth(type="login", username="probe", password=Secret("x")),
)
JOBS: Final = {job.key.surface: job for job in plan(CATALOG, Config((TARGET,))).jobs}
AGENTS: Final = JOBS["tn-manager.agents.status"]
VNFS: Final = JOBS["vnf-operator.vnfs.get"]
SLICES: Final = JOBS["monitoring.slices.metrics"]
MANAGERS: Final = JOBS["o2-client.nf-descriptors.list"]
PAIRS: Final = JOBS["o2-client.deployments.get"]
LIST: Final = Key("lab", "any", "some.list")


class Story:
    """Lists and visits, told in a line each."""

    def __init__(self, **resources: object) -> None:
        self.followed = DiscoveredIds()
        self.planned = Plan(())
        self.plan("http://lab", **resources)

    def plan(self, url: str = "http://lab", **resources: object) -> None:
        settings = Resources(**resources)  # type: ignore[arg-type]  # a builder for tests
        target = replace(TARGET, url=url, resources=settings)
        before, self.planned = self.planned, plan(CATALOG, Config((target,)))
        apply_to((self.followed,), self.planned, before)

    def listed(
        self, kind: str, *ids: str, parent: tuple[str, ...] = (), complete: bool = True
    ) -> None:
        pairs = tuple((*parent, found) for found in ids)
        self.followed(IdsListed(LIST, 0, kind, parent, pairs, complete))

    def visit(self, job: Job, *, well: str = "", failed: str = "", gone: str = "") -> None:
        assert job.surface.ids is not None
        well_, failed_, gone_ = (tuple((name,) for name in names) for names in (well, failed, gone))
        self.followed(IdsVisited(job.key, 0, job.surface.ids.kind, well_, failed_, gone_))

    def order(self, job: Job) -> str:
        return " ".join("/".join(c.id) for c in self.followed.candidates(job))


def test_nothing_is_asked_for_before_a_list_named_it() -> None:
    assert Story().order(AGENTS) == ""


def test_a_surface_without_ids_has_one_empty_one() -> None:
    assert [c.id for c in Story().followed.candidates(JOBS["monitoring.health"])] == [()]


def test_a_rotation_goes_round() -> None:
    story = Story()
    story.listed("vnfs", "a", "b", "c")
    turns = []
    for _ in range(4):
        turns.append(story.order(VNFS)[0])
        story.visit(VNFS, well=turns[-1])
    assert turns == ["a", "b", "c", "a"]


def test_the_failed_come_before_the_healthy_until_they_are_well() -> None:
    story = Story()
    story.listed("vnfs", "a", "b", "c")
    story.visit(VNFS, failed="b")
    assert story.order(VNFS) == "b c a"
    story.visit(VNFS, well="b")
    assert story.order(VNFS) == "c a b"


def test_what_fails_on_one_surface_is_not_failed_on_another() -> None:
    story = Story()
    story.listed("managers", "a", "b")
    story.visit(MANAGERS, failed="b")
    assert story.order(MANAGERS) == "b a"
    assert story.order(JOBS["o2-client.deployments.list"]) == "a b"


def test_once_followed_an_id_stays_however_the_list_is_sorted() -> None:
    story = Story(max=2)
    story.listed("agents", "a", "b", "c")
    story.listed("agents", "c", "b", "a")
    assert story.order(AGENTS) == "a b"
    story.listed("agents", "c", "b")
    assert story.order(AGENTS) == "b c"


def test_what_the_list_no_longer_names_is_let_go() -> None:
    story = Story()
    story.listed("agents", "a", "b")
    story.listed("agents")
    assert story.order(AGENTS) == ""


def test_a_page_that_is_not_all_takes_nothing_away() -> None:
    story = Story()
    story.listed("intents", "a", "b")
    story.listed("intents", "c", "d", complete=False)
    job = JOBS["orchestrator.intents.get"]
    assert story.order(job) == "a b c d"
    story.visit(job, gone="a")
    assert story.order(job) == "b c d"


def test_another_plan_keeps_the_ids_unless_it_is_another_api() -> None:
    story = Story()
    story.listed("agents", "a", "b")
    story.plan(max=5)
    assert story.order(AGENTS) == "a b"
    story.plan(url="http://elsewhere")
    assert story.order(AGENTS) == ""


def test_nothing_is_kept_of_what_comes_and_goes() -> None:
    story = Story()
    for number in range(1000):
        story.listed("agents", str(number % 10))
        story.visit(AGENTS, failed=str(number % 10))
    story.listed("agents")
    story.visit(AGENTS)
    assert story.followed._failed == {AGENTS.key: set()}  # noqa: SLF001  # memory shows nowhere else


def test_what_is_gone_is_let_go_and_comes_back_with_doubt_if_listed_again() -> None:
    story = Story()
    story.listed("agents", "a", "b")
    story.visit(AGENTS, gone="a")
    assert story.order(AGENTS) == "b"
    story.listed("agents", "a", "b")
    again = {c.id[0]: c.listed_again for c in story.followed.candidates(AGENTS)}
    assert again == {"a": True, "b": False}
    story.visit(AGENTS, well="a")
    assert not any(c.listed_again for c in story.followed.candidates(AGENTS))


def test_a_slice_is_a_guess_and_never_in_doubt() -> None:
    story = Story()
    story.listed("slices", "a")
    story.visit(SLICES, gone="a")
    story.listed("slices", "a")
    assert [c.listed_again for c in story.followed.candidates(SLICES)] == [False]


def test_include_chooses_among_slices_agents_and_managers_only() -> None:
    story = Story(include=("edge-*", "core"))
    for kind in ("agents", "vnfs"):
        story.listed(kind, "edge-1", "core", "lab")
    assert story.order(AGENTS) == "edge-1 core"
    assert story.order(VNFS) == "edge-1 core lab"


def test_a_nested_list_replaces_the_ids_of_its_parent_only() -> None:
    story = Story()
    story.listed("managers", "m", "n")
    story.listed("nf_deployments", "1", "2", parent=("m",))
    story.listed("nf_deployments", "3", parent=("n",))
    story.listed("nf_deployments", "2", parent=("m",))
    assert story.order(PAIRS) == "m/2 n/3"


def test_what_hangs_on_a_manager_goes_with_it() -> None:
    story = Story()
    story.listed("managers", "m", "n")
    story.listed("nf_deployments", "1", parent=("m",))
    story.listed("nf_deployments", "3", parent=("n",))
    story.listed("managers", "n")
    assert story.order(PAIRS) == "n/3"


NAMES: Final = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@given(st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=12), st.integers(1, 4))
def test_never_more_than_allowed_and_never_what_is_not_listed(
    steps: list[tuple[list[str], list[str], list[str]]], most: int
) -> None:
    story = Story(max=most)
    for listed, failed, gone in steps:
        story.listed("agents", *listed)
        order = story.order(AGENTS).split()
        assert len(order) == len(set(order)) == min(len(order), most)
        assert set(order) <= set(listed)
        story.visit(AGENTS, failed="".join(failed), gone="".join(set(gone) - set(failed)))
        assert not set(story.order(AGENTS).split()) & (set(gone) - set(failed))


def test_what_is_listed_and_not_followed_is_counted() -> None:
    story = Story(max=2, include=["s*"])
    assert story.followed.unfollowed() == {}
    story.listed("vnfs", "a", "b")
    assert story.followed.unfollowed() == {("lab", "vnfs"): 0}
    story.listed("vnfs", "a", "b", "c", "d", "d")
    story.listed("slices", "x", "s1")  # x is not wanted, which is no lack
    assert story.followed.unfollowed() == {("lab", "vnfs"): 2, ("lab", "slices"): 0}
    story.followed(IdsListed(LIST, 0, "vnfs", (), (("a",),), unusable=3))
    assert story.followed.unfollowed() == {("lab", "vnfs"): 3, ("lab", "slices"): 0}
    story.plan("http://lab:2")
    assert story.followed.unfollowed() == {}  # another API


def test_what_is_not_followed_is_counted_list_by_list() -> None:
    story = Story()
    story.listed("managers", "m", "n")
    for parent in ("m", "n"):
        story.followed(IdsListed(LIST, 0, "nf_deployments", (parent,), (), unusable=1))
    assert story.followed.unfollowed()["lab", "nf_deployments"] == 2
    story.listed("managers", "n")
    assert story.followed.unfollowed()["lab", "nf_deployments"] == 1
