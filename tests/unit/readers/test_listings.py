"""The ids that lists name."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from exporter.model.exchange import Json
from exporter.readers.listings import LISTINGS, read_ids
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


STAY: Final = (
    *("a", "a.b", "...", "..a", ".a", "a..", "a b", "a:b", "a@b", "a&b=c", "a;b", "a,b+c~d", "{a}"),
    *("100%", "50%off", "%", "%2", "%g0", "bücher", "片", "urn:uuid:6e8b", "x" * 256),
)
"""Ids that are one segment of a path, also when somebody decodes it once more."""

LEAD: Final = (
    *("", ".", "..", "a/b", "/", "../x", "a\\b", "..\\x", "a?b", "a#b"),
    *(
        "..%2F",
        "..%2f",
        "%2e%2e",
        "%2E",
        "a%2Fb",
        "a%5Cb",
        "a%3Fb",
        "a%23b",
        "%00",
        "a%0Ab",
        "a%20b",
    ),
    *("%252F", "50%25", "%41", "%ff", "%C3%BC"),
    *("..;", "..;x", ".;x=1", ";x", "..;a%2F"),
    *("a\n", "\x00", "a\x7f", "a\tb", "\u2028", "\u202e", "\ufeff", "\ud83d", "half\ufffd"),
    "x" * 257,
)
"""Ids that would lead elsewhere, then or at once, or cannot be meant."""


@pytest.mark.parametrize("found", STAY)
def test_an_id_that_stays_in_its_path_is_asked_for(found: str) -> None:
    (reading,) = read_ids(JOBS["vnfs"], 1.0, (), {"vnfs": [{"id": found}]})
    assert (reading.ids, reading.unusable) == (((found,),), 0)
    segment = quote(found, safe="")
    for decoded in (segment, unquote(segment), unquote(unquote(segment))):
        assert urlsplit(f"http://lab/v1/vnfs/{quote(decoded)}").path.count("/") == 3
        assert decoded not in {"", ".", ".."}


@pytest.mark.parametrize("found", LEAD)
def test_an_id_that_would_not_is_counted_and_not_asked_for(found: str) -> None:
    (reading,) = read_ids(JOBS["vnfs"], 1.0, (), {"vnfs": [{"id": "a"}, {"id": found}]})
    assert (reading.ids, reading.unusable) == ((("a",),), 1)


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": 7}, {"id": ["a"]}, None, "a", []])
def test_an_item_without_an_id_is_counted(item: Json) -> None:
    (reading,) = read_ids(JOBS["vnfs"], 1.0, (), {"vnfs": [item]})
    assert (reading.ids, reading.unusable) == ((), 1)


def test_only_what_a_row_is_about_is_counted() -> None:
    items: Json = [{"id": "..", "status": "deployed"}, {"id": "..", "status": "failed"}, None]
    found = {
        each.kind: each.unusable for each in read_ids(JOBS["intents"], 1.0, (), {"intents": items})
    }
    assert found == {"intents": 3, "slices": 1}


@given(st.text())
def test_whatever_is_asked_for_stays_in_its_path(found: str) -> None:
    (reading,) = read_ids(JOBS["vnfs"], 1.0, (), {"vnfs": [{"id": found}]})
    if reading.ids:
        once = unquote(quote(found, safe=""))
        assert once == unquote(once) == found
        assert not {"/", "\\", "?", "#"} & set(found)


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
