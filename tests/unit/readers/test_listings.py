"""The ids that lists name."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.readers.listings import LISTINGS, read_ids
from exporter.wire import Json
from tests.support.jobs import jobs

JOBS: Final = {job.surface.lists: job for job in jobs().values() if job.surface.lists}

CASES: Final[list[tuple[str, dict[str, Json], dict[str, tuple[tuple[str, ...], ...]]]]] = [
    ("vnfs", {"vnfs": [{"id": "a"}, {"id": "b"}]}, {"vnfs": (("a",), ("b",))}),
    ("vnfs", {"vnfs": []}, {"vnfs": ()}),
    ("vnfs", {}, {}),
    ("vnfs", {"vnfs": None}, {}),
    ("vnfs", {"vnfs": [7, None, {}, {"id": 7}, {"id": ""}]}, {"vnfs": ()}),
    ("vnfs", {"vnfs": [{"id": ".."}, {"id": "."}, {"id": "a\n"}]}, {"vnfs": ()}),
    ("vnfs", {"vnfs": [{"id": "x" * 257}, {"id": "x" * 256}]}, {"vnfs": (("x" * 256,),)}),
    (
        "intents",
        {"intents": [{"id": "a", "status": "deployed"}, {"id": "b", "status": "failed"}]},
        {"intents": (("a",), ("b",)), "slices": (("a",),)},
    ),
]


@pytest.mark.parametrize(("reader", "document", "ids"), CASES)
def test_what_is_read(
    reader: str, document: dict[str, Json], ids: dict[str, tuple[tuple[str, ...], ...]]
) -> None:
    found = {each.kind: each.ids for each in read_ids(JOBS[reader], 1.0, (), document)}
    assert found == ids


@pytest.mark.parametrize(
    ("count", "total", "page", "complete"),
    [
        (0, None, 50, True),
        (49, None, 50, True),
        (50, None, 50, False),
        (50, 50, 50, True),
        (2, 3, 50, False),
        (2, 0, 50, True),
        (60, None, 200, True),
        (200, None, 200, False),
        (60, None, None, True),
        (1000, 1000, 1000, True),
        (1001, 1001, 1000, False),
        (1001, None, None, False),
    ],
)
def test_whether_a_list_was_seen_to_its_end(
    count: int, total: int | None, page: int | None, complete: object
) -> None:
    document: dict[str, Json] = {"vnfs": [{"id": str(n)} for n in range(count)]}
    if total is not None:
        document["total"] = total
    (reading,) = read_ids(replace(JOBS["vnfs"], page=page), 1.0, (), document)
    assert reading.complete is complete
    assert len(reading.ids) == min(count, 1000)


def test_of_a_long_list_no_more_is_looked_at_than_can_be_asked_for() -> None:
    looked: list[None] = []

    class Long(list[Json]):
        def __iter__(self) -> Iterator[Json]:
            for item in super().__iter__():
                looked.append(None)
                yield item

    read_ids(JOBS["intents"], 1.0, (), {"intents": Long([{}] * 5000)})
    assert len(looked) == 2 * 1000  # for the intents and for their slices


def test_every_reader_is_of_a_surface_and_every_list_has_its_reader() -> None:
    assert JOBS.keys() == LISTINGS.keys()


def test_what_lists_nothing_names_no_ids() -> None:
    assert read_ids(jobs()["monitoring.health"], 1.0, (), {"vnfs": [{"id": "a"}]}) == ()


def test_nested_ids_begin_with_their_parent() -> None:
    document: dict[str, Json] = {"deployments": [{"id": "d"}]}
    (reading,) = read_ids(JOBS["nf_deployments"], 1.0, ("m",), document)
    assert (reading.parent, reading.ids) == (("m",), (("m", "d"),))


JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "status", "x"]), inner),
)


@given(st.dictionaries(st.sampled_from([row[0].field for row in LISTINGS.values()]), JSON))
def test_nothing_that_is_sent_raises(document: dict[str, Json]) -> None:
    for reader in LISTINGS:
        for reading in read_ids(JOBS[reader], 1.0, (), document):
            assert all(len(found) == 1 and found[0] for found in reading.ids)
